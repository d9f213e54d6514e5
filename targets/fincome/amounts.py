"""How is a number written in a payload? As exact text; it becomes a JSON number or a cell when it is sent.

Amounts are in major units of the document's currency, with its decimals; nothing is converted and nothing rounded but
what says so.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from duebridge.core.api import ZERO, Line, RecordError, exponent, minor_units


def money(amount: Decimal, currency: str) -> str:
    """Return `amount` with the decimals of `currency`: `1200.00`. Raises `RecordError` for a finer one."""
    minor_units(amount, currency)
    return kept_exactly(_rounded(amount, currency), currency)


def rounded(amount: Decimal, currency: str) -> str:
    """Return `amount` rounded half up to the smallest unit of `currency`: for figures nobody owes."""
    return kept_exactly(_rounded(amount, currency), currency)


def plain(number: Decimal) -> str:
    """Return a number that is no sum of money as it is, without zeros at its end: `1.5`."""
    return kept_exactly(number.normalize() + ZERO if number else ZERO)


def kept_exactly(number: Decimal, currency: str = "") -> str:
    """Return `number` as text. Raises `RecordError` when a number of JSON or of a cell would not keep it."""
    text = f"{number:f}"
    if Decimal(repr(float(text))) != number:
        raise _too_long(f"{text} {currency}".rstrip())
    return text


def discount(line: Line, currency: str) -> str:
    """Return what was taken off `line`, before tax, rounded half up where it is a percentage.

    Raises `RecordError` when a percentage leaves nothing and no unit price tells of how much.
    """
    if line.discount is None:
        return money(ZERO, currency)
    if line.discount.kind == "absolute":
        return rounded(line.discount.value, currency)
    return rounded(_full_price(line, line.discount.value) - line.amount_before_tax, currency)


def _full_price(line: Line, percent: Decimal) -> Decimal:
    if line.unit_price is not None:
        return line.unit_price * line.quantity
    if percent == 100:
        raise RecordError(
            f"line {line.label or line.id!r}: all of it is taken off, and no unit price tells how much that is"
        )
    return line.amount_before_tax * 100 / (100 - percent)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    smallest = Decimal(1).scaleb(-exponent(currency))
    try:
        return amount.quantize(smallest, ROUND_HALF_UP) + ZERO
    except InvalidOperation:
        raise _too_long(f"{amount:f} {currency}") from None


def _too_long(number: str) -> RecordError:
    return RecordError(f"{number} has more digits than Fincome's numbers keep; correct it at the source")
