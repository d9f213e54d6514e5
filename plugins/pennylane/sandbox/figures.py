"""Which amounts does a document or a line have when only some were given?

Given texts are kept as they are, even those that tell no amount. Without any, it is 100 plus 20 % tax.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from duebridge.plugins.pennylane.sandbox.derive import amount, money

Data = dict[str, Any]

TOTAL, BEFORE, TAX = "currency_amount", "currency_amount_before_tax", "currency_tax"
#: Euros for one unit of a currency; made up, and stable.
RATES = {"EUR": "1.0", "USD": "0.92", "GBP": "1.17", "CHF": "1.04", "JPY": "0.0061", "TND": "0.29"}
_TAX_SHARE = Decimal(1) / 6  # of the total, at 20 %


def complete(given: Data, currency: str, current: Data | None = None) -> Data:
    """The total, the amount before tax and the tax, as text in `currency`; what is missing follows from the rest.

    `current` are the amounts so far: a total given alone keeps their share of tax.
    """
    texts = {name: str(given[name]) for name in (TOTAL, BEFORE, TAX) if given.get(name) is not None}
    if not texts:
        texts = {TOTAL: current[TOTAL] if current else money(Decimal(120), currency)}
        if current:
            return {name: current[name] for name in (TOTAL, BEFORE, TAX)}
    values = {name: amount(text) for name, text in texts.items()}
    if None in values.values():
        return {TOTAL: "120.00", BEFORE: "100.00", TAX: "20.00", **texts}
    known = {name: value for name, value in values.items() if value is not None}
    return {
        **{name: money(value, currency) for name, value in _solved(known, _share(current), currency).items()},
        **texts,
    }


def _share(current: Data | None) -> Decimal:
    total, tax = (amount(current[TOTAL]), amount(current[TAX])) if current else (None, None)
    return tax / total if total and tax is not None else _TAX_SHARE


def _solved(known: dict[str, Decimal], share: Decimal, currency: str) -> dict[str, Decimal]:
    """All three amounts; `share` is the tax's part of the total where only one is known."""
    total, before, tax = known.get(TOTAL), known.get(BEFORE), known.get(TAX)
    if total is None and before is not None:
        tax = Decimal(money(before * share / (1 - share), currency)) if tax is None else tax
        total = before + tax
    elif total is None:
        total = (tax or Decimal(0)) / share if share else Decimal(0)
    if tax is None:
        tax = Decimal(money(total * share, currency)) if before is None else total - before
    return {TOTAL: total, BEFORE: total - tax if before is None else before, TAX: tax}


def in_euros(figures: Data, exchange_rate: str) -> Data:
    """The `amount` and `tax` members: the same in euros."""
    rate = amount(exchange_rate) or Decimal(1)
    return {name: _euros(figures[source], rate) for name, source in (("amount", TOTAL), ("tax", TAX))}


def _euros(text: str, rate: Decimal) -> str:
    value = amount(text)
    return text if value is None else money(value * rate, "EUR")


def line_figures(given: Data, currency: str) -> Data:
    """The amounts of a line: given, or its quantity times its unit price, plus 20 % tax."""
    quantity, price = amount(given.get("quantity", "1")), amount(given.get("raw_currency_unit_price"))
    if not {TOTAL, BEFORE} & set(given) and quantity is not None and price is not None:
        given = {**given, BEFORE: money(quantity * price, currency)}
    return complete(given, currency)


def summed(lines: list[Data], currency: str) -> Data:
    """The totals of `lines`."""
    return {
        name: money(sum(((amount(line[name]) or Decimal(0)) for line in lines), Decimal(0)), currency)
        for name in (TOTAL, BEFORE, TAX)
    }
