"""What is left of a document: of an invoice what remains to be paid, of a credit note what no invoice has used up?

Amounts are positive, in the document's currency. By the project's one definition of linked amounts: each credit note
takes of its invoice what those before it (by issue date, then id) have left. Pure.
"""

from __future__ import annotations

from decimal import Decimal

from duebridge.core.api import OTHER_STATUSES, ZERO, CreditNote, Document, Family, Invoice, allocate_credits

_SETTLED = frozenset({"paid", "cancelled"})
#: The words of a credit note that takes nothing off its invoice.
_WITHOUT_EFFECT = frozenset({"draft", "archived", "incomplete"}) | OTHER_STATUSES


def with_balance(document: Document, family: Family) -> Document:
    """Return `document` with its balance as `remaining`; None when it can't be told."""
    left = _of_credit_note(document, family) if isinstance(document, CreditNote) else _of_invoice(document, family)
    return document if left == document.remaining else document.model_copy(update={"remaining": left})


def _of_invoice(invoice: Document, family: Family) -> Decimal:
    if invoice.paid or invoice.status in _SETTLED:
        return ZERO
    if invoice.remaining is not None:
        return invoice.remaining
    notes = _taking(invoice, family)
    return invoice.amount - sum(allocate_credits(invoice.amount, [note.total for note in notes]), ZERO)


def _of_credit_note(note: CreditNote, family: Family) -> Decimal | None:
    if note.paid or note.status == "paid":
        return ZERO
    if note.invoice_id is None:
        return note.total
    if family.invoice is None or family.invoice.gone:
        return None
    return note.total - _taken(note, family.invoice.record, family)


def _taken(note: CreditNote, invoice: Invoice, family: Family) -> Decimal:
    notes = _taking(invoice, family)
    taken = allocate_credits(invoice.total, [other.total for other in notes])
    return next((amount for other, amount in zip(notes, taken, strict=True) if other.id == note.id), ZERO)


def _taking(invoice: Document, family: Family) -> list[CreditNote]:
    """The credit notes still at the source that are used up on the invoice, in order."""
    return [member.record for member in family.credit_notes if not member.gone and _takes(member.record, invoice)]


def _takes(note: CreditNote, invoice: Document) -> bool:
    """Whether a credit note is used up on the invoice: of the same customer and currency, and no repeating entry."""
    if note.draft or note.archived or note.status in _WITHOUT_EFFECT:
        return False
    by_hand = note.paid and note.status == "cancelled"
    return not by_hand and (note.customer_id, note.currency) == (invoice.customer_id, invoice.currency)
