"""What does a Harvest object become? Its JSON -> a canonical record. Pure.

The source adds what it knows beside the object, under keys the product doesn't use: `_today` (the company's day, ISO),
`_contacts` (a client's, in order of id), `_categories` {name: {"id", "use_as_service"}}, `_invoice` (a payment's).
Sources: spec, components Client, Contact, Invoice, InvoiceLineItem, InvoiceItemCategory, InvoicePayment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from duebridge.core.api import (
    ZERO,
    Contact,
    CreditNote,
    Customer,
    Discount,
    Invoice,
    Json,
    Payment,
    Product,
    Raw,
    Record,
    RecordError,
)
from duebridge.plugins.harvest.addresses import address_of
from duebridge.plugins.harvest.fields import (
    amount,
    amount_or_zero,
    day_or_none,
    flag,
    identifier,
    instant_or_none,
    linked_id,
    objects,
    text_or_empty,
    told_plainly,
    wrong,
)
from duebridge.plugins.harvest.totals import Item, Share, Totals, shares

#: Categories used for billable hours count them.
_HOUR = "hour"


def document_type(raw: Raw) -> type[Record]:
    """`CreditNote` for a negative total, else `Invoice`: Harvest has no credit notes of its own.

    An amount that isn't one counts as an invoice, which `invoice` then rejects.
    """
    try:
        return CreditNote if amount(raw, "amount") < 0 else Invoice
    except (KeyError, RecordError):
        return Invoice


@told_plainly
def customer(raw: Raw) -> Customer:
    """A client -> `Customer`. Raises `RecordError`."""
    client_id = identifier(raw, "id")
    contacts = tuple(_contact(client_id, each) for each in objects(raw, "_contacts"))
    return Customer.model_validate(
        {
            "id": client_id,
            "customer_type": "company",
            "name": text_or_empty(raw, "name").strip(),
            "emails": _emails(contacts),
            "contacts": contacts,
            "external_reference": client_id,
            "billing_address": address_of(text_or_empty(raw, "address")),
            "created_at": instant_or_none(raw, "created_at"),
            "updated_at": instant_or_none(raw, "updated_at"),
        }
    )


@told_plainly
def invoice(raw: Raw) -> Invoice:
    """An invoice -> `Invoice`. Raises `RecordError`, also for totals that its lines don't make."""
    return Invoice.model_validate(_document(raw))


@told_plainly
def credit_note(raw: Raw) -> CreditNote:
    """An invoice with a negative total -> `CreditNote`, linked to none; only `remaining` loses its sign."""
    values = _document(raw)
    values["remaining"] = abs(values["remaining"])
    return CreditNote.model_validate(values)


@told_plainly
def product(raw: Raw) -> Product:
    """A category of lines -> `Product`: what is sold, as far as Harvest names it. Raises `RecordError`."""
    category_id = identifier(raw, "id")
    return Product.model_validate(
        {
            "id": category_id,
            "label": text_or_empty(raw, "name").strip(),
            "external_reference": category_id,
            "unit": _HOUR if flag(raw, "use_as_service") else None,
            "created_at": instant_or_none(raw, "created_at"),
            "updated_at": instant_or_none(raw, "updated_at"),
        }
    )


@told_plainly
def payment(raw: Raw) -> Payment:
    """A payment of an invoice -> `Payment`. Raises `RecordError`."""
    paid = raw["_invoice"]
    return Payment.model_validate(
        {
            "id": identifier(raw, "id"),
            "customer_id": linked_id(paid, "client"),
            "invoice_id": identifier(paid, "id"),
            "currency": paid["currency"],
            "amount": amount(raw, "amount"),
            "paid_on": day_or_none(raw, "paid_date"),
            "label": text_or_empty(raw, "notes").strip(),
        }
    )


def _document(raw: Raw) -> dict[str, Any]:
    state, total, due = raw["state"], amount(raw, "amount"), amount(raw, "due_amount")
    if not isinstance(state, str):
        raise wrong("state", state, "draft, open, paid or closed")
    tax = amount_or_zero(raw, "tax_amount") + amount_or_zero(raw, "tax2_amount")
    return {
        "id": identifier(raw, "id"),
        "customer_id": _client_id(raw),
        "customer_reference": _client_id(raw),
        "number": text_or_empty(raw, "number").strip() or None,
        "label": text_or_empty(raw, "subject").strip() or None,
        "status": _status(raw, state, total, due),
        "draft": state == "draft",
        "paid": state in ("paid", "closed"),
        "written_off": state == "closed",
        "currency": raw["currency"],
        "amount": total,
        "amount_before_tax": total - tax,
        "tax": tax,
        "remaining": ZERO if state == "closed" else due,
        "issued_on": day_or_none(raw, "issue_date"),
        "due_on": day_or_none(raw, "due_date"),
        "external_reference": identifier(raw, "id"),
        "has_file": bool(text_or_empty(raw, "client_key")),
        "lines": _lines(raw, total),
        "created_at": instant_or_none(raw, "created_at"),
        "updated_at": instant_or_none(raw, "updated_at"),
    }


def _client_id(raw: Raw) -> str:
    if raw["client"] is None:
        raise RecordError("it has no client, so nobody owes it; choose its client in Harvest")
    return linked_id(raw, "client")


def _status(raw: Raw, state: str, total: Decimal, due: Decimal) -> str:
    """The word of `DOCUMENT_STATUSES` for an invoice in this state; a state nobody knows passes as it is."""
    if state != "open":
        return "paid" if state == "closed" else state
    if total < 0:
        return "credit_note"
    if due != total:
        return "partially_paid"
    due_on = day_or_none(raw, "due_date") or day_or_none(raw, "issue_date")
    return "late" if due_on is not None and due_on < raw["_today"] else "upcoming"


def _lines(raw: Raw, total: Decimal) -> tuple[dict[str, Any], ...]:
    lines = objects(raw, "line_items")
    if not isinstance(raw["currency"], str):
        raise wrong("currency", raw["currency"], "a currency code")
    totals = Totals(
        total,
        *(amount_or_zero(raw, name) for name in ("discount", "discount_amount")),
        *(amount_or_zero(raw, name) for name in ("tax", "tax_amount", "tax2", "tax2_amount")),
    )
    items = [Item(amount(line, "amount"), flag(line, "taxed"), flag(line, "taxed2")) for line in lines]
    found = zip(lines, items, shares(items, totals, raw["currency"]), strict=True)
    return tuple(_line(raw, line, item, share, totals) for line, item, share in found)


def _line(raw: Raw, line: Raw, item: Item, share: Share, totals: Totals) -> dict[str, Any]:
    description, kind = text_or_empty(line, "description").strip(), text_or_empty(line, "kind")
    category = _category(raw, kind)
    return {
        "id": identifier(line, "id"),
        "label": description.partition("\n")[0].strip() or kind,
        "description": description,
        "quantity": amount_or_zero(line, "quantity"),
        "unit": _HOUR if category.get("use_as_service") is True else None,
        "unit_price": None if line.get("unit_price") is None else amount(line, "unit_price"),
        "amount_before_tax": share.net,
        "tax": share.tax,
        "amount": share.net + share.tax,
        "tax_rate": totals.tax * item.taxed + totals.tax2 * item.taxed2,
        "discount": Discount(kind="relative", value=totals.discount) if totals.discount else None,
        "product_id": None if category.get("id") is None else identifier(category, "id"),
        "product_reference": None if category.get("id") is None else identifier(category, "id"),
        "category": kind or None,
        **_period(raw),
    }


def _category(raw: Raw, kind: str) -> Mapping[str, Json]:
    known: Mapping[str, Mapping[str, Json]] = raw.get("_categories") or {}
    return known.get(kind, {})


def _period(raw: Raw) -> dict[str, Any]:
    """The days whose time was invoiced, when both are told."""
    start, end = day_or_none(raw, "period_start"), day_or_none(raw, "period_end")
    return {"period_start": start, "period_end": end} if start and end else {}


def _emails(contacts: tuple[Contact, ...]) -> tuple[str, ...]:
    """The contacts' addresses in order, without blanks and without one again in other capitals."""
    kept: dict[str, str] = {}
    for contact in contacts:
        if contact.email:
            kept.setdefault(contact.email.casefold(), contact.email)
    return tuple(kept.values())


def _contact(client_id: str, raw: Raw) -> Contact:
    return Contact.model_validate(
        {
            "id": identifier(raw, "id"),
            "customer_id": client_id,
            "email": text_or_empty(raw, "email").strip(),
            "first_name": text_or_empty(raw, "first_name").strip(),
            "last_name": text_or_empty(raw, "last_name").strip(),
            "phone": text_or_empty(raw, "phone_office").strip() or text_or_empty(raw, "phone_mobile").strip(),
            "role": text_or_empty(raw, "title").strip(),
        }
    )
