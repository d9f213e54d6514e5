"""A page of documents exactly as the contract types it, checked and converted in one pass.

The quick way for what a crawl is made of: pages whose every row keeps to the contract. `documents` answers None for any
other page, which then goes row by row through `canonical`, where what is wrong is said. Both ways give equal records;
a test holds them together. Types: spec, GET /customer_invoices.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from duebridge.core.api import CreditNote, Invoice

STRICT = ConfigDict(strict=True)

#: Digits, at most one point, a leading minus, within what `Amount` holds. Amounts are strings, never numbers.
Money = Annotated[str, Field(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,10})?$")]
#: Short enough to need no rounding to ten decimals.
Factor = Annotated[str, Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,4})?$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Instant = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$")
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


@with_config(STRICT)
class Link(TypedDict):
    """A reference to another object."""

    id: int


@with_config(STRICT)
class EInvoicing(TypedDict):
    """Where a document stands in electronic invoicing."""

    status: str


@with_config(STRICT)
class Document(TypedDict):
    """What is read of a row of GET /customer_invoices; other keys are passed over."""

    id: int
    label: str | None
    invoice_number: str
    currency: Currency
    currency_amount: Money
    currency_amount_before_tax: Money
    currency_tax: Money
    remaining_amount_with_tax: Money | None
    exchange_rate: Factor
    date: Day | None
    deadline: Day | None
    paid: bool
    draft: bool
    status: str
    archived_at: Instant | None
    customer: Link
    credited_invoice: Link | None
    billing_subscription: Link | None
    external_reference: str
    e_invoicing: EInvoicing | None
    public_file_url: str | None
    created_at: Instant
    updated_at: Instant


class Page(TypedDict):
    """The envelope; what is wrong with it is judged elsewhere."""

    items: list[Document]
    has_more: NotRequired[Any]
    next_cursor: NotRequired[Any]


_PAGE = TypeAdapter(Page)


def page(content: bytes) -> dict[str, Any] | None:
    """The page with its rows as records, or None unless every row keeps to the contract."""
    try:
        answer: dict[str, Any] = dict(_PAGE.validate_json(content))
        answer["items"] = [_record(row) for row in answer["items"]]
    except ValueError:  # pydantic's ValidationError is one, and so is a day that doesn't exist
        return None
    return answer


def _record(row: Document) -> Invoice | CreditNote:
    amount = Decimal(row["currency_amount"])
    credited = row["credited_invoice"]
    subscription, e_invoicing, remaining = (
        row["billing_subscription"],
        row["e_invoicing"],
        row["remaining_amount_with_tax"],
    )
    issued_on, due_on, archived_at = row["date"], row["deadline"], row["archived_at"]
    values = {
        "id": str(row["id"]),
        "customer_id": str(row["customer"]["id"]),
        "number": row["invoice_number"] or None,
        "label": row["label"],
        "status": row["status"],
        "draft": row["draft"],
        "paid": row["paid"],
        "archived_at": None if archived_at is None else datetime.fromisoformat(archived_at),
        "currency": row["currency"],
        "amount": amount,
        "amount_before_tax": Decimal(row["currency_amount_before_tax"]),
        "tax": Decimal(row["currency_tax"]),
        "remaining": None if remaining is None else Decimal(remaining),
        "exchange_rate": Decimal(row["exchange_rate"]),
        "issued_on": None if issued_on is None else date.fromisoformat(issued_on),
        "due_on": None if due_on is None else date.fromisoformat(due_on),
        "external_reference": row["external_reference"] or None,
        "subscription_id": None if subscription is None else str(subscription["id"]),
        "e_invoicing_status": None if e_invoicing is None else e_invoicing["status"],
        "has_file": row["public_file_url"] is not None,
        "created_at": datetime.fromisoformat(row["created_at"]),
        "updated_at": datetime.fromisoformat(row["updated_at"]),
    }
    if credited is None and row["status"] != "credit_note" and amount >= 0:
        return Invoice.trusted(values)
    values["invoice_id"] = None if credited is None else str(credited["id"])
    values["remaining"] = None if remaining is None else Decimal(remaining.removeprefix("-"))
    return CreditNote.trusted(values)
