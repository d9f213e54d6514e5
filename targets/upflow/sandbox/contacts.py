"""How do contacts come, change and go? An address belongs to one contact of the organization; one contact is main.

Contacts listed in a customer's body are created, or updated by id or externalId; those not listed stay. A contact that
becomes main takes that from the one that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duebridge.targets.upflow.sandbox.refusal import invalid, missing
from duebridge.targets.upflow.sandbox.shapes import CONTACT
from duebridge.targets.upflow.sandbox.state import Contact, Customer, State

#: What is to become of each listed contact: the one it is now (None: a new one) and its checked body.
Plan = Sequence[tuple[Contact | None, dict[str, Any]]]


class Contacts:
    """The contacts of every customer."""

    def __init__(self, state: State) -> None:
        """Work on `state`."""
        self._state = state

    def at(self, customer: Customer, reference: str) -> Contact:
        """Find a contact of `customer` by a path's reference, or refuse with 404."""
        contact = self._state.contacts.at(reference)
        if contact.customer is not customer:
            missing(f"no contact {reference!r} at the customer {customer.id}")
        return contact

    def post(self, customer: Customer, body: Any) -> tuple[Contact, bool]:
        """Create or update one contact; say whether it is new."""
        plan = self.plan(customer, [CONTACT(body)], "")
        return self.apply(customer, plan)[0], plan[0][0] is None

    def put(self, contact: Contact, body: Any) -> Contact:
        """Change the given fields of `contact`."""
        checked = CONTACT.given(body)
        if checked.setdefault("id", contact.id) != contact.id:
            invalid(f"id {checked['id']!r} is not the contact of this path")
        return self.apply(contact.customer, self.plan(contact.customer, [checked], ""))[0]

    def plan(self, customer: Customer | None, bodies: list[dict[str, Any]], where: str) -> Plan:
        """Say what `bodies` would do at `customer` (None: a new one), or refuse; nothing is changed."""
        places = [f"{where}.{position}." if where else "" for position in range(len(bodies))]
        plan = [(self._current(customer, body, place), body) for body, place in zip(bodies, places, strict=True)]
        _refuse_repeated_keys(plan)
        self._refuse_taken_addresses(plan, places)
        if sum(body.get("isMain", False) for body in bodies) > 1:
            invalid(f"{where}: more than one contact is isMain")
        return plan

    def apply(self, customer: Customer, plan: Plan) -> list[Contact]:
        """Carry out `plan`; return its contacts in order."""
        for contact, body in plan:
            if contact is not None and "email" in body:
                del self._state.emails[_folded(contact.values["email"])]
            if body.get("isMain"):
                _take_main_from(customer)
        return [self._write(customer, contact, body) for contact, body in plan]

    def delete(self, contact: Contact) -> None:
        """Remove `contact`."""
        del contact.customer.contacts[contact.id]
        del self._state.emails[_folded(contact.values["email"])]
        self._state.contacts.drop(contact)

    def _current(self, customer: Customer | None, body: dict[str, Any], place: str) -> Contact | None:
        contact = self._state.contacts.known(body)
        if contact is not None and contact.customer is not customer:
            invalid(f"{place}externalId or id belongs to a contact of the customer {contact.customer.id}")
        return contact

    def _refuse_taken_addresses(self, plan: Plan, places: Sequence[str]) -> None:
        moving = {contact for contact, body in plan if contact is not None and "email" in body}
        seen: set[str] = set()
        for (contact, body), place in zip(plan, places, strict=True):
            if "email" not in body:
                continue
            address = _folded(body["email"])
            if address in seen:
                invalid(f"{place}email {body['email']!r} is listed twice")
            seen.add(address)
            holder = self._state.emails.get(address)
            if holder is not None and holder is not contact and holder not in moving:
                invalid(
                    f"{place}email {body['email']!r} already belongs to the contact {holder.id} "
                    f"of the customer {holder.customer.id}"
                )

    def _write(self, customer: Customer, contact: Contact | None, body: dict[str, Any]) -> Contact:
        values = {name: value for name, value in body.items() if name not in ("id", "externalId")}
        if contact is None:
            contact = Contact(self._state.new_id(), body.get("externalId"), values, customer)
            self._state.contacts.put(contact)
            customer.contacts[contact.id] = contact
        else:
            contact.values |= values
            contact.forced = {}
            if "externalId" in body:
                self._state.contacts.rename(contact, body["externalId"])
        self._state.emails[_folded(contact.values["email"])] = contact
        return contact


def _refuse_repeated_keys(plan: Plan) -> None:
    seen: set[str] = set()
    for contact, body in plan:
        key = body.get("externalId", "")
        named = {contact.id if contact else "", key} - {""}
        if named & seen:
            invalid(f"contacts: {key or body['id']!r} is listed twice")
        seen |= named


def _take_main_from(customer: Customer) -> None:
    for contact in customer.contacts.values():
        contact.values["isMain"] = False


def _folded(address: str) -> str:
    return address.casefold()
