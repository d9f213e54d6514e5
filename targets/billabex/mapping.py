"""Which field of Billabex gets which field of a customer, an invoice or a credit note?

Source: Billabex's page "Connect Pennylane"; body fields as in Billabex's own NetSuite connector. Amounts are decimals
in major units with the currency's decimals, as text; dates `{year, month, day}`. `account` and `credits` are our keys:
the target puts Billabex's ids in their place. Pure; `@source` is the source connector's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from duebridge.core.api import (
    ZERO,
    Address,
    Credit,
    CreditNote,
    Customer,
    Invoice,
    Mapping,
    RecordError,
    computed,
    exponent,
    minor_units,
    settled_by_money,
)
from duebridge.targets.billabex.contacts import contacts_of, without_address
from duebridge.targets.billabex.references import credit_note_reference, customer_reference, invoice_reference

_SETTLED = frozenset({"paid", "cancelled"})


def decimal_text(amount: Decimal, currency: str) -> str:
    """`amount` with the currency's decimals (`1440.00`). Raises `RecordError` for a finer one: nothing is rounded."""
    return str(Decimal(minor_units(amount, currency)).scaleb(-exponent(currency)))


def _paid(
    total: Decimal, remaining: Decimal | None, credits: Sequence[Credit], status: str, paid: bool, currency: str
) -> str:
    """What was settled by money, at most what its credit notes leave of it: those settle it by themselves."""
    linked = sum((credit.amount for credit in credits), ZERO)
    money = settled_by_money(total, remaining, linked, paid=paid or status in _SETTLED)
    return decimal_text(min(money, max(ZERO, total - linked)), currency)


def _name(customer_type: str, name: str, first_name: str, last_name: str) -> str:
    full = f"{first_name} {last_name}".strip() if customer_type == "individual" else ""
    shown = full or name.strip()
    if not shown:
        raise RecordError(
            "fullName: the customer has neither a company name nor a first or last name, and Billabex requires one; "
            "name the customer at the source"
        )
    return shown


def _address(address: Address | None) -> dict[str, str] | None:
    if address is None:
        return None
    parts = {
        "street": address.address,
        "city": address.city,
        "postalCode": address.postal_code,
        "stateOrProvince": address.state,
        "country": address.country,
    }
    return {name: value for name, value in parts.items() if value} or None


def _number(number: str | None) -> str:
    if number is None or not number.strip():
        raise RecordError("number: the document has none, and Billabex requires one; number it at the source")
    return number


def day(value: date) -> dict[str, int]:
    """A date as Billabex writes it."""
    return {"year": value.year, "month": value.month, "day": value.day}


def _issued(issued_on: date | None) -> dict[str, int]:
    if issued_on is None:
        raise RecordError(
            "issuedDate: the document has no issue date, and Billabex requires one; date it at the source"
        )
    return day(issued_on)


def _due(due_on: date | None, issued_on: date | None) -> dict[str, int]:
    return day(due_on) if due_on is not None else _issued(issued_on)


def _owed_back(amount: Decimal, currency: str) -> str:
    return decimal_text(abs(amount), currency)


def _credits(source: str, credits: Sequence[Credit]) -> list[str] | None:
    return [credit_note_reference(source, credit.credit_note_id) for credit in credits] or None


_MAJOR = "in major units, never rounded"

_DOCUMENT: dict[str, Any] = {
    "account": computed(
        customer_reference, "@source", "customer_id", says="{source}-customer-{customer_id}; goes as accountId"
    ),
    "number": computed(_number, "number", says="required"),
    "issuedDate": computed(_issued, "issued_on", says="required; year, month, day"),
}

CUSTOMER = Mapping(
    Customer,
    {
        "sourceId": computed(
            customer_reference, "@source", "id", says="{source}-customer-{id}; the account's source link"
        ),
        "fullName": computed(
            _name,
            "customer_type",
            "name",
            "first_name",
            "last_name",
            says="the company's name; an individual's first and last name",
        ),
        "currencyCode": "@currency",
        "billingAddress": computed(
            _address, "billing_address", says="street, city, postalCode, stateOrProvince, country when filled"
        ),
        "contacts": computed(
            contacts_of,
            "emails",
            "contacts",
            "language",
            "@override_email",
            says="one per address, with name and language (fr when missing); every address the override, if one is set",
        ),
        "withoutAddress": computed(
            without_address, "contacts", says="who is left out for want of an address; a note, not sent"
        ),
    },
)

INVOICE = Mapping(
    Invoice,
    {
        "sourceId": computed(invoice_reference, "@source", "id", says="{source}-invoice-{id}"),
        **_DOCUMENT,
        "dueDate": computed(_due, "due_on", "issued_on", says="the first one set; year, month, day"),
        "totalAmount": computed(decimal_text, "amount", "currency", says=f"tax included, {_MAJOR}"),
        "taxAmount": computed(decimal_text, "tax", "currency", says=_MAJOR),
        "paidAmount": computed(
            _paid,
            "amount",
            "remaining",
            "credits",
            "status",
            "paid",
            "currency",
            says="settled by money: what is no longer owed, less what its credit notes at Billabex take",
        ),
        "credits": computed(
            _credits, "@source", "credits", says="the credit notes it is credited by, whose allocations stay; not sent"
        ),
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        "sourceId": computed(credit_note_reference, "@source", "id", says="{source}-credit_note-{id}"),
        **_DOCUMENT,
        "totalAmount": computed(_owed_back, "amount", "currency", says=f"tax included, positive, {_MAJOR}"),
        "taxAmount": computed(_owed_back, "tax", "currency", says=f"positive, {_MAJOR}"),
    },
)
