"""Which documents has a connection read, grouped into families, and which of them should the target hold?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from duebridge.core.connector import Target, key_of
from duebridge.core.engine.planning import CUSTOMER_NOT_SENT, EXCLUDED, GONE, order_of
from duebridge.core.engine.receivables import Entry, applies, receivable
from duebridge.core.records import KINDS, CreditNote, Customer, Document, Invoice
from duebridge.core.store.records import listing
from duebridge.core.tables.rules import Rules

Row = Mapping[str, Any]

#: Codes that are reasons by themselves; the others are told as `skipped: code`.
_PLAIN = frozenset({EXCLUDED.code, "manual_entry"})


@dataclass(slots=True)
class Family:
    """An invoice with its credit notes, by issue date then id; `trouble` is why the target may show something else."""

    pair: tuple[str, str]
    invoice: Entry[Invoice] | None = None
    credit_notes: list[Entry[CreditNote]] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Families by number, the number of the family each of our references belongs to, and customers by both names."""

    families: list[Family]
    family_of: Mapping[str, int]
    customer_ids: Mapping[str, str]
    names: Mapping[str, str]
    notes: tuple[str, ...]


def holdings(db: Any, connection_id: int, target: Target) -> Holdings:
    """Return what the store knows of the connection's invoices and credit notes."""
    grouping = _Grouping({record.kind: rules for record, rules in target.rules.items()})
    for row in listing(db, connection_id, kinds=[Invoice.kind], parts=True):
        grouping.take(row)
    for row in listing(db, connection_id, kinds=[CreditNote.kind], parts=True):
        grouping.take(row)
    grouping.in_order()
    customer_ids, names = _customers(listing(db, connection_id, kinds=[Customer.kind]))
    return Holdings(grouping.families, grouping.family_of, customer_ids, names, tuple(grouping.notes()))


class _Grouping:
    """Puts rows into families: invoices first, then credit notes, each record before its parts."""

    def __init__(self, rules: Mapping[str, Rules]) -> None:
        self.families: list[Family] = []
        self.family_of: dict[str, int] = {}
        self._rules = rules
        self._numbers: dict[str, int] = {}  # by key of the record
        self._unread = 0

    def take(self, row: Row) -> None:
        """Add a record or a part of one."""
        key = key_of(row["kind"], row["id"])
        if not row["part"]:
            if row["body"] is None:
                self._unread += 1
                return
            self._numbers[key] = self._add(row)
        number = self._numbers.get(key)
        if number is None:
            return
        if row["reference"]:
            self.family_of[row["reference"]] = number
        family = self.families[number]
        family.trouble = family.trouble or trouble_of(row)

    def in_order(self) -> None:
        """Sort the credit notes of every family as they are used up."""
        for family in self.families:
            family.credit_notes.sort(key=lambda entry: order_of(entry.record))

    def notes(self) -> Iterable[str]:
        """Say what could not be counted."""
        if self._unread:
            yield f"{self._unread} documents could not be read, so their amounts are not counted; see `records`"

    def _add(self, row: Row) -> int:
        record = KINDS[row["kind"]].model_validate_json(row["body"])
        if isinstance(record, CreditNote):
            return self._add_credit_note(row, record)
        assert isinstance(record, Invoice)  # noqa: S101 - the only other kind asked for; this is for the type checker
        self.families.append(Family(_pair(record), self._invoice(row, record)))
        return len(self.families) - 1

    def _invoice(self, row: Row, record: Invoice) -> Entry[Invoice]:
        paid = row["verdict"] == "sync" and self._rules[Invoice.kind].decide(record, sent=True).reads == "paid"
        return Entry(record, _counts(row, record), row["verdict"] == "sync", reason_of(row), paid)

    def _add_credit_note(self, row: Row, record: CreditNote) -> int:
        stands = row["verdict"] == "sync" or _kept(row)
        entry = Entry(record, _counts(row, record), stands, reason_of(row))
        number = self._numbers.get(key_of(Invoice.kind, record.invoice_id)) if record.invoice_id else None
        invoice = self.families[number].invoice if number is not None else None
        if number is None or invoice is None or not applies(record, invoice.record):
            self.families.append(Family(_pair(record)))
            number = len(self.families) - 1
        self.families[number].credit_notes.append(entry)
        return number


def reason_of(row: Row) -> str:
    """Why a document is at one end only, or not as it is at the other; empty for one that is sent."""
    verdict, code = row["verdict"], row["code"]
    if verdict == "sync":
        return ""
    if verdict == "reject":
        return "rejected"
    if _kept(row) and code not in _PLAIN:
        return "kept_though_gone" if code == GONE.code else f"kept_though_skipped: {code}"
    return _skipped(code)


def _skipped(code: str) -> str:
    return code if code in _PLAIN else f"skipped: {code}"


def trouble_of(row: Row) -> str:
    """Why the target may show something else than the record says; empty when it may not."""
    if _kept(row):
        return reason_of(row)
    if row["uncertain"]:
        return "unknown_outcome"
    if not row["due"]:
        return ""
    if row["outcome"] == "rejected":
        return "rejected"
    if row["outcome"] == "skipped" and row["code"] in (CUSTOMER_NOT_SENT.code, EXCLUDED.code):
        return _skipped(row["code"])
    return "writes_due"


def _kept(row: Row) -> bool:
    """Whether the target holds it as it once was: it is no longer sent, and not to be removed either."""
    held = row["accepted_fingerprint"] is not None or row["uncertain"]
    return bool(held) and row["verdict"] != "sync" and row["payload"] is not None


def _counts(row: Row, record: Document) -> bool:
    return not row["gone"] and receivable(record)


def _pair(record: Document) -> tuple[str, str]:
    return (record.customer_id, record.currency)


def _customers(rows: Iterator[Row]) -> tuple[dict[str, str], dict[str, str]]:
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for row in rows:
        if row["reference"]:
            ids[row["reference"]] = row["id"]
        if row["body"] is not None:
            names[row["id"]] = from_json(row["body"]).get("name", "")
    return ids, names
