"""What does an answer show? Stored fields, and what the links make of them. Amounts in the currency's smallest unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict

from duebridge.targets.upflow.sandbox.state import (
    DEBITS,
    Contact,
    Customer,
    CustomField,
    Document,
    Kind,
    Link,
    Pair,
    State,
)

Json = dict[str, Any]

_SINGULAR: dict[Kind, str] = {
    "invoices": "invoice",
    "credit_notes": "creditNote",
    "payments": "payment",
    "refunds": "refund",
}
_ADDRESS = ("address", "zipcode", "city", "state", "country")
_SITE = "https://app.upflow.example"


def contact(item: Contact) -> Json:
    """Show a contact."""
    fields = ("email", "firstName", "lastName", "phone", "position")
    shown = {name: item.values.get(name) for name in fields}
    return {
        "id": item.id,
        "externalId": item.external_id,
        **shown,
        "isMain": item.values.get("isMain", False),
        **item.forced,
    }


def custom_field(item: CustomField) -> Json:
    """Show the definition of a custom field."""
    return {
        "id": item.id,
        "externalId": item.external_id,
        "name": item.values["name"],
        "type": item.values["type"],
        "source": "USER_DEFINED",
        **item.forced,
    }


def customer(item: Customer, state: State, today: date) -> Json:
    """Show a customer with its contacts, custom fields and balances.

    `amountDue`, `amountOverdue` and `balance` are in `currency`, that of its first document; `balances` has one entry
    per currency. Outstanding = due + overdue - unapplied.
    """
    values = item.values
    balances = [_balance(code, item.documents.values(), today) for code in _currencies(item)]
    main = balances[0] if balances else _balance("EUR", (), today)
    return {
        "id": item.id,
        "externalId": item.external_id,
        "name": values["name"],
        "vatNumber": values.get("vatNumber"),
        "accountingRef": values.get("accountingRef"),
        "accountManagerId": values.get("accountManagerId"),
        "dunningPlanId": values.get("dunningPlanId"),
        "address": {part: (values.get("address") or {}).get(part) for part in _ADDRESS},
        "parent": _parent(values.get("parent"), state),
        "paymentMethods": values.get("paymentMethods"),
        "customFields": [_custom_value(key, value, state) for key, value in item.custom_values.items()],
        "contacts": [contact(person) for person in item.contacts.values()],
        "directUrl": f"{_SITE}/customers/{item.id}",
        **main,
        "countInvoicesDue": sum(entry["countInvoicesDue"] for entry in balances),
        "countInvoicesOverdue": sum(entry["countInvoicesOverdue"] for entry in balances),
        "balances": balances,
        "createdAt": item.created_at,
        "modifiedAt": item.modified_at,
        **item.forced,
    }


def document(item: Document, today: date) -> Json:
    """Show an invoice, credit note, payment or refund."""
    return {
        "id": item.id,
        "externalId": item.external_id,
        **item.values,
        "customerId": item.customer.id if item.customer else None,
        "customer": _brief_customer(item.customer),
        "amountLinked": item.linked,
        **(_invoice(item, today) if item.kind == "invoices" else _other(item)),
        "source": "API",
        "createdAt": item.created_at,
        "modifiedAt": item.modified_at,
        **item.forced,
    }


def link(key: str, item: Link | None) -> Json:
    """Show what a reconcile call settled; empty arrays when the link is gone."""
    pairs = item.pairs if item else ()
    return {
        "id": item.id if item else None,
        "externalId": key,
        "invoices": _shares(pairs, "invoices"),
        "refunds": _shares(pairs, "refunds"),
        "creditNotes": _shares(pairs, "credit_notes"),
        "payments": _shares(pairs, "payments"),
    }


def invoice_state(item: Document, today: date) -> str:
    """Say DUE, OVERDUE or PAID: paid when nothing is left, overdue from the day after its due date."""
    if not item.left:
        return "PAID"
    return "OVERDUE" if item.values["dueDate"][:10] < today.isoformat() else "DUE"


def _invoice(item: Document, today: date) -> Json:
    return {
        "name": item.values.get("name"),
        "state": invoice_state(item, today),
        "amountOutstanding": item.left,
        "payments": _counterparts(item, "payments"),
        "creditNotes": _counterparts(item, "credit_notes"),
        "pdfUrl": _pdf_url(item),
    }


def _other(item: Document) -> Json:
    unlinked: Json = {"amountUnlinked": item.left}
    if item.kind == "credit_notes":
        return unlinked | {
            "name": item.values.get("name"),
            "amountOutstanding": item.left,
            "linkedInvoices": _counterparts(item, "invoices"),
            "linkedRefunds": _counterparts(item, "refunds"),
            "pdfUrl": _pdf_url(item),
        }
    unlinked["instrument"] = item.values.get("instrument", "UNKNOWN")
    if item.kind == "payments":
        return unlinked | {
            "type": "PAYMENT",
            "bankAccountId": item.values.get("bankAccountId"),
            "linkedInvoices": _counterparts(item, "invoices"),
            "linkedRefunds": _counterparts(item, "refunds"),
        }
    return unlinked | {
        "type": "REFUND",
        "linkedPayments": _counterparts(item, "payments"),
        "linkedCreditNotes": _counterparts(item, "credit_notes"),
    }


def _counterparts(item: Document, kind: Kind) -> list[Json]:
    return [
        {"linkedAmount": pair.amount, "linkExternalId": key, _SINGULAR[kind]: _brief_document(other)}
        for key, pairs in item.pairs.items()
        for pair in pairs
        if (other := pair.credit if item is pair.debit else pair.debit).kind == kind
    ]


def _shares(pairs: Iterable[Pair], kind: Kind) -> list[Json]:
    amounts: dict[Document, int] = {}
    for pair in pairs:
        for item in (pair.debit, pair.credit):
            if item.kind == kind:
                amounts[item] = amounts.get(item, 0) + pair.amount
    return [_brief_document(item) | {"amountLinked": amount} for item, amount in amounts.items()]


def _brief_document(item: Document) -> Json:
    brief: Json = {"id": item.id, "externalId": item.external_id}
    return brief | ({"customId": item.values["customId"]} if "customId" in item.values else {})


def _brief_customer(item: Customer | None) -> Json | None:
    if item is None:
        return None
    return {
        "id": item.id,
        "externalId": item.external_id,
        "companyName": item.values["name"],
        "accountingRef": item.values.get("accountingRef"),
    }


def _parent(keys: Json | None, state: State) -> Json | None:
    if keys is None:
        return None
    found = state.customers.lookup(keys["id"])
    return {"id": found.id, "externalId": found.external_id} if found else None


def _custom_value(key: str, value: str, state: State) -> Json:
    return custom_field(state.custom_fields.at(key)) | {"value": value}


def _pdf_url(item: Document) -> str | None:
    return f"{_SITE}/pdf/{item.pdf_digest}.pdf" if item.pdf_digest else None


def _currencies(item: Customer) -> list[str]:
    return list(dict.fromkeys(entry.currency for entry in item.documents.values()))


class _Balance(TypedDict):
    currency: str
    amountDue: int
    amountOverdue: int
    unapplied: int
    balance: int
    countInvoicesDue: int
    countInvoicesOverdue: int


def _balance(currency: str, documents: Iterable[Document], today: date) -> _Balance:
    amounts = {"DUE": 0, "OVERDUE": 0, "PAID": 0}
    counts = dict(amounts)
    unapplied = 0
    for item in documents:
        if item.currency != currency:
            continue
        if item.kind == "invoices":
            state = invoice_state(item, today)
            amounts[state] += item.left
            counts[state] += 1
        else:
            unapplied += -item.left if item.kind in DEBITS else item.left
    return _Balance(
        currency=currency,
        amountDue=amounts["DUE"],
        amountOverdue=amounts["OVERDUE"],
        unapplied=unapplied,
        balance=amounts["DUE"] + amounts["OVERDUE"] - unapplied,
        countInvoicesDue=counts["DUE"],
        countInvoicesOverdue=counts["OVERDUE"],
    )
