"""How are amounts, quantities and unit prices written for an import: as text, exact, never as JSON numbers?

Source: spec, POST /customer_invoices/import (pattern of the amounts, six decimals of a unit price).
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from duebridge.core.api import RecordError, exponent

_PRICE = Decimal("0.000001")


def text_of(minor: int, currency: str) -> str:
    """Return `minor` units as an amount in the currency's own decimals: 12345 EUR is "123.45", 500 JPY is "500"."""
    digits = exponent(currency)
    sign, whole = ("-" if minor < 0 else ""), str(abs(minor)).zfill(digits + 1)
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"


def price_of(net: str, quantity: Decimal) -> str:
    """Return what one of `quantity` costs before tax, to six decimals: nothing is computed with it again."""
    with localcontext(prec=60):
        return plain((Decimal(net) / quantity).quantize(_PRICE))


def quantity_of(quantity: Decimal) -> str:
    """Return a quantity as it will stand in JSON. Raises `RecordError` for one that a JSON number can't tell."""
    if Decimal(repr(float(quantity))) != quantity:
        raise RecordError(
            f"its quantity {quantity} has more digits than can be sent; shorten the quantity at the source"
        )
    return plain(quantity)


def plain(value: Decimal) -> str:
    """Return `value` without an exponent and without zeros at its end."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
