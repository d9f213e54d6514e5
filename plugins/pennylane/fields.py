"""How one field of Pennylane's JSON is read: exactly as the contract types it, or not at all.

Every reader takes the object and the field's name, raises `RecordError` for a value of another type, and lets
`KeyError` out for a field that isn't there; `told_plainly` turns that, and what the record model refuses, into
`RecordError`.
Types: spec components of GET /customers and GET /customer_invoices. Amounts are strings there, never numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal
from functools import wraps
from typing import TypeVar

from pydantic import ValidationError

from duebridge.core.api import Json, Raw, RecordError

T = TypeVar("T")

_number = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?").fullmatch
_SHOWN = 40
#: What `Amount` holds; `_WIDE` is wide enough for whatever `_number` lets through.
_DECIMALS = 10
_FINEST = Decimal("1e-10")
_WIDE = Context(prec=100)
#: Record fields named otherwise in Pennylane's JSON, for messages.
_NAMES = {
    "number": "invoice_number",
    "issued_on": "date",
    "due_on": "deadline",
    "amount": "currency_amount",
    "amount_before_tax": "currency_amount_before_tax",
    "tax": "currency_tax",
    "remaining": "remaining_amount_with_tax",
    "unit_price": "raw_currency_unit_price",
    "language": "billing_language",
    "country": "country_alpha2",
    "starts_on": "start",
    "ends_on": "finish",
    "next_on": "next_occurrence",
    "occurrences": "count",
}


def shortened(value: Json) -> str:
    """`value` as it may stand in a message: its first 40 characters."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def wrong(field: str, value: Json, expected: str) -> RecordError:
    """The error for a value that isn't `expected`."""
    return RecordError(f"{field} is {shortened(value)} where {expected} is expected; correct it in Pennylane")


def told_plainly(build: Callable[[Raw], T]) -> Callable[[Raw], T]:
    """Make a missing field or a refused value of `build` a `RecordError` that names the field."""

    @wraps(build)
    def told(raw: Raw) -> T:
        try:
            return build(raw)
        except KeyError as missing:
            raise RecordError(
                f"Pennylane's answer has no field {missing}; it can't be read without, so its API may have changed"
            ) from None
        except ValidationError as refused:
            first = refused.errors(include_url=False)[0]
            field = ".".join(_NAMES.get(str(step), str(step)) for step in first["loc"])
            raise RecordError(
                f"{field} is {shortened(first['input'])}: {first['msg']}; correct it in Pennylane"
            ) from None

    return told


def text(raw: Raw, field: str) -> str:
    """A string, as it is."""
    value = raw[field]
    if isinstance(value, str):
        return value
    raise wrong(field, value, "text")


def text_or_empty(raw: Raw, field: str) -> str:
    """A string as it is; "" for null or a missing field."""
    value = raw.get(field)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise wrong(field, value, "text")


def text_or_none(raw: Raw, field: str) -> str | None:
    """A string as it is; None for null or a missing field."""
    value = raw.get(field)
    if value is None or isinstance(value, str):
        return value
    raise wrong(field, value, "text or null")


def word_or_none(raw: Raw, field: str) -> str | None:
    """A string that means something; None for "", null or a missing field."""
    return text_or_none(raw, field) or None


def flag(raw: Raw, field: str) -> bool:
    """true or false."""
    value = raw[field]
    if value is True or value is False:
        return bool(value)
    raise wrong(field, value, "true or false")


def identifier(raw: Raw, field: str) -> str:
    """An integer id (or a non-empty string), as text."""
    value = raw[field]
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and value:
        return value
    # The spec types a line's product id as "number", so 3049.0 is within the contract.
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    raise wrong(field, value, "an id")


def linked_id(raw: Raw, field: str) -> str:
    """The id inside a link object `{"id": 42, "url": ...}`."""
    value = raw[field]
    if isinstance(value, dict):
        return identifier(value, "id")
    raise wrong(field, value, "an object with an id")


def linked(raw: Raw, field: str) -> str | None:
    """As `linked_id`; None for null or a missing field."""
    return None if raw.get(field) is None else linked_id(raw, field)


def amount(raw: Raw, field: str) -> str:
    """A decimal, still as its string: digits, at most one point, a leading minus; no comma, exponent or space."""
    value = raw[field]
    if isinstance(value, str) and _number(value):
        return value
    raise wrong(field, value, 'an amount like "1234.56"')


def amount_or_none(raw: Raw, field: str) -> str | None:
    """As `amount`; None for null."""
    return None if raw[field] is None else amount(raw, field)


def rate_or_none(raw: Raw, field: str) -> Decimal | str | None:
    """As `amount`, rounded to ten decimals; None for null or a missing field. For factors, which are not money."""
    if raw.get(field) is None:
        return None
    value = amount(raw, field)
    return value if len(value) <= _DECIMALS else Decimal(value).quantize(_FINEST, context=_WIDE)


def day_or_none(raw: Raw, field: str) -> str | None:
    """A date, still as its string YYYY-MM-DD; None for null. The model refuses days that don't exist."""
    value = raw[field]
    if value is None or (isinstance(value, str) and len(value) == 10 and value[4] == "-"):
        return value
    raise wrong(field, value, "a date like 2026-01-31")


def instant_or_none(raw: Raw, field: str) -> str | None:
    """An RFC 3339 instant, still as its string; None for null or a missing field. The model wants its offset."""
    value = raw.get(field)
    # Without the dash it could be a number of seconds, which the model would take.
    if value is None or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise wrong(field, value, "an instant like 2026-01-31T12:00:00Z")
