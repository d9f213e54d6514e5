"""What does Harvest compute of an invoice: amounts, due date, what is due, its state?

Lines are quantity × unit price; the discount is off their sum, both taxes are on what is left of their lines, the
second not on top of the first; each figure is rounded to the currency's decimals, halves up (which way Harvest rounds
halves is not established). Source: the examples of the document; facts of records seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from duebridge.core.api import RecordError, exponent

Data = dict[str, Any]

#: Days to pay by term; `custom` has its own date.
TERMS: Mapping[str, int] = {"upon receipt": 0, "net 15": 15, "net 30": 30, "net 45": 45, "net 60": 60}
#: What is computed, unless a control call gave it.
FIGURES = ("discount_amount", "tax_amount", "tax2_amount", "amount")
STATES = ("draft", "open", "paid", "closed")


def exact(value: Any) -> Decimal:
    """A JSON number as it is written; null is nothing."""
    return Decimal(0) if value is None else Decimal(str(value))


def rounded(value: Decimal, currency: str) -> float:
    """`value` in the currency's decimals; two for a currency nobody knows."""
    try:
        digits = exponent(currency)
    except RecordError:
        digits = 2
    return float(value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def compute(invoice: Data, payments: Iterable[Data], kept: Mapping[str, Any]) -> None:
    """Bring an invoice in line with its lines, percentages and payments; figures in `kept` stay as they were given."""
    currency = str(invoice["currency"])
    for line in invoice["line_items"]:
        line["amount"] = kept.get(
            f"line {line['id']}", rounded(exact(line["quantity"]) * exact(line["unit_price"]), currency)
        )
    figures = _figures(invoice, currency)
    for name in FIGURES:
        invoice[name] = kept.get(name, figures[name])
    _settle(invoice, list(payments), currency)
    term = invoice["payment_term"]
    if term in TERMS and invoice["issue_date"]:
        invoice["due_date"] = (date.fromisoformat(invoice["issue_date"]) + timedelta(days=TERMS[term])).isoformat()


def _figures(invoice: Data, currency: str) -> dict[str, float]:
    amounts = [exact(line["amount"]) for line in invoice["line_items"]]
    left = 1 - exact(invoice["discount"]) / 100

    def tax(rate: str, on: str) -> float:
        taxed = [exact(line["amount"]) for line in invoice["line_items"] if line[on]]
        return rounded(sum(taxed, Decimal(0)) * left * exact(invoice[rate]) / 100, currency)

    subtotal = sum(amounts, Decimal(0))
    found = {
        "discount_amount": rounded(subtotal * exact(invoice["discount"]) / 100, currency),
        "tax_amount": tax("tax", "taxed"),
        "tax2_amount": tax("tax2", "taxed2"),
    }
    total = subtotal - exact(found["discount_amount"]) + exact(found["tax_amount"]) + exact(found["tax2_amount"])
    return {**found, "amount": rounded(total, currency)}


def _settle(invoice: Data, payments: list[Data], currency: str) -> None:
    """What is due, and whether that settles it: a draft and a closed invoice stay what they are."""
    total = exact(invoice["amount"])
    due = total - sum((exact(payment["amount"]) for payment in payments), Decimal(0))
    invoice["due_amount"] = rounded(due, currency)
    if invoice["state"] not in ("open", "paid"):
        return
    settled = bool(payments) and (due == 0 or (due < 0) != (total < 0))
    invoice["state"] = "paid" if settled else "open"
    last = max(payments, key=lambda payment: str(payment["paid_at"])) if settled else None
    invoice["paid_at"] = last["paid_at"] if last else None
    invoice["paid_date"] = last["paid_date"] if last else None
