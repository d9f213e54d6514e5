"""Which path leads to which operation? Paths below `/api/public/v1`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import unquote

from duebridge.targets.billabex.sandbox import accounts, contacts, documents, views
from duebridge.targets.billabex.sandbox.exchange import Call, Operation, Reply, page
from duebridge.targets.billabex.sandbox.refusal import Refusal, conflict, invalid, missing
from duebridge.targets.billabex.sandbox.state import ORGANIZATION, Account, Document, Kind, State, Thing
from duebridge.targets.billabex.sandbox.switches import Switches

T = TypeVar("T", bound=Thing)
Path = tuple[str, ...]

KINDS: tuple[Kind, ...] = ("invoices", "credit-notes")
#: Second segments that are words, not ids.
_WORDS = frozenset({"remove", "upsert"})


class Routes:
    """The table of paths over one organization's state."""

    def __init__(self, state: State, switches: Switches, clock: Callable[[], float], today: Callable[[], date]) -> None:
        """Serve `state`; `clock` gives unix seconds, `today` decides what is late."""
        self.state = state
        self.switches = switches
        self._clock = clock
        self._today = today
        self._table: Mapping[Path, Mapping[str, Operation]] = {
            ("organizations",): {"GET": self._organizations},
            ("organizations", "*"): {"GET": self._organization},
            **self._account_routes(),
            **self._contact_routes(),
            **{path: routes for kind in KINDS for path, routes in self._document_routes(kind).items()},
            ("invoices", "*", "paid-amount"): {"PUT": self._set_paid},
            ("credit-allocations",): {"POST": lambda call: self._allocated(201, documents.allocate, call)},
            ("credit-allocations", "remove"): {"POST": lambda call: self._allocated(200, documents.unallocate, call)},
        }

    def find(self, method: str, path: str) -> tuple[Operation, Path, Path]:
        """Return the operation of an undecoded path, its pattern and its ids; refuses with 404 or 405."""
        segments = tuple(unquote(segment) for segment in path.split("/"))
        pattern = _pattern(segments)
        operations = self._table.get(pattern)
        if operations is None:
            missing(f"no such endpoint: {path}")
        if method not in operations:
            raise Refusal(405, f"{method} is not allowed here", {"Allow": ", ".join(sorted(operations))})
        ids = tuple(segment for segment, word in zip(segments, pattern, strict=True) if word == "*")
        return operations[method], pattern, ids

    def show_document(self, item: Document) -> dict[str, Any]:
        """Show a document as of today."""
        return views.document(item, self._today())

    def now(self) -> float:
        """The time, in unix seconds."""
        return self._clock()

    def _account_routes(self) -> dict[Path, Mapping[str, Operation]]:
        state = self.state

        def create(call: Call) -> Reply:
            made = accounts.create(state, call.body, self.now(), unique_sources=self.switches.unique_sources)
            return Reply(201, views.account(made))

        def change(call: Call) -> Reply:
            return Reply(200, views.account(accounts.change(self._mutable(call.ids[0]), call.body)))

        def remove(call: Call) -> Reply:
            accounts.remove(state, self._mutable(call.ids[0]))
            return Reply(204)

        def link(call: Call) -> Reply:
            account, unique = self._mutable(call.ids[0]), self.switches.unique_sources
            return Reply(200, views.account(accounts.link(state, account, call.body, unique_sources=unique)))

        def unlink(call: Call) -> Reply:
            self._mutable(call.ids[0]).values["source"] = None
            return Reply(204)

        return {
            ("accounts",): {
                "GET": lambda call: self._listed(state.accounts.values(), views.account, call),
                "POST": create,
            },
            ("accounts", "*"): {
                "GET": lambda call: Reply(200, views.account(accounts.at(state, call.ids[0]))),
                "PUT": change,
                "DELETE": remove,
            },
            ("accounts", "*", "source"): {"PUT": link, "DELETE": unlink},
        }

    def _contact_routes(self) -> dict[Path, Mapping[str, Operation]]:
        state = self.state

        def listed(call: Call) -> Reply:
            return page(accounts.at(state, call.ids[0]).contacts.values(), views.contact, call.query)

        def create(call: Call) -> Reply:
            made = contacts.create(state, self._mutable(call.ids[0]), call.body, self.now())
            return Reply(201, views.contact(made))

        def upsert(call: Call) -> Reply:
            contact, new = contacts.upsert(state, self._mutable(call.ids[0]), call.body, self.now())
            return Reply(201 if new else 200, views.contact(contact))

        def change(call: Call) -> Reply:
            return Reply(200, views.contact(contacts.change(self._mutable(call.ids[0]), call.ids[1], call.body)))

        def remove(call: Call) -> Reply:
            account = self._mutable(call.ids[0])
            del account.contacts[contacts.at(account, call.ids[1]).id]
            return Reply(204)

        def one(call: Call) -> Reply:
            return Reply(200, views.contact(contacts.at(accounts.at(state, call.ids[0]), call.ids[1])))

        return {
            ("accounts", "*", "contacts"): {"GET": listed, "POST": create},
            ("accounts", "*", "contacts", "upsert"): {"PUT": upsert},
            ("accounts", "*", "contacts", "*"): {"GET": one, "PUT": change, "PATCH": change, "DELETE": remove},
        }

    def _document_routes(self, kind: Kind) -> dict[Path, Mapping[str, Operation]]:
        state = self.state

        def create(call: Call) -> Reply:
            made = documents.create(state, kind, call.body, self.now(), allocates=self.switches.auto_allocate)
            return Reply(201, self.show_document(made))

        def remove(call: Call) -> Reply:
            documents.remove(state, self._changeable(kind, call.ids[0]))
            return Reply(204)

        return {
            (kind,): {
                "GET": lambda call: self._listed(state.documents[kind].values(), self.show_document, call),
                "POST": create,
            },
            (kind, "*"): {
                "GET": lambda call: Reply(200, self.show_document(documents.at(state, kind, call.ids[0]))),
                "DELETE": remove,
            },
        }

    def _organizations(self, call: Call) -> Reply:
        here = Thing(ORGANIZATION, 1, 0, views.ORGANIZATION_SHOWN)
        return page([here], lambda thing: thing.values, call.query)

    def _organization(self, call: Call) -> Reply:
        if call.ids[0] != ORGANIZATION:
            missing("no such organization")
        return Reply(200, views.ORGANIZATION_SHOWN)

    def _set_paid(self, call: Call) -> Reply:
        invoice = self._changeable("invoices", call.ids[0])
        return Reply(200, self.show_document(documents.set_paid(self.state, invoice, call.body)))

    def _allocated(self, status: int, change: Callable[[State, Any], tuple[Document, Document]], call: Call) -> Reply:
        note, invoice = change(self.state, call.body)
        amount = views.number(note.allocated.get(invoice.id, 0))
        return Reply(status, {"creditNoteId": note.id, "invoiceId": invoice.id, "amount": amount})

    def _listed(self, things: Iterable[T], show: Callable[[T], dict[str, Any]], call: Call) -> Reply:
        organization = call.query.get("organizationId")
        if organization is None:
            invalid("organizationId is required")
        if organization != ORGANIZATION:
            missing("no such organization")
        newest = self.now() - self.switches.visible_after
        lagging = self.switches.visible_after > 0
        return page((thing for thing in things if not lagging or thing.made_at <= newest), show, call.query)

    def _mutable(self, id: str) -> Account:
        account = accounts.at(self.state, id)
        _refuse_read_only(account)
        return account

    def _changeable(self, kind: Kind, id: str) -> Document:
        document = documents.at(self.state, kind, id)
        _refuse_read_only(document)
        return document


def _refuse_read_only(thing: Thing) -> None:
    if thing.read_only:
        conflict(f"read-only: {thing.read_only}")


def _pattern(segments: Path) -> Path:
    return tuple("*" if place % 2 and word not in _WORDS else word for place, word in enumerate(segments))
