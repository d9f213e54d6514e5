"""How do customers come, change and go? Fields given are replaced, fields left out stay."""

from __future__ import annotations

from typing import Any

from duebridge.targets.upflow.sandbox.contacts import Contacts
from duebridge.targets.upflow.sandbox.refusal import conflict, invalid
from duebridge.targets.upflow.sandbox.shapes import CUSTOMER
from duebridge.targets.upflow.sandbox.state import Customer, State

#: Fields kept elsewhere than in `Customer.values`.
_APART = frozenset({"id", "externalId", "contacts", "customFields"})


class Customers:
    """The customers of the organization."""

    def __init__(self, state: State, contacts: Contacts) -> None:
        """Work on `state`; `contacts` writes the contacts listed in bodies."""
        self._state = state
        self._contacts = contacts

    def post(self, body: Any) -> tuple[Customer, bool]:
        """Create a customer, or update the one with this id or externalId; say whether it is new."""
        checked = CUSTOMER(body)
        existing = self._state.customers.known(checked)
        return self._save(existing, checked), existing is None

    def put(self, customer: Customer, body: Any) -> Customer:
        """Change the given fields of `customer`."""
        checked = CUSTOMER.given(body)
        if checked.setdefault("id", customer.id) != customer.id:
            invalid(f"id {checked['id']!r} is not the customer of this path")
        self._state.customers.known(checked)
        return self._save(customer, checked)

    def delete(self, customer: Customer) -> None:
        """Remove `customer` and its contacts; refused while it has documents."""
        if customer.documents:
            conflict(f"the customer {customer.id} still has {len(customer.documents)} documents; delete them first")
        for contact in list(customer.contacts.values()):
            self._contacts.delete(contact)
        self._state.customers.drop(customer)

    def _save(self, customer: Customer | None, body: dict[str, Any]) -> Customer:
        self._refuse_unknown_names(body)
        if body.get("parent"):
            body["parent"] = {"id": self._parent(customer, body["parent"]).id}
        plan = self._contacts.plan(customer, body.get("contacts", []), "contacts")
        customer = self._create(body) if customer is None else self._change(customer, body)
        _set_custom_values(customer, body.get("customFields", []))
        self._contacts.apply(customer, plan)
        return customer

    def _create(self, body: dict[str, Any]) -> Customer:
        now = self._state.now()
        customer = Customer(self._state.new_id(), body.get("externalId"), _own_values(body), now, now)
        self._state.customers.put(customer)
        return customer

    def _change(self, customer: Customer, body: dict[str, Any]) -> Customer:
        customer.values |= _own_values(body)
        customer.forced = {}
        customer.modified_at = self._state.now()
        if "externalId" in body:
            self._state.customers.rename(customer, body["externalId"])
        return customer

    def _parent(self, customer: Customer | None, keys: dict[str, Any]) -> Customer:
        parent = self._state.customers.named(keys, "parent")
        if parent is customer:
            invalid("parent: a customer can't be its own parent")
        return parent

    def _refuse_unknown_names(self, body: dict[str, Any]) -> None:
        if body.get("accountManagerId") not in (None, *self._state.users):
            invalid(f"accountManagerId names a user that does not exist: {body['accountManagerId']!r}")
        if body.get("dunningPlanId") not in (None, *self._state.dunning_plans):
            invalid(f"dunningPlanId names a dunning plan that does not exist: {body['dunningPlanId']!r}")
        self._refuse_unknown_bank_accounts(body.get("paymentMethods", {}).get("wireTransfer", {}))
        self._refuse_unknown_custom_fields(body.get("customFields", []))

    def _refuse_unknown_bank_accounts(self, wire: dict[str, Any]) -> None:
        named = [*wire.get("bankAccounts", []), *([wire["bankAccount"]] if "bankAccount" in wire else [])]
        for account in named:
            if account["id"] not in self._state.bank_accounts:
                invalid(f"paymentMethods.wireTransfer names a bank account that does not exist: {account['id']!r}")

    def _refuse_unknown_custom_fields(self, given: list[dict[str, Any]]) -> None:
        seen: set[str] = set()
        for position, item in enumerate(given):
            if item["id"] in seen:
                invalid(f"customFields.{position}.id {item['id']!r} is listed twice")
            seen.add(item["id"])
            if item["id"].startswith("external:") or self._state.custom_fields.lookup(item["id"]) is None:
                invalid(f"customFields.{position}.id names a custom field that does not exist: {item['id']!r}")


def _own_values(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _APART}


def _set_custom_values(customer: Customer, given: list[dict[str, Any]]) -> None:
    for item in given:
        if item["value"] is None:
            customer.custom_values.pop(item["id"], None)
        else:
            customer.custom_values[item["id"]] = item["value"]
