"""How is one field of Harvest's JSON read? As the contract types it, or not at all.

Every reader takes the object and the field's name, raises `RecordError` for a value of another type, and lets
`KeyError` out for a field that isn't there; `told_plainly` turns that, and what the record model refuses, into
`RecordError`. Amounts are JSON numbers, `int` or `Decimal` (289 as well as 288.9). Types: spec, components.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import TypeVar

from pydantic import ValidationError

from duebridge.core.api import ZERO, Json, Raw, RecordError

T = TypeVar("T")

_SHOWN = 40
#: Beyond these powers of ten an amount is nobody's; within them sums are exact in 28 digits.
_LARGEST, _FINEST = 15, -10
#: Record fields named otherwise in Harvest's JSON, for messages.
_NAMES = {"issued_on": "issue_date", "due_on": "due_date", "remaining": "due_amount", "label": "subject"}


def shortened(value: Json) -> str:
    """`value` as it may stand in a message: its first 40 characters."""
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def wrong(field: str, value: Json, expected: str) -> RecordError:
    """The error for a value that isn't `expected`."""
    return RecordError(f"{field} is {shortened(value)} where {expected} is expected; correct it in Harvest")


def told_plainly(build: Callable[[Raw], T]) -> Callable[[Raw], T]:
    """Make a missing field or a refused value of `build` a `RecordError` that names the field."""

    @wraps(build)
    def told(raw: Raw) -> T:
        try:
            return build(raw)
        except KeyError as missing:
            raise RecordError(
                f"Harvest's answer has no field {missing}; it can't be read without, so its API may have changed"
            ) from None
        except ValidationError as refused:
            first = refused.errors(include_url=False)[0]
            field = ".".join(_NAMES.get(str(step), str(step)) for step in first["loc"])
            raise RecordError(
                f"{field} is {shortened(first['input'])}: {first['msg']}; correct it in Harvest"
            ) from None

    return told


def identifier(raw: Raw, field: str) -> str:
    """An integer id, as text."""
    value = raw[field]
    if type(value) is int:
        return str(value)
    raise wrong(field, value, "an id")


def linked_id(raw: Raw, field: str) -> str:
    """The id inside `{"id": 42, "name": ...}`."""
    value = raw[field]
    if isinstance(value, dict):
        return identifier(value, "id")
    raise wrong(field, value, "an object with an id")


def text_or_empty(raw: Raw, field: str) -> str:
    """A string as it is; "" for null or a missing field."""
    value = raw.get(field)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise wrong(field, value, "text")


def flag(raw: Raw, field: str) -> bool:
    """true or false; null and a missing field are false."""
    value = raw.get(field)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise wrong(field, value, "true or false")


def amount(raw: Raw, field: str) -> Decimal:
    """A JSON number, exact."""
    value = raw[field]
    if type(value) is int and abs(value) < 10**_LARGEST:
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and _holds(value):
        return value
    raise wrong(field, value, "an amount like 1234.56")


def amount_or_zero(raw: Raw, field: str) -> Decimal:
    """As `amount`; 0 for null or a missing field, which is how Harvest says that there is no tax or discount."""
    return ZERO if raw.get(field) is None else amount(raw, field)


def day_or_none(raw: Raw, field: str) -> str | None:
    """A date, still as its string YYYY-MM-DD; None for null or a missing field. The model refuses days that aren't."""
    value = raw.get(field)
    if value is None or (isinstance(value, str) and len(value) == 10 and value[4] == "-"):
        return value
    raise wrong(field, value, "a date like 2026-01-31")


def instant_or_none(raw: Raw, field: str) -> str | None:
    """An instant, still as its string; None for null or a missing field. The model wants its offset."""
    value = raw.get(field)
    # Without the dash it could be a number of seconds, which the model would take.
    if value is None or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise wrong(field, value, "an instant like 2026-01-31T12:00:00Z")


def objects(raw: Raw, field: str) -> list[Raw]:
    """A list of objects; none for null or a missing field."""
    value = raw.get(field)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise wrong(field, value, "a list of objects")


def _holds(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _FINEST and value.adjusted() < _LARGEST
