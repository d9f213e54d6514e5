"""Which lists does Harvest have, what do their rows become, and what is fetched beside them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from duebridge.core.api import CreditNote, Customer, Invoice, Payment, Product, Raw, Record
from duebridge.plugins.harvest import canonical
from duebridge.plugins.harvest.paging import ListPage, Place, Row
from duebridge.plugins.harvest.reader import FEW, Reader, client_of

#: How many rows that were asked for one by one make a page.
_BATCH = 100

Asked = Mapping[str, str]


@dataclass(frozen=True)
class Read:
    """One read of a list: for whom (`needs`), on which day there, with what it has met so far."""

    reader: Reader
    needs: frozenset[str]
    today: str
    _contacts: dict[str, list[Row]] = field(default_factory=dict)
    _whole: list[bool] = field(default_factory=list)

    def needs_any(self, *fields: str) -> bool:
        """Whether one of these fields, or something in it, was asked for."""
        return any(need == name or need.startswith(f"{name}.") for need in self.needs for name in fields)

    @cached_property
    def categories(self) -> Mapping[str, Row]:
        """The categories of lines by name, where lines were asked for."""
        return self.reader.categories() if self.needs_any("invoice.lines", "credit_note.lines") else {}

    def contacts_of(self, client_ids: Sequence[str]) -> Mapping[str, list[Row]]:
        """The contacts of these clients; many are read with one list, once."""
        if self._whole:
            return self._contacts
        if len(client_ids) > FEW:
            self._contacts.update(self.reader.all_contacts())
            self._whole.append(True)
            return self._contacts
        return self.reader.contacts_of(client_ids)


Pages = Callable[[Read, Asked, Place | None], Iterator[ListPage]]
Items = Callable[[Read, Iterable[Row]], list[tuple[type[Record], Raw]]]


@dataclass(frozen=True, slots=True)
class Stream:
    """A list: `listed` are the parameters of the part of it that rereads are most often about."""

    name: str
    path: str
    key: str
    kinds: tuple[type[Record], ...]
    pages: Pages
    items: Items
    listed: Mapping[str, str] = field(default_factory=dict)

    def again(self, reader: Reader, ids: Sequence[str]) -> Iterator[tuple[list[Row], list[str]]]:
        """The rows with these ids as they are now, and the ids no longer there.

        Many are looked for in the list first, what isn't found there one by one.
        """
        wanted = dict.fromkeys(ids)
        if len(wanted) > FEW:
            for page in reader.rows(self.path, self.key, self.listed):
                found = [row for row in page.rows if str(row["id"]) in wanted]
                for row in found:
                    del wanted[str(row["id"])]
                yield found, []
        rest = list(wanted)
        for start in range(0, len(rest), _BATCH):
            yield self._one_by_one(reader, rest[start : start + _BATCH])

    def _one_by_one(self, reader: Reader, ids: Sequence[str]) -> tuple[list[Row], list[str]]:
        rows = {id: reader.one(self.path, id) for id in ids}
        return [row for row in rows.values() if row is not None], [id for id, row in rows.items() if row is None]


def _listed(path: str, key: str) -> Pages:
    def pages(read: Read, asked: Asked, place: Place | None) -> Iterator[ListPage]:
        return read.reader.rows(path, key, asked, place)

    return pages


def _clients(read: Read, asked: Asked, place: Place | None) -> Iterator[ListPage]:
    """The clients; of changes, those with a changed contact too: a client isn't updated by them."""
    met: set[str] = set()
    for page in read.reader.rows("/clients", "clients", asked, place):
        met.update(str(row["id"]) for row in page.rows)
        if page.place is None and asked and _wants_contacts(read):
            yield ListPage([*page.rows, *_with_changed_contacts(read, asked, met)], None)
        else:
            yield page


def _with_changed_contacts(read: Read, asked: Asked, met: set[str]) -> list[Row]:
    changed = {client_of(row) for row in read.reader.every("/contacts", "contacts", asked)} - met - {""}
    if len(changed) > FEW:
        return [row for row in read.reader.every("/clients", "clients", {}) if str(row["id"]) in changed]
    found = (read.reader.one("/clients", id) for id in sorted(changed, key=int))
    return [row for row in found if row is not None]


def _payments(read: Read, asked: Asked, place: Place | None) -> Iterator[ListPage]:
    """The payments of each invoice that may have any: one request for each."""
    for page in read.reader.rows("/invoices", "invoices", asked, place):
        rows = [
            {**payment, "_invoice": invoice}
            for invoice in page.rows
            if invoice.get("state") in ("paid", "closed") or invoice.get("due_amount") != invoice.get("amount")
            for payment in read.reader.every(f"/invoices/{invoice['id']}/payments", "invoice_payments", {})
        ]
        yield ListPage(rows, page.place)


def _wants_contacts(read: Read) -> bool:
    return read.needs_any("customer.contacts", "customer.emails")


def _as_customers(read: Read, rows: Iterable[Row]) -> list[tuple[type[Record], Raw]]:
    clients = list(rows)
    if not _wants_contacts(read) or not clients:
        return [(Customer, row) for row in clients]
    contacts = read.contacts_of([str(row["id"]) for row in clients])
    return [(Customer, {**row, "_contacts": contacts.get(str(row["id"]), [])}) for row in clients]


def _as_documents(read: Read, rows: Iterable[Row]) -> list[tuple[type[Record], Raw]]:
    documents = list(rows)
    beside = {"_today": read.today, "_categories": read.categories if documents else {}}
    return [(canonical.document_type(row), {**row, **beside}) for row in documents]


def _as(kind: type[Record]) -> Items:
    return lambda _read, rows: [(kind, row) for row in rows]


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        stream.name: stream
        for stream in (
            Stream("clients", "/clients", "clients", (Customer,), _clients, _as_customers),
            Stream(
                "invoice_item_categories",
                "/invoice_item_categories",
                "invoice_item_categories",
                (Product,),
                _listed("/invoice_item_categories", "invoice_item_categories"),
                _as(Product),
            ),
            Stream(
                "invoices",
                "/invoices",
                "invoices",
                (Invoice, CreditNote),
                _listed("/invoices", "invoices"),
                _as_documents,
                listed={"state": "open"},
            ),
            Stream("payments", "/payments", "payments", (Payment,), _payments, _as(Payment)),
        )
    }
)
