"""How do an account's contacts come, change and go? An upsert looks for the address first, then for a similar name."""

from __future__ import annotations

from typing import Any

from duebridge.targets.billabex.sandbox.checks import CONTACT, CONTACT_FIELDS, shape
from duebridge.targets.billabex.sandbox.refusal import invalid, missing
from duebridge.targets.billabex.sandbox.state import Account, State, Thing

#: The farthest two names may be apart to be taken for one, and the share of the shorter one.
_FARTHEST, _SHARE = 2, 0.2

_CHANGES = shape(CONTACT_FIELDS)


def create(state: State, account: Account, body: Any, now: float) -> Thing:
    """Add a contact, whoever is there already."""
    return _add(state, account, CONTACT(body, ""), now)


def upsert(state: State, account: Account, body: Any, now: float) -> tuple[Thing, bool]:
    """Change the contact the body means, or add one; say whether it is new."""
    values = _CHANGES(body, "")
    found = _meant(account, values)
    if found is None:
        return _add(state, account, CONTACT(body, ""), now), True
    found.values |= values
    return found, False


def change(account: Account, id: str, body: Any) -> Thing:
    """Change fields of a contact."""
    contact = at(account, id)
    contact.values |= _CHANGES(body, "")
    return contact


def at(account: Account, id: str) -> Thing:
    """Find a contact, or refuse with 404."""
    if id not in account.contacts:
        missing(f"no contact {id} at this account")
    return account.contacts[id]


def distance(a: str, b: str) -> int:
    """How many letters have to be added, dropped or changed to make one of the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        last, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (left != right))
    return row[-1]


def _add(state: State, account: Account, values: dict[str, Any], now: float) -> Thing:
    contact = Thing(state.new_id(), state.next_place(), now, {"email": None, **values})
    account.contacts[contact.id] = contact
    return contact


def _meant(account: Account, values: dict[str, Any]) -> Thing | None:
    address = (values.get("email") or "").casefold()
    for contact in account.contacts.values():
        if address and (contact.values["email"] or "").casefold() == address:
            return contact
    name = values.get("fullName")
    if name is None:
        invalid("fullName is required for a new contact")
    similar = (contact for contact in account.contacts.values() if _similar(name, contact.values["fullName"]))
    return next(similar, None)


def _similar(a: str, b: str) -> bool:
    return distance(a.casefold(), b.casefold()) <= min(_FARTHEST, _SHARE * min(len(a), len(b)))
