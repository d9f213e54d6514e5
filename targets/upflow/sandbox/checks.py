"""What may a JSON body hold? Checks of single values, and shapes that put them together.

A check takes the value and where it stands ("contacts.0.email"), returns it as it will be stored, or raises a 400
`Refusal` that names the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duebridge.targets.upflow.sandbox.currencies import CURRENCIES
from duebridge.targets.upflow.sandbox.refusal import invalid

Check = Callable[[Any, str], Any]
Object = dict[str, Any]

#: The largest integer every JSON reader holds exactly.
LARGEST = 2**53 - 1

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def text(value: Any, where: str) -> str:
    """Take any text that UTF-8 and a database can hold."""
    if not isinstance(value, str):
        invalid(f"{where} must be a string")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        invalid(f"{where} holds a lone surrogate")
    if "\0" in value:
        invalid(f"{where} holds a NUL character")
    return value


def filled(value: Any, where: str) -> str:
    """Take text with something to read in it."""
    if not text(value, where).strip():
        invalid(f"{where} must not be empty")
    return str(value)


def flag(value: Any, where: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        invalid(f"{where} must be true or false")
    return value


def whole(value: Any, where: str) -> int:
    """Take an integer, as JSON integer: neither 12.0 nor true."""
    if not isinstance(value, int) or isinstance(value, bool):
        invalid(f"{where} must be an integer, in the currency's smallest unit")
    if not -LARGEST <= value <= LARGEST:
        invalid(f"{where} is out of range")
    return value


def amount(value: Any, where: str) -> int:
    """Take an amount in the smallest unit, zero or more."""
    if whole(value, where) < 0:
        invalid(f"{where} must not be negative")
    return int(value)


def positive(value: Any, where: str) -> int:
    """Take an amount in the smallest unit, above zero."""
    if whole(value, where) <= 0:
        invalid(f"{where} must be above zero")
    return int(value)


def currency(value: Any, where: str) -> str:
    """Take an ISO 4217 code in capitals."""
    if text(value, where) not in CURRENCIES:
        invalid(f"{where} is not an ISO 4217 currency: {value!r}")
    return str(value)


def moment(value: Any, where: str) -> str:
    """Take `YYYY-MM-DD` or an ISO 8601 date and time, as text."""
    if not _DATE.fullmatch(text(value, where)):
        invalid(f"{where} is neither YYYY-MM-DD nor an ISO 8601 date and time: {value!r}")
    try:
        datetime.fromisoformat(value)
    except ValueError:
        invalid(f"{where} is not a date of the calendar: {value!r}")
    return str(value)


def email(value: Any, where: str) -> str:
    """Take an address with a full domain."""
    if len(text(value, where)) > 254 or not _EMAIL.fullmatch(value):
        invalid(f"{where} is not a valid e-mail address: {value!r}")
    return str(value)


def one_of(*words: str) -> Check:
    """Take one of `words`."""

    def check(value: Any, where: str) -> str:
        if text(value, where) not in words:
            invalid(f"{where} must be one of {', '.join(words)}, not {value!r}")
        return str(value)

    return check


def nullable(check: Check) -> Check:
    """Take what `check` takes, or null, which clears the field."""
    return lambda value, where: None if value is None else check(value, where)


def list_of(check: Check) -> Check:
    """Take an array whose items all pass `check`."""

    def each(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            invalid(f"{where} must be an array")
        return [check(item, f"{where}.{position}") for position, item in enumerate(value)]

    return each


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these fields and no others; an instance is itself a check."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def __call__(self, value: Any, where: str = "") -> Object:
        """Return `value` checked, all required fields there."""
        checked = self.given(value, where)
        for name in self.required:
            if name not in checked:
                invalid(f"{_place(where, name)} is required")
        return checked

    def given(self, value: Any, where: str = "") -> Object:
        """Return `value` checked, whatever is left out."""
        if not isinstance(value, dict):
            invalid(f"{where or 'the body'} must be an object")
        fields = self.fields
        checked: Object = {}
        for name, item in value.items():
            check = fields.get(name)
            if check is None:
                invalid(f"unknown field {_place(where, name)}; known: {', '.join(sorted(fields))}")
            checked[name] = check(item, _place(where, name))
        return checked


def _place(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


_REFERENCE = Shape({"id": filled, "externalId": filled})


def reference(value: Any, where: str) -> Object:
    """Take `{id}` or `{externalId}`, or both."""
    if not (checked := _REFERENCE(value, where)):
        invalid(f"{where} must hold an id or an externalId")
    return checked
