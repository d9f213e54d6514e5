"""What does a family of documents owe at the source, what should the target show of it, and what lies between? Pure.

A family is an invoice with the credit notes linked to it. Amounts are in its currency, major units; what is owed back
is negative. `walk` goes from the source's picture to the target's in steps, so that the steps add up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from duebridge.core.errors import RecordError
from duebridge.core.money import ZERO, allocate_credits, minor_units, settled_by_money
from duebridge.core.records import DOCUMENT_STATUSES, OPEN_STATUSES, CreditNote, Document, Invoice

PARTIAL_PAYMENTS = "partial_payments_not_imported"
PAID_AT_TARGET = "reads_paid_at_target"
MORE_REMAINS = "remaining_above_total_less_credit_notes"
NOT_COUNTED = "sent_though_not_counted_at_the_source"

_SETTLED = frozenset({"paid", "cancelled"})
_FINALISED = OPEN_STATUSES | _SETTLED | {"credit_note"}

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Entry(Generic[D]):
    """A document in both pictures: whether it counts at the source, whether the target should hold it as it is.

    `reason` is why the two differ; `paid` says that it must read Paid at the target.
    """

    record: D
    counts: bool
    stands: bool
    reason: str = ""
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How much lower the next picture is than the one before, and why."""

    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Walk:
    """From what the source says is outstanding, by `steps`, to what the target should show."""

    source: Decimal
    steps: tuple[Step, ...]

    @property
    def expected(self) -> Decimal:
        """What the target should show."""
        return self.source - sum((step.amount for step in self.steps), ZERO)


def receivable(document: Document) -> bool:
    """Whether the source counts the document: finalised and not put away. A status nobody knows counts."""
    finalised = document.status in _FINALISED or document.status not in DOCUMENT_STATUSES
    return finalised and not document.draft and not document.archived


def applies(credit_note: CreditNote, invoice: Invoice) -> bool:
    """Whether the credit note can be used up on the invoice: same customer, same currency."""
    return credit_note.customer_id == invoice.customer_id and credit_note.currency == invoice.currency


def walk(
    invoice: Entry[Invoice] | None, credit_notes: Sequence[Entry[CreditNote]], *, mirrors_payments: bool = False
) -> Walk:
    """Walk a family whose `credit_notes` apply to `invoice`, by issue date then id.

    `mirrors_payments`: the target is told what was paid on open invoices.
    """
    picture = [entry for entry in credit_notes if entry.counts]
    standing = invoice if invoice is not None and invoice.stands else None
    value = source = _outstanding(invoice, picture)
    steps: list[Step] = []

    def step(reason: str, after: Decimal) -> Decimal:
        steps.append(Step(reason, value - after))
        return after

    for entry in _not_deducted(standing, picture):
        picture.remove(entry)
        value = step(entry.reason, _outstanding(invoice, picture))
    after = _shown(standing, picture, mirrors_payments)
    value = step(_first_reason(invoice, value - after), after)
    for entry in credit_notes:
        if (entry in picture) != entry.stands:
            picture = [other for other in credit_notes if (other in picture) != (other is entry)]
            value = step(entry.reason or NOT_COUNTED, _shown(standing, picture, mirrors_payments))
    return Walk(source, tuple(step for step in steps if step.amount))


def walk_balances(invoice: Entry[Invoice] | None, credit_notes: Sequence[Entry[CreditNote]]) -> Walk:
    """Walk a family for a target that is told each document's own balance, whatever became of the others.

    `credit_notes` are as for `walk`.
    """
    counted = [entry for entry in credit_notes if entry.counts]
    totals = [entry.record.total for entry in counted]
    linked = allocate_credits(invoice.record.total, totals) if invoice is not None else [ZERO] * len(totals)
    balances: list[tuple[Entry[Invoice] | Entry[CreditNote], Decimal]] = [
        (entry, taken - entry.record.total) for entry, taken in zip(counted, linked, strict=True)
    ]
    if invoice is not None and invoice.counts:
        balances.append((invoice, _owed(invoice.record, sum(linked, ZERO))))
    steps = [
        Step(PAID_AT_TARGET if entry.stands else entry.reason, balance)
        for entry, balance in balances
        if balance and (_reads_paid(entry.record) or not entry.stands)
    ]
    return Walk(sum((balance for _, balance in balances), ZERO), tuple(steps))


def _reads_paid(document: Document) -> bool:
    return document.paid or document.status == "paid"


def _not_deducted(invoice: Entry[Invoice] | None, credit_notes: Sequence[Entry[CreditNote]]) -> list[Entry[CreditNote]]:
    """The credit notes the target gets nothing of that the source has not taken off what remains either."""
    if invoice is None or invoice.record.remaining is None or not _open(invoice.record):
        return []
    record, counted, left_alone = invoice.record, list(credit_notes), []
    for entry in reversed(credit_notes):
        linked = sum(allocate_credits(record.total, [other.record.total for other in counted]), ZERO)
        if entry.stands or (record.remaining or ZERO) <= record.total - linked:
            continue
        counted.remove(entry)
        left_alone.append(entry)
    return left_alone


def _outstanding(invoice: Entry[Invoice] | None, credit_notes: Sequence[Entry[CreditNote]]) -> Decimal:
    """What the source says: what remains on the invoice, less what is not used up of the credit notes."""
    totals = [entry.record.total for entry in credit_notes]
    linked = sum(allocate_credits(invoice.record.total, totals), ZERO) if invoice is not None else ZERO
    owed = _owed(invoice.record, linked) if invoice is not None and invoice.counts else ZERO
    return owed - (sum(totals, ZERO) - linked)


def _owed(invoice: Invoice, linked: Decimal) -> Decimal:
    if not _open(invoice):
        return ZERO
    return invoice.remaining if invoice.remaining is not None else invoice.total - linked


def _open(invoice: Invoice) -> bool:
    return not (invoice.paid or invoice.status in _SETTLED)


def _shown(
    invoice: Entry[Invoice] | None, credit_notes: Sequence[Entry[CreditNote]], mirrors_payments: bool
) -> Decimal:
    """What the target shows of these: the invoice less what is linked to it, less what is not linked."""
    totals = [entry.record.total for entry in credit_notes]
    if invoice is None:
        return -sum(totals, ZERO)
    record = invoice.record
    linked = sum(allocate_credits(record.total, totals), ZERO)
    left = ZERO if invoice.paid else record.total - linked
    if mirrors_payments and not invoice.paid:
        left -= _mirrored(record, linked)
    return left - (sum(totals, ZERO) - linked)


def _mirrored(invoice: Invoice, linked: Decimal) -> Decimal:
    settled = settled_by_money(invoice.total, invoice.remaining, linked, paid=False)
    settled = min(settled, invoice.total - linked)
    try:
        minor_units(settled, invoice.currency)
    except RecordError:
        return ZERO  # finer than the currency: it can't be told to a target
    return settled


def _first_reason(invoice: Entry[Invoice] | None, amount: Decimal) -> str:
    if invoice is None or not invoice.stands:
        return invoice.reason if invoice is not None else ""
    if not invoice.counts:
        return invoice.reason or NOT_COUNTED
    if invoice.paid:
        return PAID_AT_TARGET
    return PARTIAL_PAYMENTS if amount < 0 else MORE_REMAINS
