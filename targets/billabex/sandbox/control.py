"""What can a test change behind the product's back? Objects of a collection, by the product's own field names.

Fields of an invoice or a credit note are those of its form, dates as `{year, month, day}`, amounts as numbers or text;
`readOnlyReason` may be given for any object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any, TypeVar

from duebridge.core.sandbox.product import UnknownObject, UnusableValues
from duebridge.targets.billabex.sandbox import accounts, contacts, documents, views
from duebridge.targets.billabex.sandbox.refusal import Refusal
from duebridge.targets.billabex.sandbox.routes import KINDS, Routes
from duebridge.targets.billabex.sandbox.state import ORGANIZATION, ZERO, Account, Document, Kind, Thing

Json = dict[str, Any]
T = TypeVar("T")

_FORCED = "readOnlyReason"
_AMOUNTS = ("totalAmount", "taxAmount", "paidAmount")
_SHARED = frozenset({"accountId", "number", "issuedDate", "totalAmount", "taxAmount", "sourceId"})
_FIELDS: Mapping[Kind, frozenset[str]] = {
    "invoices": _SHARED | {"dueDate", "paidAmount", "poNumber", "billingAddress"},
    "credit-notes": _SHARED | {"billingAddress"},
}
#: What documents are found by: it stays.
_FIXED = frozenset({"accountId", "number", "sourceId"})


class Control:
    """Control calls over one organization."""

    def __init__(self, routes: Routes) -> None:
        """Work on what `routes` serves."""
        self._routes = routes
        self._numbers = count(1)

    def create(self, collection: str, values: Json) -> Json:
        """Add an object, what is left out filled in; return it as the API shows it."""
        own = {name: value for name, value in values.items() if name != _FORCED}
        thing = _controlled(lambda: self._make(collection, own))
        if _FORCED in values:
            thing.forced[_FORCED] = values[_FORCED]
        return self._show(thing)

    def patch(self, collection: str, id: str, values: Json) -> Json:
        """Change an object; return it as the API shows it."""
        thing = self._find(collection, id)
        own = {name: value for name, value in values.items() if name != _FORCED}
        if own:
            _controlled(lambda: self._change(thing, own))
        if _FORCED in values:
            thing.forced[_FORCED] = values[_FORCED]
        return self._show(thing)

    def delete(self, collection: str, id: str) -> None:
        """Remove an object with all that is in it."""
        thing = self._find(collection, id)
        if isinstance(thing, Account):
            accounts.remove(self._routes.state, thing)
        elif isinstance(thing, Document):
            documents.remove(self._routes.state, thing)
        else:
            del self._owner(id).contacts[id]

    def _make(self, collection: str, values: Json) -> Thing:
        state, now, number = self._routes.state, self._routes.now(), next(self._numbers)
        if collection == "accounts":
            usual = {"organizationId": ORGANIZATION, "fullName": f"Compte {number}", "currencyCode": "EUR"}
            return accounts.create(state, usual | values, now, unique_sources=self._routes.switches.unique_sources)
        if collection == "contacts":
            account = accounts.at(state, values.pop("accountId", None) or self._some_account())
            return contacts.create(state, account, {"fullName": f"Contact {number}", "language": "fr"} | values, now)
        kind = _kind(collection)
        usual = {"accountId": values.get("accountId") or self._some_account(), **_usual(kind, number)}
        made = _amounts(kind, usual | values)
        return documents.create(state, kind, made, now, allocates=self._routes.switches.auto_allocate)

    def _change(self, thing: Thing, values: Json) -> None:
        if isinstance(thing, Account):
            link = values.pop("source", None)
            if link is not None:
                unique = self._routes.switches.unique_sources
                accounts.link(self._routes.state, thing, link, unique_sources=unique)
            kept = {name: thing.values[name] for name in ("fullName", "currencyCode", "billingAddress")}
            accounts.change(thing, kept | values)
        elif isinstance(thing, Document):
            if fixed := sorted(values.keys() & _FIXED):
                raise UnusableValues(f"{', '.join(fixed)} can't be changed")
            thing.values |= _amounts(thing.kind, values)
        else:
            contacts.change(self._owner(thing.id), thing.id, values)

    def _find(self, collection: str, id: str) -> Thing:
        state = self._routes.state
        if collection == "contacts":
            return self._owner(id).contacts[id]
        things: Mapping[str, Thing] = state.accounts if collection == "accounts" else state.documents[_kind(collection)]
        if id not in things:
            raise UnknownObject(f"no {id} in {collection}")
        return things[id]

    def _owner(self, id: str) -> Account:
        found = (account for account in self._routes.state.accounts.values() if id in account.contacts)
        account = next(found, None)
        if account is None:
            raise UnknownObject(f"no contact {id}")
        return account

    def _show(self, thing: Thing) -> Json:
        if isinstance(thing, Account):
            return views.account(thing)
        return self._routes.show_document(thing) if isinstance(thing, Document) else views.contact(thing)

    def _some_account(self) -> str:
        account = next(iter(self._routes.state.accounts), None)
        if account is None:
            raise UnusableValues("accountId is needed: there is no account yet")
        return account


def _kind(collection: str) -> Kind:
    for kind in KINDS:
        if kind == collection:
            return kind
    raise UnknownObject(f"no collection {collection!r}; there are accounts, contacts, {', '.join(KINDS)}")


def _usual(kind: Kind, number: int) -> Json:
    usual: Json = {"number": f"S-{number}", "totalAmount": 120, "taxAmount": 20}
    usual["issuedDate"] = {"year": 2026, "month": 1, "day": 15}
    if kind == "invoices":
        usual |= {"dueDate": {"year": 2026, "month": 2, "day": 14}, "paidAmount": ZERO}
    return usual


def _amounts(kind: Kind, values: Json) -> Json:
    if unknown := sorted(values.keys() - _FIELDS[kind]):
        raise UnusableValues(f"{kind} have no {', '.join(unknown)}")
    try:
        return values | {name: Decimal(str(values[name])) for name in _AMOUNTS if name in values}
    except InvalidOperation:
        raise UnusableValues("amounts must be numbers") from None


def _controlled(change: Callable[[], T]) -> T:
    try:
        return change()
    except Refusal as refusal:
        raise (UnknownObject if refusal.status == 404 else UnusableValues)(refusal.message) from None
