"""What does an answer show? Stored fields, and what settles and dates make of them. Amounts are JSON numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from duebridge.targets.billabex.sandbox.state import ORGANIZATION, Account, Document, Thing

Json = dict[str, Any]

ORGANIZATION_SHOWN: Json = {"id": ORGANIZATION, "name": "Recouvrement Démo SAS"}


def account(item: Account) -> Json:
    """Show an account."""
    values = dict(item.values)
    link = values.pop("source")
    source = {**link, "connectorType": "Custom"} if link else None
    return {
        "id": item.id,
        "organizationId": ORGANIZATION,
        **values,
        "source": source,
        "readOnlyReason": None,
        **item.forced,
    }


def contact(item: Thing) -> Json:
    """Show a contact; an address comes with what became of mail to it."""
    address = item.values["email"]
    email = {"address": address, "status": "Valid"} if address else None
    return {"id": item.id, **item.values, "email": email, **item.forced}


def document(item: Document, today: date) -> Json:
    """Show an invoice or a credit note with its allocations."""
    values = {name: number(value) for name, value in item.values.items()}
    shown: Json = {
        "id": item.id,
        "organizationId": ORGANIZATION,
        **values,
        "remainingAmount": number(item.left),
        "readOnlyReason": None,
    }
    if item.kind == "invoices":
        other, shown["status"] = "creditNoteId", _status(item, today)
    else:
        other = "invoiceId"
    shown["creditAllocations"] = [{other: id, "amount": number(amount)} for id, amount in item.allocated.items()]
    return shown | item.forced


def number(value: Any) -> Any:
    """A decimal as a JSON number."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _status(item: Document, today: date) -> str:
    if item.left <= 0:
        return "paid"
    due = item.values["dueDate"]
    return "late" if date(due["year"], due["month"], due["day"]) < today else "issued"
