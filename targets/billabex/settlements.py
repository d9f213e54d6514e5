"""What of an invoice do its credit notes settle at Billabex? Pure.

Source: Billabex's page "Connect Pennylane" (credit notes are synchronized) and its help on credit notes: Billabex
itself allocates a new one to due invoices, oldest first. The ledger knows better for the linked ones: each is allocated
to its invoice for as much as the invoice still takes, those before it (by issue date, then id) first.
"""

from __future__ import annotations

from collections.abc import Iterator

from duebridge.core.api import (
    Credit,
    CreditNote,
    Document,
    Family,
    Invoice,
    Part,
    Payload,
    RecordError,
    allocate_credits,
    key_of,
)
from duebridge.targets.billabex.mapping import decimal_text
from duebridge.targets.billabex.references import allocation_reference, credit_note_reference, invoice_reference

_MADE = {"customer": "customer_id", "number": "number", "total": "amount", "tax": "tax"}
_MADE |= {"issued": "issued_on", "due": "due_on", "reference": "our key"}
_SAYS = {
    "amount": "amount: what the invoice still takes of it, credit notes before it first",
    **{f"{side}.{name}": f"{says}; not sent" for side in ("creditNote", "invoice") for name, says in _MADE.items()},
}


def completed(document: Document, family: Family) -> Document:
    """Return a credit note that knows whether its invoice stands, an invoice that knows its credits."""
    if family.invoice is None or not family.invoice.standing:
        return document
    if isinstance(document, CreditNote):
        return document.model_copy(update={"invoice_stands": True})
    return document.model_copy(update={"credits": _credits(family.invoice.record, family)})


def _credits(invoice: Invoice, family: Family) -> tuple[Credit, ...]:
    """What the credit notes that stand take of the invoice: those of the same customer, in the same currency."""
    notes = [member.record for member in family.credit_notes if member.standing and _applies(member.record, invoice)]
    taken = allocate_credits(invoice.total, [note.total for note in notes])
    return tuple(
        Credit(credit_note_id=note.id, amount=amount) for note, amount in zip(notes, taken, strict=True) if amount
    )


def _applies(note: CreditNote, invoice: Invoice) -> bool:
    return (note.customer_id, note.currency) == (invoice.customer_id, invoice.currency)


def parts(family: Family, source: str) -> Iterator[Part]:
    """Yield the allocations of the credit notes of `family`; none when the invoice is not at Billabex.

    What an allocation is tied to stands in its payload: when one of its documents is made again, it is taken back
    before.
    """
    if family.invoice is None or not family.invoice.standing:
        return
    invoice = family.invoice.record
    notes = {member.record.id: member.record for member in family.credit_notes}
    linked = [credit_note_reference(source, credit.credit_note_id) for credit in invoice.credits]
    for credit in invoice.credits:
        note = notes[credit.credit_note_id]
        try:
            payload: Payload = {
                "amount": decimal_text(credit.amount, invoice.currency),
                "creditNote": _tie(note, credit_note_reference(source, note.id)),
                "invoice": _tie(invoice, invoice_reference(source, invoice.id)),
                "linked": linked,
            }
        except RecordError:
            continue  # one of the two can't be expressed: it is rejected by its mapping, with the reason
        yield Part(
            owner=note,
            name=f"allocation-{invoice.id}",
            write="allocation",
            reference=allocation_reference(source, note.id, invoice.id),
            payload=payload,
            after=(key_of("credit_note", note.id), key_of("invoice", invoice.id)),
            says=_SAYS,
        )


def _tie(document: Invoice | CreditNote, reference: str) -> Payload:
    return {"reference": reference, **_as_made(document)}


def _as_made(document: Document) -> Payload:
    """What can't change at Billabex: another value is another document."""
    return {
        "customer": document.customer_id,
        "number": document.number,
        "total": decimal_text(abs(document.amount), document.currency),
        "tax": decimal_text(abs(document.tax), document.currency),
        "issued": str(document.issued_on),
        "due": str(document.due_on),
    }
