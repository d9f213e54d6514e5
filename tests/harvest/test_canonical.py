"""What each object of Harvest's becomes, in the words every target reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Discount, Invoice, RecordError
from duebridge.plugins.harvest import canonical

D = Decimal
TODAY = "2026-03-10"


def line(**given: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "kind": "Service",
        "description": "Planning\r\nof the year",
        "quantity": 2,
        "unit_price": 100,
        "amount": 200,
        "taxed": True,
        "taxed2": False,
        "project": None,
    } | given


def raw(**given: Any) -> dict[str, Any]:
    """An open invoice of 240.00 EUR, due on the day it is."""
    return {
        "id": 30,
        "client_key": "k1",
        "number": "1001",
        "amount": 240,
        "due_amount": 240,
        "tax": 20,
        "tax_amount": 40,
        "tax2": None,
        "tax2_amount": None,
        "discount": None,
        "discount_amount": 0,
        "subject": "Shop",
        "state": "open",
        "period_start": None,
        "period_end": None,
        "issue_date": "2026-03-01",
        "due_date": "2026-03-10",
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "currency": "EUR",
        "client": {"id": 7, "name": "Acme"},
        "line_items": [line()],
        "_today": TODAY,
        "_categories": {"Service": {"id": 9, "use_as_service": True}},
    } | given


def negative(**given: Any) -> dict[str, Any]:
    return raw(**({"amount": -240, "due_amount": -240, "tax_amount": -40, "line_items": [line(amount=-200)]} | given))


def test_an_open_invoice_is_read_whole() -> None:
    invoice = canonical.invoice(raw(period_start="2026-02-01", period_end="2026-02-28"))

    assert (invoice.id, invoice.customer_id, invoice.number, invoice.label) == ("30", "7", "1001", "Shop")
    assert (invoice.amount, invoice.amount_before_tax, invoice.tax, invoice.remaining) == (240, 200, 40, 240)
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 1), date(2026, 3, 10))
    assert (invoice.status, invoice.draft, invoice.paid, invoice.written_off) == ("upcoming", False, False, False)
    assert (invoice.external_reference, invoice.customer_reference, invoice.has_file) == ("30", "7", True)
    assert invoice.updated_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert invoice.lines is not None
    (only,) = invoice.lines
    assert (only.label, only.description) == ("Planning", "Planning\r\nof the year")
    assert (only.quantity, only.unit, only.unit_price) == (2, "hour", 100)
    assert (only.amount_before_tax, only.tax, only.amount, only.tax_rate) == (200, 40, 240, 20)
    assert (only.category, only.product_id, only.product_reference) == ("Service", "9", "9")
    assert (only.period_start, only.period_end) == (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, "upcoming"),
        ({"due_date": "2026-03-09"}, "late"),
        ({"due_date": None}, "late"),
        ({"due_date": None, "issue_date": None}, "upcoming"),
        ({"due_amount": 100}, "partially_paid"),
        ({"due_amount": 100, "due_date": "2026-01-01"}, "partially_paid"),
        ({"state": "draft"}, "draft"),
        ({"state": "paid", "due_amount": 0}, "paid"),
        ({"state": "closed"}, "paid"),
        ({"state": "disputed"}, "disputed"),
    ],
)
def test_the_state_and_the_day_tell_the_status(given: dict[str, Any], status: str) -> None:
    invoice = canonical.invoice(raw(**given))
    assert invoice.status == status
    assert invoice.draft is (given.get("state") == "draft")
    assert invoice.paid is (given.get("state") in ("paid", "closed"))


def test_what_was_written_off_is_paid_and_nothing_more_is_expected() -> None:
    invoice = canonical.invoice(raw(state="closed", due_amount=140))
    assert (invoice.paid, invoice.written_off, invoice.remaining) == (True, True, 0)
    assert not invoice.open


def test_a_negative_total_is_a_credit_note_linked_to_nothing() -> None:
    found = negative(due_amount=-100)
    assert canonical.document_type(found) is CreditNote
    note = canonical.credit_note(found)
    assert (note.status, note.invoice_id, note.amount, note.total, note.remaining) == (
        "credit_note",
        None,
        -240,
        240,
        100,
    )


@pytest.mark.parametrize(
    ("state", "status", "paid", "draft"),
    [("paid", "paid", True, False), ("closed", "paid", True, False), ("draft", "draft", False, True)],
)
def test_credit_notes_have_the_states_of_invoices(state: str, status: str, paid: bool, draft: bool) -> None:
    note = canonical.credit_note(negative(state=state))
    assert (note.status, note.paid, note.draft, note.written_off) == (status, paid, draft, state == "closed")


@pytest.mark.parametrize("amount", [0, 240, D("0.01"), None, "many"])
def test_everything_else_is_an_invoice(amount: Any) -> None:
    assert canonical.document_type(raw(amount=amount)) is Invoice


def test_lines_tell_the_taxes_that_are_on_them_and_the_discount_they_had() -> None:
    lines = [line(taxed2=True), line(id=6, taxed=False), line(id=7, kind="Other", description="")]
    told = {
        "discount": 10,
        "discount_amount": 60,
        "tax": 20,
        "tax_amount": 72,
        "tax2": D("5.5"),
        "tax2_amount": D("9.9"),
    }
    invoice = canonical.invoice(raw(amount=D("621.9"), **(told | {"line_items": lines})))

    assert invoice.lines is not None
    assert [each.tax_rate for each in invoice.lines] == [D("25.5"), 0, 20]
    assert [each.amount_before_tax for each in invoice.lines] == [180, 180, 180]
    assert [each.tax for each in invoice.lines] == [D("45.9"), 0, 36]
    assert {each.discount for each in invoice.lines} == {Discount(kind="relative", value=D(10))}
    assert (invoice.lines[2].label, invoice.lines[2].product_id, invoice.lines[2].unit) == ("Other", None, None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"amount": "240"}, "amount is '240' where an amount like 1234.56 is expected"),
        ({"due_amount": None}, "due_amount is None"),
        ({"client": None}, "it has no client"),
        ({"client": 7}, "client is 7 where an object with an id is expected"),
        ({"currency": "euro"}, "currency 'euro' has no minor unit"),
        ({"currency": None}, "currency is None where a currency code is expected"),
        ({"issue_date": "01/03/2026"}, "issue_date is '01/03/2026' where a date like 2026-01-31 is expected"),
        ({"issue_date": "2026-02-30"}, "issue_date is '2026-02-30'"),
        ({"state": None}, "state is None"),
        ({"line_items": [1]}, "line_items is"),
        ({"line_items": []}, "Harvest totals inconsistent"),
        ({"amount": D("240.01")}, "Harvest totals inconsistent"),
        ({"amount": 10**15}, "where an amount like 1234.56 is expected"),
        ({"updated_at": "soon"}, "updated_at is 'soon'"),
        ({"line_items": [line(taxed="yes")]}, "taxed is 'yes' where true or false is expected"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_field(given: dict[str, Any], told: str) -> None:
    with pytest.raises(RecordError) as refused:
        canonical.invoice(raw(**given))
    assert told in str(refused.value)
    assert "Harvest" in str(refused.value) or "at the source" in str(refused.value)


def test_a_field_that_is_gone_is_named() -> None:
    with pytest.raises(RecordError, match="no field 'state'"):
        canonical.invoice({name: value for name, value in raw().items() if name != "state"})


def test_amounts_are_exact_whatever_they_look_like() -> None:
    invoice = canonical.invoice(
        raw(amount=D("1234567890123.78"), due_amount=D("2.40E+2"), tax=None, tax_amount=None,
            line_items=[line(amount=D("1234567890123.78"))])
    )  # fmt: skip
    assert (invoice.amount, invoice.remaining) == (D("1234567890123.78"), 240)


def test_a_client_has_its_contacts_addresses_in_order_each_once() -> None:
    contacts = [
        {"id": 1, "email": " a@x.fr ", "first_name": "Zoé", "last_name": None, "phone_mobile": "06", "title": "CFO"},
        {"id": 2, "email": None},
        {"id": 3, "email": "A@X.FR"},
        {"id": 4, "email": "b@x.fr", "phone_office": "01", "phone_mobile": "06"},
    ]
    client = {"id": 7, "name": " Acme ", "address": "1 rue X\r\n75002 Paris\r\nFrance", "_contacts": contacts}
    customer = canonical.customer(client)

    assert (customer.id, customer.name, customer.customer_type) == ("7", "Acme", "company")
    assert customer.emails == ("a@x.fr", "b@x.fr")
    assert [(each.id, each.phone, each.role) for each in customer.contacts] == [
        ("1", "06", "CFO"),
        ("2", "", ""),
        ("3", "", ""),
        ("4", "01", ""),
    ]
    assert customer.billing_address is not None
    assert (customer.billing_address.address, customer.billing_address.city) == (
        "1 rue X\n75002 Paris\nFrance",
        "Paris",
    )


def test_a_client_without_contacts_and_address_has_none() -> None:
    customer = canonical.customer({"id": 7, "name": "Acme", "address": None})
    assert (customer.emails, customer.contacts, customer.billing_address) == ((), (), None)


def test_a_category_is_what_is_sold() -> None:
    product = canonical.product({"id": 9, "name": "Service", "use_as_service": True})
    assert (product.id, product.label, product.unit, product.external_reference) == ("9", "Service", "hour", "9")


def test_a_payment_belongs_to_its_invoice() -> None:
    paid = {"id": 3, "amount": D("12.5"), "paid_date": "2026-03-04", "notes": "Virement", "_invoice": raw()}
    payment = canonical.payment(paid)
    assert (payment.id, payment.invoice_id, payment.customer_id, payment.currency) == ("3", "30", "7", "EUR")
    assert (payment.amount, payment.paid_on, payment.label) == (D("12.5"), date(2026, 3, 4), "Virement")
