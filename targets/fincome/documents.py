"""What do the lines of an invoice and of a credit note become at Fincome? Pure.

Source: Fincome's mapping page, sections Invoices & Lines, Credit notes, To know (discounts). Amounts are before tax and
after discounts, in the document's currency, as text; dates ISO 8601, the end of a period being the day after its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from duebridge.core.api import ZERO, Line, RecordError, Subscription
from duebridge.targets.fincome.amounts import discount, money, plain
from duebridge.targets.fincome.items import Billed, billed_lines
from duebridge.targets.fincome.periods import FIRST_YEAR
from duebridge.targets.fincome.references import item_id, known_as
from duebridge.targets.fincome.rules import SUBSCRIPTIONS

_ALREADY_PAID = frozenset({"paid", "cancelled"})


def status(word: str, due_on: date | None, paid: bool, today: str) -> str:
    """Return how an invoice reads; one settled in part is unpaid from the day after its due date on."""
    if paid or word in _ALREADY_PAID:
        return "paid"
    if word == "late":
        return "unpaid"
    if word == "upcoming" or due_on is None:
        return "open"
    return "unpaid" if due_on < date.fromisoformat(today) else "open"


def issued(issued_on: date | None) -> date:
    """Return the day of issue. Raises `RecordError` without one, and for one that can't be."""
    if issued_on is None:
        raise RecordError("date: the document has no issue date, and Fincome requires one; date it at the source")
    if issued_on.year < FIRST_YEAR:
        raise RecordError(f"date: {issued_on} is no day a document was issued on; correct it at the source")
    return issued_on


def invoice_lines(
    lines: Sequence[Line] | None,
    subscription: Subscription | None,
    issued_on: date | None,
    currency: str,
    discounts: str,
) -> list[dict[str, Any]]:
    """Return Fincome's lines. Raises `RecordError` for a document without lines, or a line that can't be expressed."""
    return [
        {
            **_common(each, subscription, currency),
            "amount_excluding_tax_after_discount": money(each.line.amount_before_tax, currency),
            "tax_amount": money(each.line.tax, currency),
            "discount_amount": _discount(each.line, currency, discounts),
            "quantity": plain(each.line.quantity),
        }
        for each in _billed(lines, subscription, issued_on)
    ]


def credit_note_lines(
    lines: Sequence[Line] | None,
    subscription: Subscription | None,
    issued_on: date | None,
    currency: str,
    id: str,
    invoice_id: str | None,
) -> list[dict[str, Any]]:
    """Return Fincome's lines of a credit note: together negative, whatever sign the source gives them.

    A line that counts against the others there still does.
    """
    found = _billed(lines, subscription, issued_on)
    sign = -1 if sum((each.line.amount_before_tax for each in found), ZERO) > 0 else 1
    return [
        {
            **_common(each, subscription, currency),
            "credit_note_id": id,
            "invoice_id": invoice_id,
            "amount": money(sign * each.line.amount_before_tax, currency),
            "tax_amount": money(sign * each.line.tax, currency),
            "discount_amount": money(ZERO, currency),
            "quantity": plain(abs(each.line.quantity)),
        }
        for each in found
    ]


def derived_periods(
    lines: Sequence[Line] | None, subscription: Subscription | None, issued_on: date | None
) -> list[str]:
    """Return the ids of the lines whose period the subscription's frequency tells, and not the ledger."""
    found = _billed(lines, subscription, issued_on)
    return [each.line.id for each in found if each.period is not None and not each.period.stated]


def beside_lines(lines: Sequence[Line] | None, amount_before_tax: Decimal, currency: str) -> str | None:
    """Return by how much a document differs from its lines, before tax; None when it is what they come to.

    Whether lines are after a discount on the whole document is not documented by ledgers: what differs is told.
    """
    of_lines = sum((line.amount_before_tax for line in lines or ()), ZERO)
    difference = abs(amount_before_tax) - abs(of_lines)
    return money(difference, currency) if difference else None


def reversed_amount(amount: Decimal, currency: str) -> str:
    """Return what a credit note comes to: negative, whatever sign the source gives it."""
    return money(-abs(amount), currency)


def _billed(lines: Sequence[Line] | None, subscription: Subscription | None, issued_on: date | None) -> list[Billed]:
    if lines is None:
        raise RecordError("lines: they could not be read, and Fincome takes amounts line by line; see the run's notes")
    if not lines:
        raise RecordError("lines: the document has none, and Fincome takes amounts line by line; add one at the source")
    goes = subscription is not None and SUBSCRIPTIONS.decide(subscription).verdict == "sync"
    return billed_lines(lines, subscription if goes else None, issued(issued_on))


def _common(each: Billed, subscription: Subscription | None, currency: str) -> dict[str, Any]:
    line, item, period = each
    of = item_id(subscription.id, item.id) if subscription is not None and item is not None else None
    return {
        "id": line.id,
        "subscription_id": of,
        "price_id": known_as(line.product_reference, line.product_id or "") or None,
        "product": line.product_id,
        "description": line.label or line.description or None,
        "currency_code": currency,
        "period_start": period.start.isoformat() if period else None,
        "period_end": period.end.isoformat() if period else None,
    }


def _discount(line: Line, currency: str, discounts: str) -> str:
    return discount(line, currency) if discounts == "real" else money(ZERO, currency)
