"""Invoices at random, as the JSON of Harvest's API: discounts, two taxes, lines of both signs, any rounding.

Each comes with what must become of it. Figures are made here, by Harvest's documented arithmetic: nothing of the
connector or its stand-in computes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, Literal

from duebridge.core.edge.payloads import encoded
from duebridge.plugins.harvest.sandbox import objects

Fate = Literal["imported", "draft", "inconsistent", "finer than the currency", "no VAT code"]

CLIENT = {"id": 5735776, "name": "123 Industries"}
_DECIMALS = {"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "CLP": 0, "XOF": 0, "TND": 3, "KWD": 3}
_CURRENCIES = ("EUR", "EUR", "EUR", *_DECIMALS)
_CENT = Decimal("0.01")
_QUANTITIES = ("0", "1", "1", "2", "3", "7", "0.25", "1.5", "13.37", "-1", "1000", "0.01")
_DISCOUNTS = ("0", "0", "0", "0", "3.33", "10", "33.3", "100")
#: The first tax and the second, on the same lines or on different ones.
_TAXES = (("20", "0"),) * 6 + (
    ("0", "0"),
    ("10", "0"),
    ("5.5", "0"),
    ("2.1", "0"),
    ("10", "10"),
    ("5.5", "4.5"),
    ("20", "10"),
    ("7.7", "0"),
    ("20", "2.5"),
)
#: What a French line may bear; there is no code for any other sum of the above.
_WITH_CODE = {Decimal(rate) for rate in ("0", "2.1", "5.5", "10", "20")}
#: Which way Harvest rounds is not told; a tax may also be rounded on each line.
_WAYS = (ROUND_HALF_UP, ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_FLOOR, ROUND_CEILING)
_FIGURES = ("discount_amount", "tax_amount", "tax2_amount")


@dataclass(frozen=True)
class Made:
    """An invoice as the API writes it, what must become of it, and the places of lines whose rate has no code."""

    json: bytes
    fate: Fate
    without_code: frozenset[int]


@dataclass(frozen=True)
class Item:
    """A line's amount, and which of the taxes are on it."""

    quantity: Decimal
    price: Decimal
    amount: Decimal
    taxed: bool
    taxed2: bool


def random_invoice(rng: Random, id: int) -> Made:
    """An invoice of any state; most are consistent, of rates that have a code."""
    currency = rng.choice(_CURRENCIES)
    unit = Decimal(1).scaleb(-_DECIMALS[currency])
    # Harvest may know two decimals alone, whatever the currency has
    step = _CENT if rng.random() < 0.15 else unit
    discount = Decimal(rng.choice(_DISCOUNTS))
    tax, tax2 = map(Decimal, rng.choice(_TAXES))
    rates = {"discount": discount, "tax": tax, "tax2": tax2}
    items = _items(rng, step)
    figures = _figures(rng, items, rates, step)
    wrong = step == unit and rng.random() < 0.08
    if wrong:
        _spoil(rng, figures, max(unit, _CENT) * 2 * (len(items) + 1))
    state = rng.choice(("open", "open", "paid", "closed", "draft" if rng.random() < 0.2 else "open"))
    lines = [_line(place, item) for place, item in enumerate(items, start=1)]
    without_code = _without_code(items, tax, tax2)
    values = {
        "number": f"H-{id}",
        "state": state,
        "currency": currency,
        "due_amount": Decimal(0) if state == "paid" else figures["amount"],
        "line_items": lines,
        **{name: rate or rng.choice((None, rate)) for name, rate in rates.items()},
        **figures,
    }
    day = f"2026-03-{rng.randrange(1, 29):02}"
    raw = objects.invoice(13150000 + id, f"{day}T09:00:00Z", CLIENT, day, **values)
    content = encoded(raw)
    assert isinstance(content, bytes)
    finer = any(figure % unit for figure in figures.values())
    return Made(content, _fate(state, finer=finer, wrong=wrong, coded=not without_code), without_code)


def _fate(state: str, *, finer: bool, wrong: bool, coded: bool) -> Fate:
    """What comes first: an invoice that can't be understood, one that isn't sent, one that can't be."""
    if finer or wrong:
        return "finer than the currency" if finer else "inconsistent"
    if state == "draft":
        return "draft"
    return "imported" if coded else "no VAT code"


def _items(rng: Random, step: Decimal) -> list[Item]:
    """Lines; each bears both taxes, or one of them. A few invoices have lines finer than what is rounded to."""
    both, rounds = rng.random() < 0.6, rng.random() > 0.05
    items = []
    for _ in range(rng.choice((1, 1, 2, 3, 5, 12, 30))):
        quantity, price = Decimal(rng.choice(_QUANTITIES)), Decimal(rng.randrange(-40_000, 250_000)) * step
        amount = quantity * price
        taxed, second = rng.random() < 0.9, rng.random() < 0.5
        item = Item(
            quantity,
            price,
            amount.quantize(step, ROUND_HALF_UP) if rounds else amount,
            taxed if both else not second,
            taxed if both else second,
        )
        items.append(item)
    return items


def _figures(rng: Random, items: Sequence[Item], rates: Mapping[str, Decimal], step: Decimal) -> dict[str, Decimal]:
    """amount = sum of lines - discount_amount + tax_amount + tax2_amount, each rounded in its own way."""
    subtotal = sum((item.amount for item in items), Decimal(0))
    left = 1 - rates["discount"] / 100
    off = (subtotal * rates["discount"] / 100).quantize(step, rng.choice(_WAYS))
    first = _tax(rng, [item.amount * left * rates["tax"] / 100 for item in items if item.taxed], step)
    second = _tax(rng, [item.amount * left * rates["tax2"] / 100 for item in items if item.taxed2], step)
    amount = (subtotal - off + first + second).quantize(step, ROUND_HALF_UP)
    return {"amount": amount, **dict(zip(_FIGURES, (off, first, second), strict=True))}


def _tax(rng: Random, exact: Sequence[Decimal], step: Decimal) -> Decimal:
    """A tax rounded once, or on each line."""
    way = rng.choice(_WAYS)
    if rng.random() < 0.2:
        return sum((share.quantize(step, way) for share in exact), Decimal(0))
    return sum(exact, Decimal(0)).quantize(step, way)


def _spoil(rng: Random, figures: dict[str, Decimal], least: Decimal) -> None:
    """Make one figure another one by `least` or more; the total goes with it half of the time."""
    name, by = rng.choice(("amount", *_FIGURES)), least * rng.choice((1, 2, 70, -1, -2, -70))
    figures[name] += by
    if name != "amount" and rng.random() < 0.5:
        figures["amount"] += -by if name == "discount_amount" else by


def _without_code(items: Sequence[Item], tax: Decimal, tax2: Decimal) -> frozenset[int]:
    """The places of lines whose rate has no code; lines of nothing aren't imported, unless there is one alone."""
    told = {place: item for place, item in enumerate(items, start=1) if item.quantity or item.amount}
    rates = {place: tax * item.taxed + tax2 * item.taxed2 for place, item in (told or {1: items[0]}).items()}
    return frozenset(place for place, rate in rates.items() if rate not in _WITH_CODE)


def _line(place: int, item: Item) -> dict[str, Any]:
    return objects.line(
        place,
        kind="Service" if place % 2 else "Product",
        description=f"Item {place}\r\nof many",
        quantity=item.quantity,
        unit_price=item.price,
        amount=item.amount,
        taxed=item.taxed,
        taxed2=item.taxed2,
    )
