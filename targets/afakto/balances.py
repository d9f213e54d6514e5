"""What is left of a document: of an invoice what remains to be paid, of a credit note what no invoice has used up?

Amounts are positive, in the document's currency. By the project's one definition of linked amounts: each credit note
takes of its invoice what those before it (by issue date, then id) have left. Pure.
"""

from __future__ import annotations

from decimal import Decimal

from duebridge.core.api import ZERO, CreditNote, Document, Invoice, Relatives, allocate_credits

_SETTLED = frozenset({"paid", "cancelled"})
#: The words of a credit note that takes nothing off its invoice.
_WITHOUT_EFFECT = frozenset(
    """draft archived incomplete proforma shipping_order purchasing_order estimate_pending estimate_accepted
    estimate_invoiced estimate_denied""".split()
)


def with_balance(document: Document, relatives: Relatives) -> Document:
    """Return `document` with its balance as `remaining`; None when it can't be told."""
    left = (
        _of_credit_note(document, relatives) if isinstance(document, CreditNote) else _of_invoice(document, relatives)
    )
    return document if left == document.remaining else document.model_copy(update={"remaining": left})


def _of_invoice(invoice: Document, relatives: Relatives) -> Decimal:
    if invoice.paid or invoice.status in _SETTLED:
        return ZERO
    if invoice.remaining is not None:
        return invoice.remaining
    notes = [note for note in relatives.credit_notes if _takes(note, invoice)]
    return invoice.amount - sum(allocate_credits(invoice.amount, [note.total for note in notes]), ZERO)


def _of_credit_note(note: CreditNote, relatives: Relatives) -> Decimal | None:
    if note.paid or note.status == "paid":
        return ZERO
    if note.invoice_id is None:
        return note.total
    invoice = relatives.invoice
    if invoice is None:
        return None
    return note.total - _taken(note, invoice, relatives)


def _taken(note: CreditNote, invoice: Invoice, relatives: Relatives) -> Decimal:
    notes = [other for other in relatives.credit_notes if _takes(other, invoice)]
    taken = allocate_credits(invoice.total, [other.total for other in notes])
    return next((amount for other, amount in zip(notes, taken, strict=True) if other.id == note.id), ZERO)


def _takes(note: CreditNote, invoice: Document) -> bool:
    """Whether a credit note is used up on the invoice: of the same customer and currency, and no repeating entry."""
    if note.draft or note.archived or note.status in _WITHOUT_EFFECT:
        return False
    by_hand = note.paid and note.status == "cancelled"
    return not by_hand and (note.customer_id, note.currency) == (invoice.customer_id, invoice.currency)
