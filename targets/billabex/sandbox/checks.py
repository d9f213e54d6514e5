"""What may a JSON body hold? Checks that return the value as it is stored, or refuse with 400 and name the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from duebridge.core.api import RecordError, exponent
from duebridge.targets.billabex.sandbox.refusal import invalid

Check = Callable[[Any, str], Any]

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_LARGEST = Decimal(10) ** 15


def text(value: Any, where: str) -> str:
    """Take any text that UTF-8 and a database can hold."""
    if not isinstance(value, str):
        invalid(f"{where} must be a string")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        invalid(f"{where} holds a character no database keeps")
    return value


def filled(value: Any, where: str) -> str:
    """Take text with something to read in it."""
    if not text(value, where).strip():
        invalid(f"{where} must not be empty")
    return str(value)


def email(value: Any, where: str) -> str:
    """Take an address with a full domain."""
    if len(text(value, where)) > 254 or not _EMAIL.fullmatch(value):
        invalid(f"{where} is not a valid e-mail address")
    return str(value)


def language(value: Any, where: str) -> str:
    """Take an ISO 639-1 code."""
    if not re.fullmatch(r"[a-z]{2}", text(value, where)):
        invalid(f"{where} is not an ISO 639-1 code")
    return str(value)


def currency(value: Any, where: str) -> str:
    """Take an ISO 4217 code in capitals."""
    try:
        exponent(text(value, where))
    except RecordError:
        invalid(f"{where} is not an ISO 4217 currency")
    return str(value)


def moment(value: Any, where: str) -> str:
    """Take an ISO 8601 date and time."""
    try:
        datetime.fromisoformat(text(value, where))
    except ValueError:
        invalid(f"{where} is not an ISO 8601 date and time")
    return str(value)


def amount(value: Any, where: str) -> Decimal:
    """Take a JSON number in major units, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        invalid(f"{where} must be a number, in major units")
    number = Decimal(value)
    if not 0 <= number < _LARGEST:
        invalid(f"{where} must not be negative, nor beyond reason")
    return number


def positive(value: Any, where: str) -> Decimal:
    """Take a JSON number above zero."""
    if (number := amount(value, where)) == 0:
        invalid(f"{where} must be above zero")
    return number


def day(value: Any, where: str) -> dict[str, int]:
    """Take `{year, month, day}`."""
    parts = shape({"year": whole, "month": whole, "day": whole}, "year", "month", "day")(value, where)
    try:
        date(parts["year"], parts["month"], parts["day"])
    except (ValueError, OverflowError):
        invalid(f"{where} is not a date of the calendar")
    return dict(parts)


def whole(value: Any, where: str) -> int:
    """Take a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        invalid(f"{where} must be a whole number")
    return value


def optional(check: Check) -> Check:
    """Take what `check` takes, or null."""
    return lambda value, where: None if value is None else check(value, where)


def list_of(check: Check) -> Check:
    """Take an array whose items all pass `check`."""

    def each(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            invalid(f"{where} must be an array")
        return [check(item, f"{where}.{position}") for position, item in enumerate(value)]

    return each


def shape(fields: Mapping[str, Check], *required: str) -> Check:
    """Take an object with these fields and no others, the required ones among them."""

    def checked(value: Any, where: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            invalid(f"{where or 'the body'} must be an object")
        if unknown := sorted(value.keys() - fields.keys()):
            invalid(f"unknown field {_place(where, unknown[0])}; known: {', '.join(sorted(fields))}")
        if absent := [name for name in required if value.get(name) is None]:
            invalid(f"{_place(where, absent[0])} is required")
        return {name: fields[name](item, _place(where, name)) for name, item in value.items()}

    return checked


def fits(number: Decimal, code: str, where: str) -> None:
    """Refuse an amount finer than its currency."""
    if number != round(number, exponent(code)):
        invalid(f"{where} has more decimals than {code} allows")


def _place(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


ADDRESS = shape(dict.fromkeys(("street", "city", "postalCode", "stateOrProvince", "country"), optional(text)))
CONTACT_FIELDS: Mapping[str, Check] = {"fullName": filled, "email": optional(email), "language": language}
CONTACT = shape(CONTACT_FIELDS, "fullName", "language")
SOURCE = shape({"connectionId": filled, "sourceId": filled, "lastUpdate": optional(moment)}, "connectionId", "sourceId")
_ACCOUNT: Mapping[str, Check] = {"fullName": filled, "currencyCode": currency, "billingAddress": optional(ADDRESS)}
ACCOUNT = shape(_ACCOUNT, "fullName", "currencyCode")
NEW_ACCOUNT = shape(
    {**_ACCOUNT, "organizationId": filled, "contacts": list_of(CONTACT), "source": optional(SOURCE)},
    "organizationId",
    "fullName",
    "currencyCode",
)
PAID = shape({"paidAmount": amount, "paidDate": optional(day)}, "paidAmount")
ALLOCATION = shape(
    {"creditNoteId": filled, "invoiceId": filled, "amount": positive}, "creditNoteId", "invoiceId", "amount"
)
REMOVAL = shape({"creditNoteId": filled, "invoiceId": filled}, "creditNoteId", "invoiceId")
