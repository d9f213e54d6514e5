"""Invoices as Harvest makes them, at random: discounts, two taxes, negative lines; amounts allocated to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from duebridge.core.api import CreditNote, Invoice, exponent

_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "CHF", "JPY", "TND", "CLP")
_QUANTITIES = ("0", "1", "1", "2", "3", "7", "0.25", "1.5", "13.37", "-1", "1000", "0.01")
_DISCOUNTS = ("0", "0", "0", "3.33", "10", "33.3", "100")
#: Most have a code of their own in France; 7.7 and 22.5 have none.
_TAXES = ("20", "20", "10", "5.5", "2.1", "0", "7.7")
_SECOND_TAXES = ("0", "0", "0", "0", "2.5")


def random_document(rng: Random, id: int) -> Invoice | CreditNote:
    """A finalised invoice, or a credit note when its total is negative."""
    currency = rng.choice(_CURRENCIES)
    unit = Decimal(1).scaleb(-exponent(currency))
    discount, tax, tax2 = (Decimal(rng.choice(rates)) for rates in (_DISCOUNTS, _TAXES, _SECOND_TAXES))
    items = [_item(rng, unit) for _ in range(rng.choice((1, 1, 2, 3, 5, 12, 30)))]
    amounts = [item["amount"] for item in items]
    off = _shares(amounts, discount, unit)
    nets = [amount - part for amount, part in zip(amounts, off, strict=True)]
    left = [amount * (1 - discount / 100) for amount in amounts]
    first, second = _tax(left, items, "taxed", tax, unit), _tax(left, items, "taxed2", tax2, unit)
    taxes = [one + other for one, other in zip(first, second, strict=True)]
    lines = tuple(
        _line(place, item, net, part, _rate(item, tax, tax2))
        for place, (item, net, part) in enumerate(zip(items, nets, taxes, strict=True), start=1)
    )
    before, taxed = sum(nets, Decimal(0)), sum(taxes, Decimal(0))
    values: dict[str, Any] = {
        "id": str(id),
        "customer_id": "1",
        "number": f"H-{id}",
        "status": "upcoming",
        "draft": False,
        "paid": rng.random() < 0.3,
        "currency": currency,
        "amount": before + taxed,
        "amount_before_tax": before,
        "tax": taxed,
        "issued_on": date(2026, 3, rng.randrange(1, 29)),
        "due_on": date(2026, 4, rng.randrange(1, 29)),
        "lines": lines,
    }
    return (CreditNote if before + taxed < 0 else Invoice).model_validate(values)


def _tax(
    left: Sequence[Decimal], items: Sequence[dict[str, Any]], flag: str, rate: Decimal, unit: Decimal
) -> list[Decimal]:
    """What each line bears of one of the two taxes."""
    return _shares([amount if item[flag] else Decimal(0) for amount, item in zip(left, items, strict=True)], rate, unit)


def _item(rng: Random, unit: Decimal) -> dict[str, Any]:
    quantity, price = Decimal(rng.choice(_QUANTITIES)), Decimal(rng.randrange(-40_000, 250_000)) * unit
    amount = (quantity * price).quantize(unit, ROUND_HALF_UP)
    return {"quantity": quantity, "amount": amount, "taxed": rng.random() < 0.9, "taxed2": rng.random() < 0.5}


def _shares(amounts: Sequence[Decimal], percent: Decimal, unit: Decimal) -> list[Decimal]:
    """`percent` of each amount in whole units, which together are `percent` of their sum, rounded once."""
    exact = [amount * percent / 100 for amount in amounts]
    floors = [(value // unit) * unit - (unit if value < 0 and value % unit else 0) for value in exact]
    total = sum(exact, Decimal(0)).quantize(unit, ROUND_HALF_UP)
    missing = int((total - sum(floors, Decimal(0))) / unit)
    by_rest = sorted(range(len(exact)), key=lambda place: floors[place] - exact[place])
    for place in by_rest[:missing]:
        floors[place] += unit
    assert sum(floors, Decimal(0)) == total
    return floors


def _rate(item: dict[str, Any], tax: Decimal, tax2: Decimal) -> Decimal:
    return (tax if item["taxed"] else Decimal(0)) + (tax2 if item["taxed2"] else Decimal(0))


def _line(place: int, item: dict[str, Any], net: Decimal, tax: Decimal, rate: Decimal) -> dict[str, Any]:
    return {
        "id": str(place),
        "label": f"Line {place}",
        "category": "Service" if place % 2 else "Product",
        "quantity": item["quantity"],
        "amount_before_tax": net,
        "tax": tax,
        "amount": net + tax,
        "tax_rate": rate,
    }
