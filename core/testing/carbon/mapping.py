"""Which field of Carbon gets which field of a customer, an invoice or a credit note?

Amounts are whole numbers of the currency's smallest unit, dates `YYYY-MM-DD`. `reference` is our key, `@source` the
source connector's name. Pure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from duebridge.core.api import CreditNote, Customer, Invoice, Mapping, RecordError, computed, first, minor_units


def reference_of(source: str, kind: str, id: str) -> str:
    """Return our key for a record, as `Target.reference` has it."""
    return f"{source}-{kind}-{id}"


def _reference(kind: str) -> Any:
    return computed(
        lambda source, id: reference_of(source, kind, id), "@source", "id", says=f"{{source}}-{kind}-{{id}}"
    )


def _name(name: str, first_name: str, last_name: str, id: str) -> str:
    shown = name.strip() or f"{first_name} {last_name}".strip()
    if not shown:
        raise RecordError(f"name: customer {id} has no name, and Carbon requires one; name the customer at the source")
    return shown


def _owed_back(amount: Decimal, currency: str) -> int:
    return minor_units(abs(amount), currency)


_DOCUMENT: dict[str, Any] = {
    "customer_reference": computed(
        lambda source, id: reference_of(source, "customer", id),
        "@source",
        "customer_id",
        says="its customer's reference",
    ),
    "number": first("number", "label"),
    "issued_on": "issued_on",
    "currency": "currency",
}

CUSTOMER = Mapping(
    Customer,
    {
        "reference": _reference("customer"),
        "name": computed(_name, "name", "first_name", "last_name", "id", says="the company's or the person's name"),
        "email": computed(lambda emails: emails[0] if emails else None, "emails", says="the first one"),
    },
)

INVOICE = Mapping(
    Invoice,
    {
        "reference": _reference("invoice"),
        **_DOCUMENT,
        "due_on": "due_on",
        "amount": computed(minor_units, "amount", "currency", says="in the currency's smallest unit"),
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        "reference": _reference("credit_note"),
        **_DOCUMENT,
        "amount": computed(_owed_back, "amount", "currency", says="positive, in the currency's smallest unit"),
    },
)
