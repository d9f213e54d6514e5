"""What a Pennylane object becomes, field by field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import Address, CreditNote, Invoice, LedgerAccount, RecordError
from duebridge.plugins.pennylane import canonical
from duebridge.plugins.pennylane.vat import tax_rate


def customer_json(**changes: Any) -> dict[str, Any]:
    return {
        "id": 42,
        "customer_type": "company",
        "name": "Café Ébène SARL",
        "billing_iban": None,
        "payment_conditions": "30_days",
        "recipient": "Zoé",
        "phone": "+33 1 23 45 67 89",
        "reference": "REF-1",
        "notes": None,
        "vat_number": "FR12345678901",
        "reg_no": "123456789",
        "ledger_account": {"id": 900},
        "emails": ["a@example.com"],
        "billing_address": {"address": "1 rue X", "postal_code": "75001", "city": "Paris", "country_alpha2": "FR"},
        "delivery_address": {"address": "", "postal_code": "", "city": "", "country_alpha2": ""},
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
        "external_reference": "ext-42",
        "billing_language": "fr_FR",
        "mandates": {"url": "https://example.com"},
        "contacts": {"url": "https://example.com"},
    } | changes


def invoice_json(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "label": "Invoice 7",
        "invoice_number": "F-2026-7",
        "currency": "USD",
        "amount": "210.00",
        "currency_amount": "230.32",
        "currency_amount_before_tax": "196.32",
        "exchange_rate": "1.0825",
        "date": "2026-01-31",
        "deadline": "2026-03-02",
        "currency_tax": "34.00",
        "tax": "31.00",
        "paid": False,
        "status": "late",
        "public_file_url": None,
        "filename": "f.pdf",
        "remaining_amount_with_tax": "20.0",
        "draft": False,
        "customer": {"id": 42, "url": "https://example.com"},
        "billing_subscription": {"id": 5},
        "credited_invoice": None,
        "external_reference": "ext-7",
        "e_invoicing": {"status": "accepted", "reason": None},
        "archived_at": None,
        "created_at": "2026-01-31T08:00:00Z",
        "updated_at": "2026-01-31T09:00:00Z",
    } | changes


def line_json(**changes: Any) -> dict[str, Any]:
    return {
        "id": 70,
        "label": "Design",
        "unit": "hour",
        "quantity": "12",
        "amount": "50.4",
        "currency_amount": "50.4",
        "description": "Two days",
        "product": {"id": 3049, "url": "https://example.com"},
        "vat_rate": "FR_200",
        "currency_amount_before_tax": "42",
        "currency_tax": "8.4",
        "raw_currency_unit_price": "3.5",
        "imputation_dates": {"start_date": "2026-01-01", "end_date": "2026-01-31"},
    } | changes


def test_a_customer_keeps_its_strings_as_they_are() -> None:
    record = canonical.customer(customer_json())

    assert (record.id, record.customer_type, record.name) == ("42", "company", "Café Ébène SARL")
    assert (record.recipient, record.reference, record.notes, record.payment_conditions) == (
        "Zoé",
        "REF-1",
        None,
        "30_days",
    )
    assert (record.vat_number, record.reg_no, record.language) == ("FR12345678901", "123456789", "fr_FR")
    assert record.external_reference == "ext-42"
    assert record.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_individual_has_names_and_no_registration() -> None:
    raw = customer_json(customer_type="individual", name="Ada Lovelace", first_name="Ada", last_name="Lovelace")
    del raw["vat_number"], raw["reg_no"]

    record = canonical.customer(raw)

    assert (record.first_name, record.last_name, record.vat_number, record.reg_no) == ("Ada", "Lovelace", "", "")


def test_a_blank_address_is_none() -> None:
    record = canonical.customer(customer_json(delivery_address=None))

    assert record.billing_address == Address(address="1 rue X", postal_code="75001", city="Paris", country="FR")
    assert record.delivery_address is None
    assert canonical.customer(customer_json()).delivery_address is None
    spaces = {"address": "  ", "postal_code": "", "city": None, "country_alpha2": ""}
    assert canonical.customer(customer_json(billing_address=spaces)).billing_address is None


def test_emails_are_stripped_kept_in_order_and_told_once() -> None:
    emails = [" b@example.com ", "", "A@example.com", "B@EXAMPLE.com", "   ", "a@example.com"]

    assert canonical.customer(customer_json(emails=emails)).emails == ("b@example.com", "A@example.com")


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_external_reference_is_none(value: str | None) -> None:
    assert canonical.customer(customer_json(external_reference=value)).external_reference is None
    assert canonical.invoice(invoice_json(external_reference=value)).external_reference is None


def test_the_ledger_account_is_none_until_it_was_fetched() -> None:
    assert canonical.customer(customer_json()).ledger_account is None
    fetched = customer_json(_ledger_account={"id": 900, "number": "411001", "label": "Client Café"})
    assert canonical.customer(fetched).ledger_account == LedgerAccount(id="900", number="411001", label="Client Café")


def test_contacts_belong_to_their_customer() -> None:
    contact = {
        "id": 3,
        "first_name": "Zoé",
        "last_name": "B",
        "role": "CFO",
        "email": " z@example.com",
        "telephone_number": "",
        "mobile_number": "+336",
    }

    (record,) = canonical.customer(customer_json(_contacts=[contact])).contacts

    assert (record.id, record.customer_id, record.email, record.phone) == ("3", "42", "z@example.com", "+336")


def test_an_invoice_is_read_in_its_own_currency() -> None:
    record = canonical.invoice(invoice_json())

    assert (record.id, record.customer_id, record.number) == ("7", "42", "F-2026-7")
    assert (record.currency, record.amount, record.amount_before_tax, record.tax) == (
        "USD",
        Decimal("230.32"),
        Decimal("196.32"),
        Decimal("34.00"),
    )
    assert (record.remaining, record.exchange_rate) == (Decimal("20.0"), Decimal("1.0825"))
    assert (record.issued_on, record.due_on) == (date(2026, 1, 31), date(2026, 3, 2))
    assert (record.status, record.draft, record.paid, record.archived_at) == ("late", False, False, None)
    assert (record.subscription_id, record.e_invoicing_status, record.has_file) == ("5", "accepted", False)
    assert record.lines is None


def test_what_may_be_null_is_none() -> None:
    nothing = dict.fromkeys(
        "label date deadline remaining_amount_with_tax billing_subscription e_invoicing exchange_rate".split()
    )

    record = canonical.invoice(invoice_json(**nothing, invoice_number=""))

    assert (record.number, record.label, record.issued_on, record.due_on) == (None, None, None, None)
    assert (record.remaining, record.subscription_id, record.e_invoicing_status) == (None, None, None)


def test_an_unknown_status_arrives_as_the_word_it_is() -> None:
    assert canonical.invoice(invoice_json(status="disputed")).status == "disputed"


def test_an_archived_invoice_tells_when() -> None:
    record = canonical.invoice(invoice_json(archived_at="2026-02-01T10:00:00+01:00"))

    assert record.archived_at == datetime(2026, 2, 1, 9, tzinfo=UTC)


def test_an_exchange_rate_finer_than_ten_decimals_does_not_reject_the_invoice() -> None:
    assert canonical.invoice(invoice_json(exchange_rate="1.12345678905")).exchange_rate == Decimal("1.1234567890")


def test_a_credit_note_keeps_its_sign_and_tells_its_remaining_amount_positive() -> None:
    raw = invoice_json(
        currency_amount="-230.32",
        currency_amount_before_tax="-196.32",
        currency_tax="-34.00",
        remaining_amount_with_tax="-20.0",
        credited_invoice={"id": 6, "url": "https://example.com"},
    )

    record = canonical.credit_note(raw)

    assert (record.amount, record.total, record.remaining) == (Decimal("-230.32"), Decimal("230.32"), Decimal("20.0"))
    assert (record.invoice_id, record.linked) == ("6", True)
    assert canonical.credit_note(raw | {"remaining_amount_with_tax": None}).remaining is None
    assert canonical.credit_note(raw | {"credited_invoice": None}).linked is False


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Invoice),
        ({"credited_invoice": {"id": 6}, "status": "cancelled"}, CreditNote),
        ({"status": "credit_note", "currency_amount": "0.0"}, CreditNote),
        ({"currency_amount": "-0.01"}, CreditNote),
        ({"currency_amount": "0.00"}, Invoice),
        ({"currency_amount": "-0.00"}, Invoice),
        ({"currency_amount": "-12,50"}, Invoice),
        ({"currency_amount": None}, Invoice),
    ],
)
def test_a_row_is_a_credit_note_when_it_credits_an_invoice_says_so_or_is_negative(
    changes: dict[str, Any], expected: type[object]
) -> None:
    assert canonical.document_type(invoice_json(**changes)) is expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency_amount", "1,50"),
        ("currency_amount", "1 500.00"),
        ("currency_amount", "1_500"),
        ("currency_amount", "1e400"),
        ("currency_amount", "NaN"),
        ("currency_amount", ""),
        ("currency_amount", " 1.50"),
        ("currency_amount", "9" * 21),
        ("currency_amount", 150),
        ("currency_amount", Decimal("1.5")),
        ("currency_amount", None),
        ("currency_tax", []),
        ("remaining_amount_with_tax", "twelve"),
        ("exchange_rate", "1,08"),
        ("currency", "EURO"),
        ("currency", "eur"),
        ("currency", None),
        ("status", None),
        ("draft", "false"),
        ("paid", 0),
        ("paid", None),
        ("date", "31/01/2026"),
        ("date", "2026-02-30"),
        ("date", "2026-W05-1"),
        ("deadline", 20260131),
        ("archived_at", "yesterday"),
        ("archived_at", "2026-01-01T00:00:00"),
        ("archived_at", 1767225600),
        ("invoice_number", 0),
        ("label", 12),
        ("external_reference", 0),
        ("customer", "42"),
        ("customer", {"id": None}),
        ("customer", {"id": True}),
        ("billing_subscription", 5),
        ("e_invoicing", "accepted"),
    ],
)
def test_a_value_of_another_type_rejects_the_invoice_naming_the_field(field: str, value: object) -> None:
    with pytest.raises(RecordError) as refused:
        canonical.invoice(invoice_json(**{field: value}))

    named = "id" if isinstance(value, dict) else field
    assert named in str(refused.value)
    assert "Pennylane" in str(refused.value)


@pytest.mark.parametrize(
    "field",
    [
        *("id", "invoice_number", "currency", "currency_amount", "currency_amount_before_tax", "currency_tax"),
        *("remaining_amount_with_tax", "date", "deadline", "paid", "draft", "status", "customer", "archived_at"),
    ],
)
def test_a_missing_field_rejects_the_invoice_naming_it(field: str) -> None:
    raw = invoice_json()
    del raw[field]

    with pytest.raises(RecordError, match=f"no field '{field}'"):
        canonical.invoice(raw)


def test_a_credit_note_needs_to_tell_whether_it_is_linked() -> None:
    raw = invoice_json(currency_amount="-1")
    del raw["credited_invoice"]

    with pytest.raises(RecordError, match="no field 'credited_invoice'"):
        canonical.credit_note(raw)


def test_an_invoice_without_a_customer_says_what_to_do() -> None:
    with pytest.raises(RecordError, match=r"has no customer.*choose its customer in Pennylane"):
        canonical.invoice(invoice_json(customer=None))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_type", "robot"),
        ("name", None),
        ("emails", "a@example.com"),
        ("emails", [None]),
        ("phone", 33),
        ("billing_address", "1 rue X"),
        ("external_reference", 12),
        ("updated_at", "soon"),
    ],
)
def test_a_value_of_another_type_rejects_the_customer_naming_the_field(field: str, value: object) -> None:
    with pytest.raises(RecordError, match=field):
        canonical.customer(customer_json(**{field: value}))


@pytest.mark.parametrize("field", ["id", "customer_type", "name", "emails"])
def test_a_missing_field_rejects_the_customer_naming_it(field: str) -> None:
    raw = customer_json()
    del raw[field]

    with pytest.raises(RecordError, match=f"no field '{field}'"):
        canonical.customer(raw)


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(RecordError) as refused:
        canonical.invoice(invoice_json(currency_amount="x" * 10_000))

    assert len(str(refused.value)) < 200


def test_lines_come_in_the_order_given_with_their_rate() -> None:
    record = canonical.invoice(invoice_json(_lines=[line_json(), line_json(id=71, product=None)]))

    assert record.lines is not None
    first, second = record.lines
    assert (first.id, first.quantity, first.unit, first.unit_price) == ("70", Decimal(12), "hour", Decimal("3.5"))
    assert (first.amount_before_tax, first.tax, first.amount) == (Decimal(42), Decimal("8.4"), Decimal("50.4"))
    assert (first.tax_code, first.tax_rate, first.product_id) == ("FR_200", Decimal(20), "3049")
    assert (first.period_start, first.period_end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (second.id, second.product_id) == ("71", None)
    assert canonical.invoice(invoice_json(_lines=[])).lines == ()


def test_a_line_that_cannot_be_read_rejects_its_document_naming_the_line() -> None:
    with pytest.raises(RecordError, match="line 2: quantity is 'many'"):
        canonical.invoice(invoice_json(_lines=[line_json(), line_json(quantity="many")]))


@pytest.mark.parametrize(
    ("code", "rate"),
    [
        ("FR_200", "20"),
        ("FR_55", "5.5"),
        ("FR_09", "0.9"),
        ("FR_21", "2.1"),
        ("FR_1_05", "1.05"),
        ("FR_1_75", "1.75"),
        ("FR_15_385", "15.385"),
        ("IE_48", "4.8"),
        ("exempt", "0"),
        ("extracom", "0"),
        ("crossborder", None),
        ("intracom_200", None),
        ("mixed", None),
        ("any", None),
        ("FR_200_construction", None),
        ("DE_190_BU0003", None),
        ("", None),
    ],
)
def test_a_vat_code_tells_its_rate_when_it_is_a_plain_one(code: str, rate: str | None) -> None:
    assert tax_rate(code) == (None if rate is None else Decimal(rate))
