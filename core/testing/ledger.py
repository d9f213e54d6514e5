"""A small source in memory: two streams, crawls, changes by bookmark, rereads; and it can be told to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from duebridge.core.connector import Account, Cursor, Page, Raw, RereadableSource, Services, Settings
from duebridge.core.errors import CursorExpired, RecordError, RunError
from duebridge.core.records import CreditNote, Customer, Invoice, Record

_KINDS: Mapping[str, type[Record]] = {kind.kind: kind for kind in (Customer, Invoice, CreditNote)}
_STREAMS = {"customers": (Customer,), "documents": (Invoice, CreditNote)}


def customer(id: str, **values: Any) -> dict[str, Any]:
    """Return a company as the source would give it."""
    return {"kind": "customer", "id": id, "customer_type": "company", "name": f"Customer {id}", **values}


def invoice(id: str, customer_id: str, amount: str = "120.00", **values: Any) -> dict[str, Any]:
    """Return a finalised, unpaid invoice in euros as the source would give it; `amount` tax included."""
    return {
        "kind": "invoice",
        "id": id,
        "customer_id": customer_id,
        "number": f"F-{id}",
        "status": "upcoming",
        "draft": False,
        "paid": False,
        "currency": "EUR",
        "amount": amount,
        "amount_before_tax": amount,
        "tax": "0",
        "remaining": amount,
        "issued_on": "2026-01-15",
        "due_on": "2026-02-15",
        **values,
    }


def credit_note(id: str, customer_id: str, amount: str = "-20.00", **values: Any) -> dict[str, Any]:
    """Return an unpaid credit note in euros; `invoice_id` links it."""
    return invoice(id, customer_id, amount, **{"kind": "credit_note", "number": f"A-{id}", "remaining": None, **values})


def _canonical(kind: type[Record], raw: Raw) -> Record:
    if raw.get("broken"):
        raise RecordError(str(raw["broken"]))
    return kind.model_validate({name: value for name, value in raw.items() if name != "kind"})


class LedgerSource(RereadableSource):
    """Gives what `books` holds. `changes` lists (stream, id) in the order they happened; the bookmark counts them."""

    name: ClassVar[str] = "ledger"
    title: ClassVar[str] = "Ledger"
    settings: ClassVar[type[Settings]] = Settings
    streams: ClassVar[Mapping[str, tuple[type[Record], ...]]] = _STREAMS
    canonical: ClassVar[Mapping[type[Record], Callable[[Raw], Record]]] = {
        kind: partial(_canonical, kind) for kind in _KINDS.values()
    }
    page_size: ClassVar[int] = 10

    def __init__(self, settings: Settings, services: Services) -> None:
        """Start with empty books."""
        super().__init__(settings, services)
        self.books: dict[str, dict[str, Raw]] = {stream: {} for stream in _STREAMS}
        self.changes: list[tuple[str, str]] = []
        self.account = Account("books-1", "The books")
        self.expired = False
        self.fail_before_page: int | None = None
        self.pages = 0
        self.reread_ids: list[str] = []

    def put(self, *items: Mapping[str, Any], event: bool = True) -> None:
        """Add or replace items; `event=False` changes the books without telling."""
        for item in items:
            stream = "customers" if item["kind"] == "customer" else "documents"
            self.books[stream][item["id"]] = item
            if event:
                self.changes.append((stream, item["id"]))

    def remove(self, stream: str, id: str, *, event: bool = True) -> None:
        """Take an item out of the books."""
        del self.books[stream][id]
        if event:
            self.changes.append((stream, id))

    def check(self) -> Account:
        """Say whose books these are."""
        return self.account

    def fetch(self, stream: str, since: Cursor | None, needs: frozenset[str]) -> Iterator[Page]:  # noqa: ARG002 - it has no optional fields
        """Crawl, or give what changed since the bookmark."""
        if since is not None and not since.crawl:
            if self.expired:
                raise CursorExpired("the changes since the bookmark are no longer kept")
            yield self._changed(stream, since.position["seen"])
            return
        start = since.position["at"] if since is not None else 0
        mark = since.position["mark"] if since is not None else len(self.changes)
        items = list(self.books[stream].values())
        for at in range(start, max(len(items), 1), self.page_size):
            self._count_page()
            last = at + self.page_size >= len(items)
            after = (
                Cursor(crawl=False, position={"seen": mark})
                if last
                else Cursor(crawl=True, position={"at": at + self.page_size, "mark": mark})
            )
            yield Page(_typed(items[at : at + self.page_size]), after, last=last)

    def reread(self, stream: str, ids: Sequence[str], needs: frozenset[str]) -> Iterator[Page]:  # noqa: ARG002
        """Give the items with these ids as they are now."""
        self.reread_ids.extend(ids)
        found = [self.books[stream][id] for id in ids if id in self.books[stream]]
        yield Page(
            _typed(found),
            Cursor(crawl=False, position={}),
            last=True,
            deleted=[id for id in ids if id not in self.books[stream]],
        )

    def _changed(self, stream: str, seen: int) -> Page:
        self._count_page()
        ids = {id: None for where, id in self.changes[seen:] if where == stream}
        found = [self.books[stream][id] for id in ids if id in self.books[stream]]
        gone = [id for id in ids if id not in self.books[stream]]
        return Page(_typed(found), Cursor(crawl=False, position={"seen": len(self.changes)}), last=True, deleted=gone)

    def _count_page(self) -> None:
        if self.fail_before_page is not None and self.pages >= self.fail_before_page:
            raise RunError("the ledger can't be reached; the next run tries again")
        self.pages += 1


def _typed(items: Sequence[Raw]) -> list[tuple[type[Record], Raw]]:
    return [(_KINDS[str(item["kind"])], item) for item in items]
