"""The floor of the benchmark: the least a program that validates what it reads and keeps a row of it can do."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx
from bench_server import PREFIX
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Column, Engine, MetaData, Table, Text, create_engine, event
from sqlalchemy.dialects.sqlite import insert

Pushed = dict[str, Any]


class Link(BaseModel):
    url: str


class Id(BaseModel):
    id: int


class Discount(BaseModel):
    type: Literal["absolute", "relative"]
    value: str


class Address(BaseModel):
    address: str
    postal_code: str
    city: str
    country_alpha2: str


class WholeCustomer(BaseModel):
    """Every field of a company customer as the contract types it."""

    id: int
    name: str
    billing_iban: str | None
    payment_conditions: str
    recipient: str
    phone: str
    reference: str | None
    notes: str | None
    vat_number: str
    reg_no: str
    ledger_account: Id | None
    emails: list[str]
    billing_address: Address
    delivery_address: Address
    created_at: datetime
    updated_at: datetime
    customer_type: Literal["company"]
    external_reference: str
    billing_language: Literal["fr_FR", "en_GB", "de_DE"]
    mandates: Link
    pro_account_mandates: Link
    contacts: Link


class WholeInvoice(BaseModel):
    """Every field of a customer invoice as the contract types it; amounts exact."""

    id: int
    label: str | None
    invoice_number: str
    currency: str
    amount: Decimal
    currency_amount: Decimal
    currency_amount_before_tax: Decimal
    exchange_rate: Decimal
    date: date
    deadline: date | None
    currency_tax: Decimal
    tax: Decimal
    language: Literal["fr_FR", "en_GB", "de_DE"]
    paid: bool
    status: str
    discount: Discount
    ledger_entry: Id
    public_file_url: str | None
    filename: str | None
    remaining_amount_with_tax: Decimal | None
    remaining_amount_without_tax: Decimal | None
    draft: bool
    special_mention: str | None
    customer: Id | None
    invoice_line_sections: Link
    invoice_lines: Link
    custom_header_fields: Link
    categories: Link
    payments: Link
    matched_transactions: Link
    appendices: Link
    pdf_invoice_free_text: str
    pdf_invoice_subject: str
    pdf_description: str | None
    billing_subscription: Id | None
    credited_invoice: Id | None
    customer_invoice_template: Id | None
    transaction_reference: dict[str, str] | None
    quote: Id | None
    external_reference: str
    e_invoicing: dict[str, Any] | None
    factur_x: bool
    schematron_validation_status: str | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Envelope(BaseModel):
    """The paging part of a list answer."""

    has_more: bool
    next_cursor: str | None


class Customers(Envelope):
    items: list[WholeCustomer]


class Invoices(Envelope):
    items: list[WholeInvoice]


def run_floor(url: str, database: Path) -> int:
    """Pull, validate, upsert, push; return how many records were pushed."""
    engine = _database(database)
    pushed: list[int] = [0]

    def push(_payload: Pushed) -> None:
        pushed[0] += 1

    with httpx.Client(base_url=url + PREFIX) as client:
        _stream(client, engine, "customers", TypeAdapter(Customers), _customer, push)
        _stream(client, engine, "customer_invoices", TypeAdapter(Invoices), _invoice, push)
    engine.dispose()
    return pushed[0]


def _database(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
    metadata = MetaData()
    for name in ("customers", "customer_invoices"):
        columns = [Column(column, Text) for column in ("number", "currency", "total", "issued", "due", "customer")]
        Table(name, metadata, Column("id", Text, primary_key=True), *columns)
    metadata.create_all(engine)
    engine.metadata = metadata  # type: ignore[attr-defined]
    return engine


def _stream(client: httpx.Client, engine: Engine, name: str, adapter: Any, row: Any, push: Any) -> None:
    table = engine.metadata.tables[name]  # type: ignore[attr-defined]
    statement = insert(table)
    updated = {column.name: statement.excluded[column.name] for column in table.columns if column.name != "id"}
    statement = statement.on_conflict_do_update(index_elements=["id"], set_=updated)
    params = {"limit": "100", "sort": "id"}
    while True:
        page = adapter.validate_json(client.get(f"/{name}", params=params).content)
        rows = [row(item) for item in page.items]
        with engine.begin() as connection:
            connection.execute(statement, rows)
        for item in rows:
            push(item)
        if not page.has_more:
            return
        params["cursor"] = page.next_cursor


def _customer(item: WholeCustomer) -> Pushed:
    blank = dict.fromkeys(("currency", "total", "issued", "due", "customer"), "")
    return {"id": str(item.id), "number": item.name, **blank}


def _invoice(item: WholeInvoice) -> Pushed:
    return {
        "id": str(item.id),
        "number": item.invoice_number,
        "currency": item.currency,
        "total": str(item.currency_amount),
        "issued": item.date.isoformat(),
        "due": item.deadline.isoformat() if item.deadline else None,
        "customer": str(item.customer.id) if item.customer else None,
    }
