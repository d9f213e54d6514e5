"""What a Pennylane object becomes: its JSON -> a canonical record. Pure.

The source adds what it fetched beside the object under keys the product doesn't use: `_ledger_account`
({"id", "number", "label"}), `_contacts` and `_lines` (lists), `_customer_reference`, `_subscription` (a subscription);
without them the record's field is None or empty.
Sources: spec, GET /customers, /customers/{id}/contacts, /customer_invoices, /customer_invoices/{id}/invoice_lines.
"""

from __future__ import annotations

from typing import Any

from duebridge.core.api import (
    Address,
    Contact,
    CreditNote,
    Customer,
    Invoice,
    Json,
    LedgerAccount,
    Raw,
    Record,
    RecordError,
    Subscription,
)
from duebridge.plugins.pennylane.catalogue import subscription
from duebridge.plugins.pennylane.fields import (
    amount,
    amount_or_none,
    day_or_none,
    flag,
    identifier,
    instant_or_none,
    linked,
    linked_id,
    rate_or_none,
    text,
    text_or_empty,
    text_or_none,
    told_plainly,
    word_or_none,
    wrong,
)
from duebridge.plugins.pennylane.line_items import lines_of, objects


def is_credit_note(raw: Raw) -> bool:
    """Whether a row of the invoice list is a credit note: it credits an invoice, says so, or is negative.

    No field of the API tells (a linked one has the status `cancelled`). An amount that isn't one counts as an invoice,
    which `invoice` then rejects.
    """
    if raw.get("credited_invoice") is not None or raw.get("status") == "credit_note":
        return True
    try:
        value = amount(raw, "currency_amount")
    except (KeyError, RecordError):
        return False
    return value[0] == "-" and value.strip("-.0") != ""


def document_type(raw: Raw) -> type[Record]:
    """`CreditNote` or `Invoice`."""
    return CreditNote if is_credit_note(raw) else Invoice


@told_plainly
def customer(raw: Raw) -> Customer:
    """A row of GET /customers -> `Customer`. Raises `RecordError`."""
    customer_id = identifier(raw, "id")
    return Customer.model_validate(
        {
            "id": customer_id,
            "customer_type": text(raw, "customer_type"),
            "name": text(raw, "name"),
            "first_name": text_or_empty(raw, "first_name"),
            "last_name": text_or_empty(raw, "last_name"),
            "emails": _emails(raw["emails"]),
            "contacts": tuple(_contact(customer_id, each) for each in objects(raw, "_contacts")),
            "phone": text_or_empty(raw, "phone"),
            "recipient": text_or_empty(raw, "recipient"),
            "reference": text_or_none(raw, "reference"),
            "notes": text_or_none(raw, "notes"),
            "payment_conditions": text_or_none(raw, "payment_conditions"),
            "external_reference": word_or_none(raw, "external_reference"),
            "vat_number": text_or_empty(raw, "vat_number"),
            "reg_no": text_or_empty(raw, "reg_no"),
            "language": text_or_none(raw, "billing_language"),
            "ledger_account": _ledger_account(raw.get("_ledger_account")),
            "billing_address": _address(raw, "billing_address"),
            "delivery_address": _address(raw, "delivery_address"),
            "created_at": instant_or_none(raw, "created_at"),
            "updated_at": instant_or_none(raw, "updated_at"),
        }
    )


@told_plainly
def invoice(raw: Raw) -> Invoice:
    """A row of GET /customer_invoices -> `Invoice`; `remaining` with tax, as given. Raises `RecordError`."""
    return Invoice.model_validate(_document(raw))


@told_plainly
def credit_note(raw: Raw) -> CreditNote:
    """A row of GET /customer_invoices -> `CreditNote`; amounts keep their sign, `remaining` loses it.

    Which sign Pennylane gives the remaining amount of a credit note is not documented. Raises `RecordError`.
    """
    values = _document(raw)
    # Required: without the field a linked credit note would pass for an unlinked one.
    values["invoice_id"] = None if raw["credited_invoice"] is None else linked_id(raw, "credited_invoice")
    if values["remaining"] is not None:
        values["remaining"] = values["remaining"].removeprefix("-")
    return CreditNote.model_validate(values)


def _document(raw: Raw) -> dict[str, Any]:
    """Text is passed as it is, for the model to check: this runs for every invoice of a crawl."""
    return {
        "id": identifier(raw, "id"),
        "customer_id": _customer_id(raw),
        "customer_reference": word_or_none(raw, "_customer_reference"),
        "number": None if (number := raw["invoice_number"]) == "" else number,
        "label": raw.get("label"),
        "status": raw["status"],
        "draft": flag(raw, "draft"),
        "paid": flag(raw, "paid"),
        "archived_at": None if raw["archived_at"] is None else instant_or_none(raw, "archived_at"),
        "currency": raw["currency"],
        "amount": amount(raw, "currency_amount"),
        "amount_before_tax": amount(raw, "currency_amount_before_tax"),
        "tax": amount(raw, "currency_tax"),
        "remaining": amount_or_none(raw, "remaining_amount_with_tax"),
        "exchange_rate": rate_or_none(raw, "exchange_rate"),
        "issued_on": day_or_none(raw, "date"),
        "due_on": day_or_none(raw, "deadline"),
        "external_reference": None if (reference := raw.get("external_reference")) == "" else reference,
        "subscription_id": linked(raw, "billing_subscription"),
        "subscription": _subscription(raw.get("_subscription")),
        "e_invoicing_status": _e_invoicing(raw.get("e_invoicing")),
        "has_file": raw.get("public_file_url") is not None,
        "lines": lines_of(raw),
        "created_at": instant_or_none(raw, "created_at"),
        "updated_at": instant_or_none(raw, "updated_at"),
    }


def _customer_id(raw: Raw) -> str:
    if raw["customer"] is None:
        raise RecordError("it has no customer, so nobody owes it; choose its customer in Pennylane")
    return linked_id(raw, "customer")


def _subscription(value: Json) -> Subscription | None:
    if value is None:
        return None
    try:
        return subscription(value)
    except RecordError as refused:
        raise RecordError(f"the subscription that made it: {refused}") from None


def _e_invoicing(value: Json) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong("e_invoicing", value, "an object or null")
    return text_or_none(value, "status")


def _emails(values: Json) -> tuple[str, ...]:
    """Stripped, in order, without blanks and without an address again in other capitals."""
    if not isinstance(values, list):
        raise wrong("emails", values, "a list")
    kept: dict[str, str] = {}
    for value in values:
        if not isinstance(value, str):
            raise wrong("emails", value, "an address")
        address = value.strip()
        if address:
            kept.setdefault(address.casefold(), address)
    return tuple(kept.values())


def _address(raw: Raw, field: str) -> Address | None:
    value = raw.get(field)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong(field, value, "an object or null")
    parts = {
        "address": text_or_empty(value, "address"),
        "postal_code": text_or_empty(value, "postal_code"),
        "city": text_or_empty(value, "city"),
        "country": text_or_empty(value, "country_alpha2"),
    }
    return Address.model_validate(parts) if any(part.strip() for part in parts.values()) else None


def _ledger_account(value: Json) -> LedgerAccount | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong("ledger_account", value, "an object or null")
    return LedgerAccount.model_validate(
        {
            "id": identifier(value, "id"),
            "number": text_or_none(value, "number"),
            "label": text_or_none(value, "label"),
        }
    )


def _contact(customer_id: str, raw: Raw) -> Contact:
    return Contact.model_validate(
        {
            "id": identifier(raw, "id"),
            "customer_id": customer_id,
            "email": text_or_empty(raw, "email").strip(),
            "first_name": text_or_empty(raw, "first_name"),
            "last_name": text_or_empty(raw, "last_name"),
            "phone": text_or_empty(raw, "telephone_number") or text_or_empty(raw, "mobile_number"),
            "role": text_or_empty(raw, "role"),
        }
    )
