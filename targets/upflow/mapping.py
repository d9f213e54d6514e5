"""Which field of Upflow gets which field of a customer, an invoice or a credit note?

Source: Upflow's page "Pennylane & Upflow", sections Clients, Native fields synced, Contacts, Invoices; body fields as
in the schemas of Upflow's REST API. Amounts are whole numbers of the currency's smallest unit, dates `YYYY-MM-DD`.
Everything here is pure; `@source` is the source connector's name, `@custom_fields` the usable custom field names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from typing import Any

from duebridge.core.api import (
    Address,
    CreditNote,
    Customer,
    Invoice,
    Mapping,
    RecordError,
    computed,
    minor_units,
)
from duebridge.targets.upflow.contacts import contacts_of
from duebridge.targets.upflow.references import credit_note_reference, customer_reference, invoice_reference

#: Upflow's custom fields for native fields: name -> type at Upflow, where the value comes from; in the page's order.
NATIVE_FIELDS: dict[str, tuple[str, str]] = {
    "Customer Type": ("SELECT", "customer_type"),
    "Plan Item": ("SELECT", "ledger_account.number"),
    "Notes": ("TEXT", "notes"),
    "Reference": ("TEXT", "reference"),
    "Payment conditions": ("TEXT", "payment_conditions"),
    "Recipient": ("TEXT", "recipient"),
}


def _name(customer_type: str, name: str, first_name: str, last_name: str) -> str:
    full = f"{first_name} {last_name}".strip() if customer_type == "individual" else ""
    shown = full or name.strip()
    if not shown:
        raise RecordError(
            "name: the customer has neither a company name nor a first or last name, and Upflow requires one; "
            "name the customer at the source"
        )
    return shown


def _filled(value: str | None) -> str | None:
    return value if value and not value.isspace() else None


def _address(address: Address | None) -> dict[str, str] | None:
    if address is None:
        return None
    parts: dict[str, str] = {}
    if address.address:
        parts["address"] = address.address
    if address.postal_code:
        parts["zipcode"] = address.postal_code
    if address.city:
        parts["city"] = address.city
    if address.state:
        parts["state"] = address.state
    if address.country:
        parts["country"] = address.country
    return parts or None


def _custom_field(name: str) -> Callable[[Collection[str] | None, str | None], str | None]:
    def read(known: Collection[str] | None, value: str | None) -> str | None:
        return value if value and known and name in known and not value.isspace() else None

    return read


def _issued_on(issued_on: date | None) -> str:
    if issued_on is None:
        raise RecordError("issuedAt: the document has no issue date, and Upflow requires one; date it at the source")
    return issued_on.isoformat()


def _due_date(due_on: date | None, issued_on: date | None) -> str | None:
    due = due_on or issued_on
    return due.isoformat() if due else None


def _custom_id(number: str | None, label: str | None, id: str) -> str:
    return _filled(number) or _filled(label) or f"draft-{id}"


def _credit(amount: Decimal, currency: str) -> int:
    return minor_units(abs(amount), currency)


#: What an invoice and a credit note have in common, in the page's words: reference, issue and due dates, total.
_DOCUMENT: dict[str, Any] = {
    "customId": computed(_custom_id, "number", "label", "id", says="the first one filled; draft-{id} when neither is"),
    "issuedAt": computed(_issued_on, "issued_on", says="required"),
    "dueDate": computed(_due_date, "due_on", "issued_on", says="the first one set"),
    "currency": "currency",
    "customer.externalId": computed(
        customer_reference, "@source", "customer_id", says="{source}-customer-{customer_id}"
    ),
}

CUSTOMER = Mapping(
    Customer,
    {
        "externalId": computed(customer_reference, "@source", "id", says="{source}-customer-{id}"),
        "name": computed(
            _name,
            "customer_type",
            "name",
            "first_name",
            "last_name",
            says="the company's name; an individual's first and last name",
        ),
        "vatNumber": computed(_filled, "vat_number", says="when filled"),
        "address": computed(
            _address, "billing_address", says="address, postal_code as zipcode, city, state, country when filled"
        ),
        **{
            f"customFields.{name}": computed(
                _custom_field(name), "@custom_fields", path, says="when Upflow has a custom field of this name"
            )
            for name, (_type, path) in NATIVE_FIELDS.items()
        },
        "contacts": computed(
            contacts_of,
            "@source",
            "id",
            "emails",
            "customer_type",
            "first_name",
            "last_name",
            says="one per address, the first one main, an individual's names on it",
        ),
    },
)

INVOICE = Mapping(
    Invoice,
    {
        "externalId": computed(invoice_reference, "@source", "id", says="{source}-invoice-{id}"),
        **_DOCUMENT,
        "grossAmount": computed(minor_units, "amount", "currency", says="in the currency's smallest unit"),
        "netAmount": computed(minor_units, "amount_before_tax", "currency", says="in the currency's smallest unit"),
    },
)

CREDIT_NOTE = Mapping(
    CreditNote,
    {
        "externalId": computed(credit_note_reference, "@source", "id", says="{source}-credit_note-{id}"),
        **_DOCUMENT,
        "grossAmount": computed(_credit, "amount", "currency", says="positive, in the currency's smallest unit"),
        "netAmount": computed(
            _credit, "amount_before_tax", "currency", says="positive, in the currency's smallest unit"
        ),
    },
)
