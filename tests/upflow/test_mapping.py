"""Does every field the page names arrive where it belongs? Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import Address, Contact, Customer, LedgerAccount, RecordError
from duebridge.targets.upflow.contacts import masked
from duebridge.targets.upflow.mapping import CREDIT_NOTE, CUSTOMER, INVOICE, NATIVE_FIELDS

CONTEXT = {"source": "pennylane", "custom_fields": list(NATIVE_FIELDS)}

Maker = Callable[..., Any]


def customer(record: Customer, **context: Any) -> dict[str, Any]:
    return CUSTOMER.build(record, CONTEXT | context)


def test_a_company_goes_by_its_company_name(make_customer: Maker) -> None:
    payload = customer(make_customer(first_name="Not", last_name="Used"))
    assert payload["name"] == "Vergers du Lac SARL"
    assert payload["externalId"] == "pennylane-customer-7"


def test_an_individual_goes_by_first_and_last_name_in_that_order(make_customer: Maker) -> None:
    person = make_customer(customer_type="individual", name="MARTIN Zoé", first_name="Zoé", last_name="Martin")
    assert customer(person)["name"] == "Zoé Martin"


@pytest.mark.parametrize(("first", "last", "shown"), [("Zoé", "", "Zoé"), ("", "Martin", "Martin"), (" ", "", "Full")])
def test_an_individual_with_half_a_name_goes_by_what_there_is(
    make_customer: Maker, first: str, last: str, shown: str
) -> None:
    person = make_customer(customer_type="individual", name="Full", first_name=first, last_name=last)
    assert customer(person)["name"] == shown


@pytest.mark.parametrize("type_", ["company", "individual"])
def test_a_customer_without_any_name_is_rejected(make_customer: Maker, type_: str) -> None:
    with pytest.raises(RecordError, match="name"):
        customer(make_customer(customer_type=type_, name="  "))


def test_the_billing_address_goes_and_the_delivery_address_stays(make_customer: Maker) -> None:
    billing = Address(address="8 quai des Pommes", postal_code="74000", city="Annecy", country="FR")
    payload = customer(make_customer(billing_address=billing, delivery_address=Address(city="Elsewhere")))
    assert payload["address"] == {
        "address": "8 quai des Pommes",
        "zipcode": "74000",
        "city": "Annecy",
        "country": "FR",
    }


def test_an_empty_billing_address_sends_no_address(make_customer: Maker) -> None:
    assert "address" not in customer(make_customer(billing_address=Address()))
    assert "address" not in customer(make_customer(delivery_address=Address(city="Elsewhere")))


def test_six_native_fields_go_as_custom_fields_by_name(make_customer: Maker) -> None:
    record = make_customer(
        ledger_account=LedgerAccount(id="1", number="411VERGERS"),
        notes="Calls on Mondays",
        reference="REF-7",
        payment_conditions="30_days",
        recipient="Accounts payable",
    )
    assert customer(record)["customFields"] == {
        "Customer Type": "company",
        "Plan Item": "411VERGERS",
        "Notes": "Calls on Mondays",
        "Reference": "REF-7",
        "Payment conditions": "30_days",
        "Recipient": "Accounts payable",
    }


def test_custom_fields_upflow_does_not_have_are_left_out(make_customer: Maker) -> None:
    record = make_customer(notes="Calls on Mondays", reference="REF-7")
    assert customer(record, custom_fields=["Notes"])["customFields"] == {"Notes": "Calls on Mondays"}
    assert "customFields" not in customer(record, custom_fields=[])


def test_blank_native_fields_are_left_out(make_customer: Maker) -> None:
    record = make_customer(notes="  ", reference="", recipient="", payment_conditions=None)
    assert customer(record)["customFields"] == {"Customer Type": "company"}


def test_contacts_come_from_the_email_field_and_the_first_one_is_main(make_customer: Maker) -> None:
    book = (Contact(id="99", customer_id="7", email="hidden@acme.com"),)
    record = make_customer(emails=("john.doe@acme.com", "jane@acme.com"), contacts=book)
    assert customer(record)["contacts"] == [
        {"externalId": "pennylane-contact-7:john.doe@acme.com", "email": "john.doe@acme.com", "isMain": True},
        {"externalId": "pennylane-contact-7:jane@acme.com", "email": "jane@acme.com", "isMain": False},
    ]
    assert not any(need.startswith("customer.contacts") for need in CUSTOMER.needs)


def test_an_individuals_names_go_on_the_main_contact_alone(make_customer: Maker) -> None:
    person = make_customer(
        customer_type="individual", first_name="Zoé", last_name="Martin", emails=("z@martin.fr", "second@martin.fr")
    )
    main, second = customer(person)["contacts"]
    assert (main["firstName"], main["lastName"]) == ("Zoé", "Martin")
    assert "firstName" not in second
    assert "lastName" not in second


def test_blank_and_repeated_addresses_make_no_contact(make_customer: Maker) -> None:
    record = make_customer(emails=(" ", "a@acme.com", "A@acme.com ", "b@acme.com"))
    assert [contact["email"] for contact in customer(record)["contacts"]] == ["a@acme.com", "b@acme.com"]
    assert "contacts" not in customer(make_customer(emails=("", " ")))


@pytest.mark.parametrize(
    ("email", "shown"),
    [("jane@acme.com", "j***@acme.com"), ("@acme.com", "***@acme.com"), ("nonsense", "n***"), ("", "***")],
)
def test_an_address_is_masked_but_for_its_first_letter_and_domain(email: str, shown: str) -> None:
    assert masked(email) == shown


def test_reference_dates_and_total_of_an_invoice_correspond_to_the_ledger(make_invoice: Maker) -> None:
    assert INVOICE.build(make_invoice(), CONTEXT) == {
        "externalId": "pennylane-invoice-30",
        "customId": "F-2026-30",
        "issuedAt": "2026-03-02",
        "dueDate": "2026-04-01",
        "currency": "EUR",
        "grossAmount": 120000,
        "netAmount": 100000,
        "customer": {"externalId": "pennylane-customer-7"},
    }


@pytest.mark.parametrize(
    ("number", "label", "shown"),
    [
        ("F-1", "Label", "F-1"),
        ("", "Label", "Label"),
        (None, "Label", "Label"),
        (" ", "", "draft-30"),
        (None, None, "draft-30"),
    ],
)
def test_the_reference_is_the_number_else_the_label_else_made_from_the_id(
    make_invoice: Maker, number: str | None, label: str | None, shown: str
) -> None:
    assert INVOICE.build(make_invoice(number=number, label=label), CONTEXT)["customId"] == shown


def test_without_a_deadline_an_invoice_is_due_when_issued(make_invoice: Maker) -> None:
    assert INVOICE.build(make_invoice(due_on=None), CONTEXT)["dueDate"] == "2026-03-02"


def test_a_document_without_an_issue_date_is_rejected(make_invoice: Maker, make_credit_note: Maker) -> None:
    with pytest.raises(RecordError, match="issue date"):
        INVOICE.build(make_invoice(issued_on=None), CONTEXT)
    with pytest.raises(RecordError, match="issue date"):
        CREDIT_NOTE.build(make_credit_note(issued_on=None), CONTEXT)


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("JPY", "1200", 1200), ("EUR", "1200.5", 120050), ("TND", "1200.505", 1200505)],
)
def test_amounts_are_whole_numbers_of_the_currencys_smallest_unit(
    make_invoice: Maker, make_credit_note: Maker, currency: str, amount: str, minor: int
) -> None:
    amounts = {"currency": currency, "amount": Decimal(amount), "amount_before_tax": Decimal(amount)}
    payload = INVOICE.build(make_invoice(**amounts), CONTEXT)
    assert (payload["grossAmount"], payload["netAmount"]) == (minor, minor)
    negative = amounts | {"amount": -Decimal(amount), "amount_before_tax": -Decimal(amount)}
    payload = CREDIT_NOTE.build(make_credit_note(**negative), CONTEXT)
    assert (payload["grossAmount"], payload["netAmount"]) == (minor, minor)
    assert all(type(payload[name]) is int for name in ("grossAmount", "netAmount"))


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1200.5"), ("EUR", "1200.505"), ("XXX", "1")])
def test_an_amount_that_cannot_be_expressed_is_rejected_and_never_rounded(
    make_invoice: Maker, currency: str, amount: str
) -> None:
    with pytest.raises(RecordError):
        INVOICE.build(make_invoice(currency=currency, amount=Decimal(amount)), CONTEXT)


def test_a_credit_note_goes_with_positive_amounts_and_its_own_reference(make_credit_note: Maker) -> None:
    payload = CREDIT_NOTE.build(make_credit_note(due_on=date(2026, 5, 1)), CONTEXT)
    assert payload == {
        "externalId": "pennylane-credit_note-40",
        "customId": "A-2026-40",
        "issuedAt": "2026-03-02",
        "dueDate": "2026-05-01",
        "currency": "EUR",
        "grossAmount": 24000,
        "netAmount": 20000,
        "customer": {"externalId": "pennylane-customer-7"},
    }


def test_the_mappings_ask_the_source_for_no_lines_and_no_address_book() -> None:
    needs = CUSTOMER.needs | INVOICE.needs | CREDIT_NOTE.needs
    assert "customer.ledger_account.number" in needs
    assert not {need for need in needs if "lines" in need or "contacts" in need}


def test_explain_names_each_leaf_by_its_dotted_path(make_customer: Maker) -> None:
    record = make_customer(emails=("a@acme.com",), notes="N")
    paths = {field.target for field in CUSTOMER.explain(record, CONTEXT)}
    assert {"name", "customFields.Notes", "contacts.0.email", "contacts.0.isMain"} <= paths


def test_a_document_kind_has_its_key_in_the_form_the_engine_uses(
    make_invoice: Maker, make_credit_note: Maker, make_customer: Maker
) -> None:
    for mapping, record in (
        (CUSTOMER, make_customer()),
        (INVOICE, make_invoice()),
        (CREDIT_NOTE, make_credit_note()),
    ):
        assert mapping.build(record, CONTEXT)["externalId"] == f"pennylane-{record.kind}-{record.id}"
