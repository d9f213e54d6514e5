"""Which documents go, and with what? Rules, balances and fields, without anything around them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import (
    DOCUMENT_STATUSES,
    Address,
    CreditNote,
    Customer,
    Decision,
    Family,
    Invoice,
    Member,
    RecordError,
)
from duebridge.targets.afakto.balances import with_balance
from duebridge.targets.afakto.mapping import CREDIT_NOTE, CUSTOMER, INVOICE, one_line
from duebridge.targets.afakto.rules import (
    CREDIT_NOTES,
    CREDIT_NOTES_SETTLED_TOO,
    CUSTOMERS,
    INVOICES,
    INVOICES_SETTLED_TOO,
)

from .scene import SIREN, VAT

CONTEXT = {"source": "pennylane", "currency": "EUR", "identifiers": ["vat", "siret", "siren", "registry"]}
ALONE = Family(None, ())
#: What it may hold, what a document of the list may be that is no invoice.
OTHERS = [word for word in DOCUMENT_STATUSES if word.startswith(("estimate", "pro", "shipping", "purchasing"))]


def invoice(**given: Any) -> Invoice:
    usual = {
        "id": "10",
        "customer_id": "1",
        "number": "F-1",
        "status": "upcoming",
        "draft": False,
        "paid": False,
        "currency": "EUR",
        "amount": Decimal(1200),
        "amount_before_tax": Decimal(1000),
        "tax": Decimal(200),
        "remaining": Decimal(1200),
        "issued_on": date(2026, 3, 2),
        "due_on": date(2026, 4, 1),
    }
    return Invoice.model_validate(usual | given)


def note(id: str = "20", amount: str = "-240", **given: Any) -> CreditNote:
    values = invoice().model_dump(exclude={"credits"}) | {
        "id": id,
        "amount": Decimal(amount),
        "tax": Decimal(-40),
        "remaining": None,
    }
    return CreditNote.model_validate(
        values | {"number": f"A-{id}", "status": "credit_note", "invoice_id": None} | given
    )


def decided(document: Invoice | CreditNote, relatives: Family = ALONE, *, settled_too: bool = False) -> str:
    """The code of the decision on a document, as the engine comes to it."""
    tables = (INVOICES_SETTLED_TOO, CREDIT_NOTES_SETTLED_TOO) if settled_too else (INVOICES, CREDIT_NOTES)
    decision = tables[isinstance(document, CreditNote)].decide(with_balance(document, relatives))
    return f"{decision.verdict} {decision.code}"


# --- rules


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "sync open"),
        ({"status": "late"}, "sync open"),
        ({"status": "partially_paid", "remaining": Decimal(1)}, "sync open"),
        ({"status": "partially_cancelled", "remaining": Decimal(1)}, "sync open"),
        ({"status": "partially_cancelled_draft"}, "sync open"),
        ({"remaining": None}, "sync open"),
        ({"paid": True}, "skip settled"),
        ({"status": "paid"}, "skip settled"),
        ({"status": "cancelled"}, "skip settled"),
        ({"remaining": Decimal("0.00")}, "skip settled"),
        ({"draft": True}, "skip draft"),
        ({"draft": True, "paid": True}, "skip draft"),
        ({"status": "draft"}, "skip draft"),
        ({"draft": True, "status": "cancelled"}, "skip draft"),
        ({"archived_at": datetime(2026, 1, 1, tzinfo=UTC)}, "skip archived"),
        ({"status": "archived"}, "skip archived"),
        ({"status": "incomplete"}, "skip incomplete"),
        ({"status": "seized"}, "reject unknown_status"),
        ({"status": "credit_note"}, "reject unknown_status"),
        *(({"status": word}, "skip other_document") for word in OTHERS),
    ],
)
def test_invoices_go_as_long_as_something_is_left_of_them(given: dict[str, Any], expected: str) -> None:
    assert decided(invoice(**given)) == expected
    settled_too = expected.replace("skip settled", "sync settled")
    assert decided(invoice(**given), settled_too=True) == settled_too


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "sync unlinked"),
        ({"status": "cancelled"}, "sync unlinked"),
        ({"status": "upcoming"}, "sync unlinked"),
        ({"paid": True}, "skip settled"),
        ({"paid": True, "status": "cancelled"}, "skip settled"),
        ({"status": "paid"}, "skip settled"),
        ({"draft": True}, "skip draft"),
        ({"status": "archived"}, "skip archived"),
        ({"status": "incomplete"}, "skip incomplete"),
        ({"status": "written off"}, "reject unknown_status"),
    ],
)
def test_credit_notes_go_as_long_as_something_is_left_of_them(given: dict[str, Any], expected: str) -> None:
    assert decided(note(**given)) == expected


def test_every_customer_goes() -> None:
    assert CUSTOMERS.decide(Customer(id="1", customer_type="company", name="Acme")).verdict == "sync"


# --- balances


def family(*notes: CreditNote, **given: Any) -> Family:
    return Family(member(invoice(**given)), tuple(map(member, notes)))


def member(document: Any) -> Member[Any]:
    return Member(document, Decision("sync", "x", "y"), standing=True)


def test_a_credit_note_used_up_by_its_invoice_stays_out() -> None:
    linked = note(invoice_id="10", status="cancelled")
    assert decided(linked, family(linked)) == "skip settled"


def test_of_a_credit_note_larger_than_its_invoice_the_rest_goes() -> None:
    linked = note(amount="-1500", invoice_id="10", status="cancelled")
    assert with_balance(linked, family(linked)).remaining == 300
    assert CREDIT_NOTE.build(with_balance(linked, family(linked)), CONTEXT)["BALANCE"] == "-300.00"


def test_each_credit_note_takes_what_those_before_it_have_left() -> None:
    notes = [note(str(n), "-500", invoice_id="10", status="cancelled") for n in (20, 21, 22)]
    assert [with_balance(each, family(*notes)).remaining for each in notes] == [0, 0, 300]


@pytest.mark.parametrize(
    "given",
    [
        {"draft": True},
        {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"paid": True, "status": "cancelled"},
        {"customer_id": "2"},
        {"currency": "USD"},
        {"status": "incomplete"},
    ],
)
def test_one_that_takes_nothing_leaves_the_invoice_to_those_after_it(given: dict[str, Any]) -> None:
    idle = note("20", "-1200", **{"invoice_id": "10", "status": "cancelled"} | given)
    other = note("21", "-1200", invoice_id="10", status="cancelled")
    assert with_balance(other, family(idle, other)).remaining == 0


def test_a_credit_note_of_another_customer_or_currency_than_its_invoice_is_whole() -> None:
    for given in ({"customer_id": "2"}, {"currency": "USD"}):
        linked = note(invoice_id="10", status="cancelled", **given)
        assert with_balance(linked, family(linked)).remaining == 240


def test_an_invoice_of_which_the_ledger_tells_no_rest_owes_what_its_credit_notes_left() -> None:
    linked = note(invoice_id="10", status="cancelled")
    assert with_balance(invoice(remaining=None), family(linked)).remaining == 960


def test_a_credit_note_of_an_invoice_nobody_can_read_is_refused_with_a_reason() -> None:
    linked = with_balance(note(invoice_id="10", status="cancelled"), ALONE)
    with pytest.raises(RecordError, match="the invoice 10 this credit note belongs to can't be read"):
        CREDIT_NOTE.build(linked, CONTEXT)


# --- fields


def test_an_invoice_has_the_columns_of_the_file() -> None:
    assert INVOICE.build(invoice(e_invoicing_status="approved", remaining=Decimal("700.5")), CONTEXT) == {
        "BUYER_CODE": "1",
        "INV_NUMBER": "F-1",
        "INV_TYPE": "invoice",
        "INV_DATE": "2026-03-02",
        "DUE_DATE": "2026-04-01",
        "AMOUNT": "1200.00",
        "TAX": "200.00",
        "BALANCE": "700.50",
        "CURRENCY": "EUR",
        "STATUS": "open",
        "E_INVOICING_STATUS": "approved",
        "customer": "1",
    }


def test_a_credit_notes_amounts_are_negative_whatever_sign_they_came_with() -> None:
    for amount, tax in (("-240", "-40"), ("240", "40")):
        built = CREDIT_NOTE.build(with_balance(note(amount=amount, tax=Decimal(tax)), ALONE), CONTEXT)
        assert (built["AMOUNT"], built["TAX"], built["BALANCE"]) == ("-240.00", "-40.00", "-240.00")
        assert built["INV_TYPE"] == "credit_note"


@pytest.mark.parametrize(
    ("currency", "amount", "shown"), [("EUR", "10", "10.00"), ("JPY", "1200", "1200"), ("TND", "1.5", "1.500")]
)
def test_amounts_have_exactly_the_currencys_decimals(currency: str, amount: str, shown: str) -> None:
    given = {"currency": currency, "amount": Decimal(amount), "remaining": Decimal(amount), "tax": Decimal("-0.00")}
    built = INVOICE.build(invoice(**given), CONTEXT)
    assert (built["AMOUNT"], built["BALANCE"]) == (shown, shown)
    assert "-" not in built["TAX"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"number": None}, "INV_NUMBER: the document has no number"),
        ({"number": " \n"}, "INV_NUMBER"),
        ({"issued_on": None}, "INV_DATE"),
        ({"amount": Decimal("1200.001")}, "nothing is rounded"),
        ({"remaining": Decimal(-5)}, "BALANCE: what remains of the invoice \\(-5\\)"),
        ({"remaining": Decimal("1200.01")}, "BALANCE: what remains"),
        ({"currency": "XAU"}, "no minor unit"),
    ],
)
def test_what_can_not_be_told_exactly_is_refused_with_the_column(given: dict[str, Any], words: str) -> None:
    with pytest.raises(RecordError, match=words):
        INVOICE.build(invoice(**given), CONTEXT)


def test_an_invoice_without_a_deadline_is_due_when_it_was_issued() -> None:
    assert INVOICE.build(invoice(due_on=None), CONTEXT)["DUE_DATE"] == "2026-03-02"


def test_a_company_has_the_columns_of_the_file() -> None:
    address = Address(address="1 rue\nde la Paix", postal_code="75002", city="Paris", country="FR")
    company = Customer(
        id="1",
        customer_type="company",
        name="Acme",
        emails=("compta@acme.example", "b@acme.example"),
        phone="+33 1 02 03 04 05",
        recipient="Service compta",
        payment_conditions="30_days",
        vat_number=VAT,
        reg_no=SIREN,
        billing_address=address,
    )
    assert CUSTOMER.build(company, CONTEXT) == {
        "BUYER_NAME": "Acme",
        "ID_TYPE": "vat",
        "ID_NUMBER": VAT,
        "PAYMENT_TERMS": "30",
        "ADDRESS_STREET_NAME": "1 rue de la Paix",
        "ADDRESS_POSTAL_CODE": "75002",
        "ADDRESS_CITY": "Paris",
        "ADDRESS_COUNTRY": "FR",
        "CONTACT_NAME": "Service compta",
        "CONTACT_EMAIL": "compta@acme.example",
        "CONTACT_PHONE": "+33 1 02 03 04 05",
    }


def test_an_individual_has_both_names() -> None:
    person = Customer(id="1", customer_type="individual", name="LOVELACE", first_name="Ada", last_name="Lovelace")
    built = CUSTOMER.build(person, CONTEXT)
    assert (built["BUYER_NAME"], built["CONTACT_NAME"]) == ("Ada Lovelace", "Ada Lovelace")


def test_a_customer_without_any_name_is_refused() -> None:
    with pytest.raises(RecordError, match="BUYER_NAME"):
        CUSTOMER.build(Customer(id="1", customer_type="company", name=" "), CONTEXT)


@pytest.mark.parametrize(
    ("conditions", "days"),
    [
        ("upon_receipt", "0"),
        ("7_days", "7"),
        ("30_days", "30"),
        ("45_days_end_of_month", "45"),
        ("60_days", "60"),
        ("custom", None),
        (None, None),
        ("soon", None),
    ],
)
def test_payment_terms_are_days(conditions: str | None, days: str | None) -> None:
    customer = Customer(id="1", customer_type="company", name="Acme", payment_conditions=conditions)
    assert CUSTOMER.build(customer, CONTEXT).get("PAYMENT_TERMS") == days


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb", "a b"),
        ("a\x00b\x1fc", "a b c"),
        ("  a \u00a0 b ", "a b"),
        ("a\u2028b", "a b"),
        ("", None),
        (" \n ", None),
        (None, None),
        ("=1+1", "=1+1"),
        ("é🦄", "é🦄"),
    ],
)
def test_a_cell_is_one_line(text: str | None, line: str | None) -> None:
    assert one_line(text) == line
