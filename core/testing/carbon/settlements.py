"""What settles an invoice at Carbon: which payments and allocations do its documents need beside themselves? Pure.

An allocation settles an invoice by a credit note, for as much as the invoice still takes; a payment settles the rest of
one that must read paid. A document whose amounts can't be expressed is left out: its mapping rejects it.
"""

from __future__ import annotations

from collections.abc import Iterator

from duebridge.core.api import (
    ZERO,
    CreditNote,
    Family,
    Invoice,
    Part,
    RecordError,
    allocate_credits,
    key_of,
    minor_units,
)
from duebridge.core.testing.carbon.mapping import reference_of


def parts(family: Family, source: str) -> Iterator[Part]:
    """Yield the allocations of the family's credit notes, then the payment of its invoice."""
    member = family.invoice
    if member is None or not member.standing:
        return
    invoice = member.record
    credit_notes = [
        credit.record
        for credit in family.credit_notes
        if credit.standing and credit.record.currency == invoice.currency and _expressible(credit.record)
    ]
    if not _expressible(invoice):
        return
    taken = allocate_credits(invoice.total, [credit_note.total for credit_note in credit_notes])
    for credit_note, amount in zip(credit_notes, taken, strict=True):
        if amount > ZERO:
            yield _allocation(credit_note, invoice, minor_units(amount, invoice.currency), source)
    left = invoice.total - sum(taken, ZERO)
    if member.decision.reads == "paid" and left > ZERO:
        yield _payment(invoice, minor_units(left, invoice.currency), source)


def _expressible(document: Invoice | CreditNote) -> bool:
    try:
        minor_units(document.amount, document.currency)
    except RecordError:
        return False
    return True


def _allocation(credit_note: CreditNote, invoice: Invoice, amount: int, source: str) -> Part:
    reference = f"{source}-allocation-{credit_note.id}-{invoice.id}"
    return Part(
        owner=credit_note,
        name=f"allocation-{invoice.id}",
        write="allocation",
        reference=reference,
        payload={
            "reference": reference,
            "credit_note_reference": reference_of(source, "credit_note", credit_note.id),
            "invoice_reference": reference_of(source, "invoice", invoice.id),
            "amount": amount,
        },
        after=(key_of("credit_note", credit_note.id), key_of("invoice", invoice.id)),
        says={"amount": "amount: what the invoice still takes of it, credit notes before it first"},
    )


def _payment(invoice: Invoice, amount: int, source: str) -> Part:
    reference = f"{reference_of(source, 'invoice', invoice.id)}-payment"
    return Part(
        owner=invoice,
        name="payment",
        write="payment",
        reference=reference,
        payload={
            "reference": reference,
            "invoice_reference": reference_of(source, "invoice", invoice.id),
            "amount": amount,
        },
        after=(key_of("invoice", invoice.id),),
        says={"amount": "amount: what its credit notes leave of it"},
    )
