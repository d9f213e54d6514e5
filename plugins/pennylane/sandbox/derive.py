"""What does Pennylane work out by itself about a document: what remains to be paid, whether it is paid, its status?

Pure: the document, the money received, the credit notes linked to it and the day go in. The meaning of the status words
is that of the older API's filter page (readme:/reference/invoice-filtering); a linked credit note reads `cancelled`, a
draft one `credit_note` (readme:/changelog/deprecation-credit-notes-and-draft-invoices-endpoints).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any

from duebridge.core.api import ZERO, RecordError, allocate_credits, exponent

#: The members that are worked out; the rest is stored as given.
DERIVED = ("paid", "status", "remaining_amount_with_tax", "remaining_amount_without_tax")
#: The words `status` may become by itself. Any other was given, and stays until another is.
DERIVABLE = frozenset(
    "archived cancelled paid partially_paid partially_cancelled upcoming late draft credit_note".split()
)
#: What a credit note may read for its amount to lower its invoice's remaining amount.
_LOWERING = frozenset("credit_note late upcoming cancelled partially_cancelled partially_cancelled_draft paid".split())
#: Payments in these states have arrived.
ARRIVED = frozenset({"found", "confirmed", "paid_out"})

#: Digits before the point beyond which a text tells no amount anybody owes; arithmetic stays exact below it.
_LARGEST = 16

Data = dict[str, Any]


def amount(text: Any) -> Decimal | None:
    """The amount `text` tells; None when it tells none."""
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return value if value.is_finite() and value.adjusted() < _LARGEST else None


@cache
def _quantum(currency: str) -> Decimal:
    try:
        return Decimal(1).scaleb(-exponent(currency))
    except RecordError:  # currencies without minor units (XAU, ...) are in the contract's list
        return Decimal("0.01")


def money(value: Decimal, currency: str) -> str:
    """`value` with the decimals of `currency`, rounded half up, as the API writes amounts."""
    rounded = value.quantize(_quantum(currency), ROUND_HALF_UP)
    return str(rounded or abs(rounded))


def lowers(credit_note: Data) -> bool:
    """Whether a linked credit note settles a part of its invoice.

    Drafts, archived and incomplete ones do not; nor does an accounting entry made by hand (paid and `cancelled` at
    once), which repeats what something else has settled.
    """
    if credit_note["draft"] or credit_note["archived_at"] or credit_note["status"] not in _LOWERING:
        return False
    return not (credit_note["paid"] and credit_note["status"] == "cancelled")


def linked_amount(invoice: Data, credit_notes: Iterable[Data]) -> Decimal:
    """How much of the invoice its credit notes cancel, each taking what those before it (by date, id) left."""
    counted = sorted(filter(lowers, credit_notes), key=lambda note: (note["date"] or "", note["id"]))
    totals = [abs(amount(note["currency_amount"]) or ZERO) for note in counted]
    return sum(allocate_credits(amount(invoice["currency_amount"]) or ZERO, totals), ZERO)


def credit_note_standing(note: Data) -> Data:
    """The derived members of a credit note. `paid` is never derived: only a given value changes it."""
    total = amount(note["currency_amount"])
    settled = note["paid"] or note["credited_invoice"] is not None
    return {
        "paid": note["paid"],
        "status": _credit_note_status(note),
        **_remaining(note, None if total is None else ZERO if settled else total, total),
    }


def _credit_note_status(note: Data) -> str:
    if note["archived_at"]:
        return "archived"
    return "cancelled" if note["credited_invoice"] is not None and not note["draft"] else "credit_note"


def invoice_standing(invoice: Data, received: Decimal, linked: Decimal, today: date) -> Data:
    """The derived members of an invoice that got `received` in money and has `linked` cancelled by credit notes."""
    total = amount(invoice["currency_amount"])
    if total is None:
        return {"paid": False, "status": _open_status(invoice, today), **_remaining(invoice, None, None)}
    remaining = max(ZERO, total - received - linked)
    status = _invoice_status(invoice, total, remaining, received, linked, today)
    # Cancelled is not paid: nobody paid it.
    paid = total > 0 and remaining == 0 and linked < total and not invoice["draft"]
    return {"paid": paid, "status": status, **_remaining(invoice, remaining, total)}


def _invoice_status(
    invoice: Data, total: Decimal, remaining: Decimal, received: Decimal, linked: Decimal, today: date
) -> str:
    if invoice["archived_at"]:
        return "archived"
    if invoice["draft"]:
        return "draft"
    if total > 0 and linked >= total:
        return "cancelled"
    if total > 0 and remaining == 0:
        return "paid"
    if linked > 0:
        return "partially_cancelled"
    return "partially_paid" if received > 0 else _open_status(invoice, today)


def _open_status(invoice: Data, today: date) -> str:
    deadline = invoice["deadline"]
    return "late" if deadline is not None and deadline < today.isoformat() else "upcoming"


def _remaining(document: Data, remaining: Decimal | None, total: Decimal | None) -> Data:
    """The two remaining amounts: with tax, and the same share of the amount before tax."""
    before_tax = amount(document["currency_amount_before_tax"])
    currency = document["currency"]
    without = remaining
    if remaining and total and before_tax is not None:
        without = remaining * before_tax / total
    return {
        "remaining_amount_with_tax": None if remaining is None else money(remaining, currency),
        "remaining_amount_without_tax": None if without is None else money(without, currency),
    }
