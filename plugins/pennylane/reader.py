"""How the rows of one stream are read, with what the target needs beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from duebridge.core.api import Json, Raw, Record, RunError
from duebridge.plugins.pennylane import wire
from duebridge.plugins.pennylane.accounts import LedgerAccounts
from duebridge.plugins.pennylane.client import Params, PennylaneClient
from duebridge.plugins.pennylane.contacts import Contacts
from duebridge.plugins.pennylane.filters import BATCH, batches, id_in
from duebridge.plugins.pennylane.lines import Lines
from duebridge.plugins.pennylane.paging import ListPage, identity, walk
from duebridge.plugins.pennylane.references import References
from duebridge.plugins.pennylane.subscriptions import Subscriptions

Items = list[tuple[type[Record], Raw | Record]]

#: The most an ordinary list gives at once (spec).
LIMIT = 100


@dataclass(frozen=True, slots=True)
class Stream:
    """A list of the API: `path` below the API's prefix, the kinds its rows become, its change feed if it has one.

    `becomes` tells which of them a row is, given the names of those the target reads anything of. `scope` lets read it;
    `always`: whatever the target.
    """

    name: str
    path: str
    kinds: tuple[type[Record], ...]
    becomes: Callable[[Raw, Collection[str]], Sequence[type[Record]]]
    scope: str
    changelog: str | None = None
    always: bool = False


class Beside:
    """What rows link to, remembered for a run by all its readers."""

    def __init__(self, client: PennylaneClient, note: Callable[[str], None]) -> None:
        self.customers = References(client, note, "/customers")
        self.products = References(client, note, "/products")
        self.subscriptions = Subscriptions(client, note, self.products)


class Reader:
    """Reads one stream once; what it asked for beside the rows is remembered until it goes."""

    def __init__(
        self,
        stream: Stream,
        client: PennylaneClient,
        needs: frozenset[str],
        note: Callable[[str], None],
        beside: Beside,
    ) -> None:
        self.stream = stream
        self.client = client
        self.note = note
        own = {kind.kind for kind in stream.kinds}
        #: Kind and field of what the target reads of this stream's records.
        self._needs = {(kind, field.split(".")[0]) for kind, _, field in map(_split, needs) if kind in own}
        self._wanted = {kind for kind, _ in self._needs}
        self._beside = beside
        documents = stream.name == "customer_invoices"
        self._lines = Lines(client, note) if documents and self._needed("lines") else None
        linked = self._needed("lines", "customer_reference", "subscription")
        self._shape = wire.page if documents and not linked else None
        self._accounts = LedgerAccounts(client, note) if self._needed("ledger_account") else None
        self._contacts = Contacts(client, note) if self._needed("contacts") else None

    def prepare_crawl(self) -> None:
        """Fetch what is cheaper to have whole before every row is read."""
        if self._accounts is not None:
            self._accounts.load_all()

    def pages(self, cursor: str | None) -> Iterator[ListPage]:
        """The whole list from `cursor` on, lowest id first, so that rows added meanwhile come at its end."""
        return walk(self._get, self.stream.path, {"sort": "id", "limit": LIMIT}, cursor=cursor)

    def complete(self, page: ListPage) -> Items:
        """The page's rows with their record types and what was fetched beside them."""
        rows = page.items
        if self._lines is not None:
            rows = self._lines.attach(page)
            self._beside.products.attach([line for row in rows for line in row.get("_lines", ())], "product")
        if self._contacts is not None:
            rows = self._contacts.attach(rows)
        if self._accounts is not None:
            self._accounts.attach(rows)
        if self._needed("customer_reference"):
            self._beside.customers.attach(rows, "customer")
        rows = self._with_subscriptions(rows)
        return [(kind, row) for row in rows for kind in self._kinds(row)]

    def _with_subscriptions(self, rows: list[Any]) -> list[Any]:
        if self.stream.name == "billing_subscriptions" and self._needed("lines"):
            return self._beside.subscriptions.with_lines(rows)
        if self.stream.name == "customer_invoices" and self._needed("subscription"):
            self._beside.subscriptions.attach(rows)
        return rows

    def _kinds(self, row: Raw | Record) -> Sequence[type[Record]]:
        return (type(row),) if isinstance(row, Record) else self.stream.becomes(row, self._wanted)

    def _needed(self, *fields: str) -> bool:
        """Whether the target reads one of `fields`, or something inside it, of a record of this stream."""
        return any(field in fields for _, field in self._needs)

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


def _split(need: str) -> tuple[str, str, str]:
    return need.partition(".")
