"""Does each field hold what it should, and is what can't be told refused?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import Address, Contact, Credit, RecordError
from duebridge.targets.billabex.contacts import language_of, masked
from duebridge.targets.billabex.mapping import CREDIT_NOTE, CUSTOMER, INVOICE

from .conftest import CONTEXT, make_credit_note, make_customer, make_invoice


def customer(**fields: Any) -> dict[str, Any]:
    context = {name: fields.pop(name, value) for name, value in CONTEXT.items()}
    return CUSTOMER.build(make_customer(**fields), context)


def invoice(**fields: Any) -> dict[str, Any]:
    return INVOICE.build(make_invoice(**fields), CONTEXT)


def credits(*amounts: str) -> tuple[Credit, ...]:
    return tuple(Credit(credit_note_id=str(40 + n), amount=Decimal(amount)) for n, amount in enumerate(amounts))


def test_a_customer_without_anything_is_a_name_a_key_and_a_currency() -> None:
    assert customer() == {"sourceId": "book-customer-7", "fullName": "Vergers du Lac SARL", "currencyCode": "EUR"}


def test_a_person_goes_by_first_and_last_name() -> None:
    assert (
        customer(customer_type="individual", name="LEROY", first_name="Léa", last_name="Roy")["fullName"] == "Léa Roy"
    )


def test_a_customer_without_a_name_is_refused() -> None:
    with pytest.raises(RecordError, match="name the customer at the source"):
        customer(name=" ")


def test_of_an_address_only_what_is_filled_goes() -> None:
    address = Address(address="1 rue du Lac", city="Annecy", country="FR")
    expected = {"street": "1 rue du Lac", "city": "Annecy", "country": "FR"}
    assert customer(billing_address=address)["billingAddress"] == expected
    assert "billingAddress" not in customer(billing_address=Address())


def test_an_address_counts_once_with_the_name_the_book_has_and_the_customers_own_come_first() -> None:
    book = tuple(
        Contact(id=id, customer_id="7", email=email, first_name=name)
        for id, email, name in (("1", "lea@v.example", "Léa"), ("2", "COMPTA@v.example", "Jo"), ("3", " ", "Sans"))
    )
    made = customer(emails=("compta@v.example", "daf@v.example"), contacts=book)
    assert [(each["email"], each["fullName"]) for each in made["contacts"]] == [
        ("COMPTA@v.example", "Jo"),
        ("daf@v.example", "daf@v.example"),
        ("lea@v.example", "Léa"),
    ]
    assert made["withoutAddress"] == ["Sans"]


def test_the_override_takes_the_place_of_every_address_and_no_other_is_left() -> None:
    book = (Contact(id="1", customer_id="7", email="lea@v.example"),)
    made = customer(emails=("compta@v.example",), contacts=book, override_email="essai@d.example")
    assert [each["email"] for each in made["contacts"]] == ["essai@d.example"]
    assert "v.example" not in str(made)


@pytest.mark.parametrize(
    ("given", "code"),
    [("fr_FR", "fr"), ("en-GB", "en"), ("de", "de"), (None, "fr"), ("", "fr"), ("français", "fr"), ("EN", "en")],
)
def test_a_language_is_two_letters_french_when_it_is_not_known(given: str | None, code: str) -> None:
    assert language_of(given) == code


def test_a_masked_address_keeps_its_first_letter_and_its_domain() -> None:
    assert (masked("jean@acme.example"), masked("jean")) == ("j***@acme.example", "j***")


@pytest.mark.parametrize(
    ("given", "paid"),
    [
        ({}, "0.00"),
        ({"remaining": Decimal("1200.00")}, "0.00"),
        ({"remaining": Decimal("700.00")}, "500.00"),
        ({"remaining": Decimal("700.00"), "credits": credits("200.00")}, "300.00"),
        ({"remaining": Decimal("960.00"), "credits": credits("240.00")}, "0.00"),
        ({"remaining": Decimal("1200.00"), "credits": credits("240.00")}, "0.00"),
        ({"paid": True, "remaining": Decimal(0), "credits": credits("200.00", "100.00")}, "900.00"),
        ({"status": "cancelled", "remaining": Decimal(0), "credits": credits("1200.00")}, "0.00"),
        ({"status": "cancelled", "remaining": Decimal(0)}, "1200.00"),
        ({"remaining": Decimal("-50.00")}, "1200.00"),
    ],
)
def test_the_paid_amount_is_what_money_settled_and_a_credit_note_never_counts_twice(given: Any, paid: str) -> None:
    assert invoice(**given)["paidAmount"] == paid


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"number": None}, "number it at the source"),
        ({"issued_on": None}, "date it at the source"),
        ({"amount": Decimal("1200.005")}, "nothing is rounded"),
        ({"tax": Decimal("0.001")}, "nothing is rounded"),
        ({"remaining": Decimal("700.001")}, "nothing is rounded"),
    ],
)
def test_what_billabex_can_not_be_told_exactly_is_refused(given: Any, what: str) -> None:
    with pytest.raises(RecordError, match=what):
        invoice(**given)


def test_without_a_deadline_an_invoice_is_due_when_it_is_issued() -> None:
    assert invoice(due_on=None)["dueDate"] == {"year": 2026, "month": 3, "day": 2}


def test_amounts_have_the_decimals_of_their_currency() -> None:
    yen = invoice(currency="JPY", amount=Decimal(1200), tax=Decimal(0))
    assert (yen["totalAmount"], invoice()["totalAmount"]) == ("1200", "1200.00")


def test_a_credit_note_is_positive_without_due_date_and_paid_amount() -> None:
    made = CREDIT_NOTE.build(make_credit_note(), CONTEXT)
    assert (made["totalAmount"], made["taxAmount"]) == ("240.00", "40.00")
    assert made.keys() & {"dueDate", "paidAmount", "poNumber"} == set()
