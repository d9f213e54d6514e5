"""How do control calls add, change and remove the account's objects?

Collections: customers, customer_invoices, products, billing_subscriptions, ledger_accounts; contacts (with
`customer_id`); payments and matched_transactions (with `customer_invoice_id`), which move their invoice's remaining
amount. Names are the product's own. What a call gives for a derived member (`paid`, `status`, the remaining amounts)
wins until the next change of what it derives from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from duebridge.core.sandbox.product import UnknownObject, UnusableValues
from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.documents import Documents
from duebridge.plugins.pennylane.sandbox.feed import instant
from duebridge.plugins.pennylane.sandbox.merging import merge, with_links
from duebridge.plugins.pennylane.sandbox.recurring import Subscriptions
from duebridge.plugins.pennylane.sandbox.shapes import typed
from duebridge.plugins.pennylane.sandbox.state import State, stamp
from duebridge.plugins.pennylane.sandbox.store import Row

Data = dict[str, Any]

#: Collections whose objects belong to one of another: the member that tells whose, and where that is.
OWNERS: Mapping[str, tuple[str, str]] = {
    "contacts": ("customer_id", "customers"),
    "payments": ("customer_invoice_id", "customer_invoices"),
    "matched_transactions": ("customer_invoice_id", "customer_invoices"),
}
COLLECTIONS = ("customers", "customer_invoices", "products", "billing_subscriptions", "ledger_accounts", *OWNERS)
#: What a collection's events are called in the `silent` setting.
_SUBJECTS = {"payments": "payments", "matched_transactions": "matching"}


class Control:
    """The objects of `state`; `silent` tells whether a subject's events are switched off."""

    def __init__(self, state: State, silent: Callable[[str], bool]) -> None:
        self.state = state
        self.silent = silent
        self.documents = Documents(state)
        self.subscriptions = Subscriptions(state)

    def create(self, collection: str, values: Data) -> Row:
        """Add an object. Raises `UnknownObject`, `UnusableValues`."""
        _known(collection)
        _check_id(values, taken=self.state[collection].rows.keys())
        values = typed(collection, values)
        at = self.state.tick()
        if collection == "customer_invoices":
            return self.documents.create(values, at)
        if collection in OWNERS:
            return self._create_owned(collection, values, at)
        if collection == "billing_subscriptions":
            return self.subscriptions.create(values, at)
        id = values.get("id") or self.state[collection].new_id()
        row = self.state[collection].add(Row(self._built(collection, id, instant(at), values)))
        self.state.record(collection, row, "insert", at)
        return row

    def patch(self, collection: str, id: str, values: Data, *, event: bool) -> Row:
        """Merge into an object. Raises `UnknownObject`, `UnusableValues`."""
        row = self.find(collection, id)
        if "id" in values:
            raise UnusableValues("an id never changes")
        values = typed(collection, values)
        at = self.state.tick()
        if collection == "customer_invoices":
            self.documents.patch(row, values, at, event=event)
            return row
        if collection == "billing_subscriptions":
            self.subscriptions.patch(row, values, at)
            return row
        if collection == "customers":
            _change_type(row, values)
        merge(row.data, with_links(self.state, dict(values)))
        self._changed(collection, row, at, event=event)
        return row

    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove an object. Raises `UnknownObject`."""
        row = self.find(collection, id)
        at = self.state.tick()
        if collection == "customer_invoices":
            self.documents.delete(row, at, event=event)
            return
        if collection == "billing_subscriptions":
            self.subscriptions.delete(row)
            return
        self.state[collection].remove(row.id)
        if event and collection not in OWNERS:
            self.state.record(collection, row, "delete", at)
        self._money_moved(collection, row, at, event=event)

    def find(self, collection: str, id: str) -> Row:
        """The object. Raises `UnknownObject`."""
        _known(collection)
        row = self.state[collection].rows.get(int(id)) if id.isascii() and id.isdigit() else None
        if row is None:
            raise UnknownObject(f"{collection} has no {id}")
        return row

    def _changed(self, collection: str, row: Row, at: datetime, *, event: bool) -> None:
        stamp(row, at)
        if event:
            self.state.record(collection, row, "update", at)
        self._money_moved(collection, row, at, event=event)

    def _money_moved(self, collection: str, row: Row, at: datetime, *, event: bool) -> None:
        subject = _SUBJECTS.get(collection)
        invoice = self.state.documents.rows.get(row.facts.get("owner", 0))
        if subject is not None and invoice is not None:
            self.documents.money_changed(invoice, at, event=event and not self.silent(subject))

    def _create_owned(self, collection: str, values: Data, at: datetime) -> Row:
        member, owners = OWNERS[collection]
        owner = self.state[owners].rows.get(_whole(values.get(member)))
        if owner is None:
            raise UnusableValues(f"{member} must be the id of one of {owners}, not {values.get(member)!r}")
        given = {name: value for name, value in values.items() if name != member}
        id = given.get("id") or self.state[collection].new_id()
        data = self._owned(collection, owner, id, instant(at))
        merge(data, with_links(self.state, given))
        row = self.state[collection].add(Row(data, owner=owner.id))
        self._money_moved(collection, row, at, event=True)
        return row

    def _owned(self, collection: str, owner: Row, id: int, at: str) -> Data:
        """What is missing: a contact's name, a payment of all that remains."""
        if collection == "contacts":
            names = {"first_name": "Ana", "last_name": f"Contact {id}"}
            return objects.contact(id, at, **names, email=f"contact-{id}@example.org")
        remaining = owner.data["remaining_amount_with_tax"] or "0.00"
        members = {"currency": owner.data["currency"], "currency_amount": remaining}
        if collection == "payments":
            return objects.payment(id, at, **members)
        return objects.transaction(id, at, date=self.state.today().isoformat(), **members)

    def _built(self, collection: str, id: int, at: str, values: Data) -> Data:
        values = with_links(self.state, dict(values))
        if collection == "customers":
            return _customer(id, at, values)
        data = objects.product(id, at) if collection == "products" else objects.ledger_account(id, at)
        merge(data, values)
        return data


def _customer(id: int, at: str, values: Data) -> Data:
    kind = values.get("customer_type", "company")
    data = objects.customer(id, at, customer_type=kind)
    merge(data, values)
    if kind == "individual" and "name" not in values and values.get("last_name"):
        data["name"] = f"{data['first_name']} {data['last_name']}".strip()
    return data


def _change_type(row: Row, values: Data) -> None:
    """Give a customer the members of its new type, where `values` changes it."""
    kind = values.get("customer_type", row.data["customer_type"])
    if kind not in ("company", "individual"):
        raise UnusableValues(f"customer_type must be company or individual, not {kind!r}")
    if kind != row.data["customer_type"]:
        shape = objects.customer(row.id, "", customer_type=kind)
        row.data = {name: row.data.get(name, value) for name, value in shape.items()}


def _whole(id: Any) -> int:
    return id if isinstance(id, int) else 0


def _known(collection: str) -> None:
    if collection not in COLLECTIONS:
        raise UnknownObject(f"no collection {collection!r}; there are: {', '.join(COLLECTIONS)}")


def _check_id(values: Data, *, taken: Any) -> None:
    id = values.get("id")
    if id is None:
        return
    if type(id) is not int or id < 1 or id in taken:
        raise UnusableValues(f"id must be a free positive number, not {id!r}")
