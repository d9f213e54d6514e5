"""How the rows of one stream are read, with what the target needs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from duebridge.core.api import Json, Raw, Record, RunError
from duebridge.plugins.pennylane import wire
from duebridge.plugins.pennylane.accounts import LedgerAccounts
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.contacts import Contacts
from duebridge.plugins.pennylane.filters import BATCH, batches, id_in
from duebridge.plugins.pennylane.lines import Lines
from duebridge.plugins.pennylane.paging import ListPage, identity, walk

Items = list[tuple[type[Record], Raw | Record]]

#: The most an ordinary list gives at once (spec).
LIMIT = 100


@dataclass(frozen=True, slots=True)
class Stream:
    """A list of the API: `path` below the API's prefix, its change feed, what each row becomes, who may read it."""

    name: str
    path: str
    changelog: str
    record_type: Callable[[Raw], type[Record]]
    scope: str


class Reader:
    """Reads one stream once; what it asked for beside the rows is remembered until it goes."""

    def __init__(
        self, stream: Stream, client: PennylaneClient, needs: frozenset[str], note: Callable[[str], None]
    ) -> None:
        self.stream = stream
        self.client = client
        self.note = note
        documents, customers = stream.name == "customer_invoices", stream.name == "customers"
        lines = documents and (_named(needs, "invoice.lines") or _named(needs, "credit_note.lines"))
        self._lines = Lines(client, note) if lines else None
        self._shape = wire.page if documents else None
        accounts = customers and _named(needs, "customer.ledger_account")
        self._accounts = LedgerAccounts(client, note) if accounts else None
        self._contacts = Contacts(client, note) if customers and _named(needs, "customer.contacts") else None

    def prepare_crawl(self) -> None:
        """Fetch what is cheaper to have whole before every row is read."""
        if self._accounts is not None:
            self._accounts.load_all()

    def pages(self, cursor: str | None) -> Iterator[ListPage]:
        """The whole list from `cursor` on, lowest id first, so that rows added meanwhile come at its end."""
        return walk(self._get, self.stream.path, {"sort": "id", "limit": LIMIT}, cursor=cursor)

    def complete(self, page: ListPage) -> Items:
        """The page's rows with their record type and what was fetched beside them."""
        rows = page.items
        if self._lines is not None:
            rows = self._lines.attach(page)
        if self._contacts is not None:
            rows = self._contacts.attach(rows)
        if self._accounts is not None:
            self._accounts.attach(rows)
        return [(type(row), row) if isinstance(row, Record) else (self.stream.record_type(row), row) for row in rows]

    def by_id(self, ids: Sequence[str]) -> tuple[Items, list[str]]:
        """The rows with these ids as they are now, and the ids that are no longer there."""
        items: Items = []
        for batch in batches(ids, BATCH):
            items += self._batch(batch)
        present = {identity(row) for _, row in items}
        return items, [each for each in ids if each not in present]

    def _batch(self, ids: Sequence[str]) -> Items:
        asked = set(ids)
        params: Params = {"filter": id_in(ids), "sort": "id", "limit": LIMIT}
        items: Items = []
        for page in walk(self._get, self.stream.path, params):
            if any(identity(row) not in asked for row in page.items):
                raise RunError(
                    f"Pennylane answered rows that were not asked for (GET {self.stream.path}, filter on id), so those "
                    "that were can't be told from deleted ones; the read was stopped there. The next run tries again"
                )
            items += self.complete(page)
        return items

    def _get(self, path: str, params: Params) -> Json:
        return self.client.get(path, params, self._shape) if self._lines is None else self._lines.get(path, params)


def _named(needs: frozenset[str], path: str) -> bool:
    return any(need.startswith(path) for need in needs)
