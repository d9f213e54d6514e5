"""The tables of an import: what goes and why, what things are called, which words Pennylane knows. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from duebridge.core.api import CreditNote, Customer, Invoice
from duebridge.plugins.pennylane.importing.amounts import plain, price_of, text_of
from duebridge.plugins.pennylane.importing.mapping import CUSTOMER
from duebridge.plugins.pennylane.importing.references import is_another_clients, reference_of
from duebridge.plugins.pennylane.importing.rules import CREDIT_NOTES, INVOICES
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.target import PennylaneTarget
from duebridge.plugins.pennylane.importing.vat_codes import _by_rate
from duebridge.plugins.pennylane.importing.vocabulary import CURRENCIES, LANGUAGES, PAYMENT_CONDITIONS, VAT_CODES
from duebridge.plugins.pennylane.sandbox import contract

DOCUMENT = {
    "id": "1",
    "customer_id": "2",
    "status": "upcoming",
    "draft": False,
    "paid": False,
    "currency": "EUR",
    "amount": "1",
    "amount_before_tax": "1",
    "tax": "0",
}


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        ({}, "sync", "finalised"),
        ({"status": "late"}, "sync", "finalised"),
        ({"status": "paid", "paid": True}, "sync", "paid"),
        ({"status": "paid", "paid": True, "written_off": True}, "sync", "written_off"),
        ({"status": "cancelled"}, "sync", "finalised"),
        ({"status": "partially_cancelled"}, "sync", "finalised"),
        ({"draft": True}, "skip", "draft"),
        ({"status": "draft"}, "skip", "draft"),
        ({"status": "incomplete"}, "skip", "incomplete"),
        ({"status": "archived"}, "skip", "archived"),
        ({"archived_at": "2026-01-01T00:00:00Z"}, "skip", "archived"),
        ({"status": "proforma"}, "skip", "other_document"),
        ({"status": "mystery"}, "reject", "unknown_status"),
    ],
)
def test_what_goes_and_why(change: dict[str, Any], verdict: str, code: str) -> None:
    decision = INVOICES.decide(Invoice.model_validate(DOCUMENT | change))
    assert (decision.verdict, decision.code) == (verdict, code)
    if code not in ("paid", "written_off", "other_document"):
        note = CREDIT_NOTES.decide(CreditNote.model_validate(DOCUMENT | change))
        assert (note.verdict, note.code) == (verdict, code)


def test_references_name_the_account_and_documents_keep_theirs_when_they_turn_into_credit_notes() -> None:
    source = PennylaneTarget.origin("harvest", "1234")
    kinds = (Customer(id="7", customer_type="company", name="A"), *_both("7"))
    assert [reference_of(source, each) for each in kinds] == [
        "harvest-1234-client-7",
        "harvest-1234-invoice-7",
        "harvest-1234-invoice-7",
    ]
    assert [reference_of("books-1", each) for each in _both("7")] == ["books-1-invoice-7", "books-1-credit_note-7"]


def _both(id: str) -> tuple[Invoice, CreditNote]:
    values = DOCUMENT | {"id": id}
    return Invoice.model_validate(values), CreditNote.model_validate(values)


@pytest.mark.parametrize(
    ("reference", "another"),
    [
        (None, False),
        ("their own", False),
        ("harvest-1-client-7", False),
        ("harvest-1-client-8", True),
        ("harvest-2-client-8", False),
    ],
)
def test_who_was_added_for_another_client(reference: str | None, another: bool) -> None:
    assert is_another_clients(reference, "harvest-1-client-7") is another


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(12345, "EUR", "123.45"), (-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (500, "JPY", "500"), (-1234, "TND", "-1.234")],
)
def test_amounts_are_written_in_the_currencys_own_decimals(minor: int, currency: str, text: str) -> None:
    assert text_of(minor, currency) == text


@pytest.mark.parametrize(
    ("net", "quantity", "price"),
    [("100.00", "3", "33.333333"), ("0.00", "7", "0"), ("-10.00", "4", "-2.5"), ("1.00", "-3", "-0.333333")],
)
def test_a_unit_price_has_six_decimals_and_no_zeros_at_its_end(net: str, quantity: str, price: str) -> None:
    assert price_of(net, Decimal(quantity)) == price


@pytest.mark.parametrize(("value", "text"), [("1E+3", "1000"), ("0.10", "0.1"), ("-0", "0"), ("100", "100")])
def test_numbers_are_written_plainly(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_the_words_are_those_of_the_contract() -> None:
    def members(path: str) -> Any:
        body = contract.document()["paths"][contract.PREFIX + path]["post"]["requestBody"]
        return body["content"]["application/json"]["schema"]["properties"]

    def words(schema: Any) -> set[str]:
        if "$ref" in schema:
            schema = contract.document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return set(schema["enum"] if "enum" in schema else schema["allOf"][0]["enum"])

    invoice, customer = members("/customer_invoices/import"), members("/company_customers")
    assert words(invoice["currency"]) == CURRENCIES
    assert words(invoice["invoice_lines"]["items"]["properties"]["vat_rate"]) == VAT_CODES
    assert words(customer["payment_conditions"]) == PAYMENT_CONDITIONS
    assert words(customer["billing_language"]) == LANGUAGES


def test_each_rate_of_a_country_has_one_code() -> None:
    codes = _by_rate()
    assert codes["FR", Decimal("5.5")] == "FR_55"
    assert codes["FR", Decimal("1.05")] == "FR_1_05"
    assert codes["CH", Decimal("8.1")] == "CH_81"
    assert len(set(codes.values())) == len(codes)
    plain_codes = [code for code in VAT_CODES if code.count("_") == 1 and code[:2].isupper() and code[2] == "_"]
    assert set(plain_codes) <= set(codes.values())


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("12 rue X\nBât. B\n75002 Paris\nFrance", "12 rue X\nBât. B"),
        ("12 rue X", "12 rue X"),
        ("75002 Paris", "75002 Paris"),
        (" 12 rue X \n\n", "12 rue X"),
    ],
)
def test_the_street_is_what_stands_before_postal_code_and_city(address: str, street: str) -> None:
    parts = {"address": address, "postal_code": "75002", "city": "Paris", "country": "fr"}
    record = Customer.model_validate({"id": "1", "customer_type": "company", "name": "A", "billing_address": parts})
    built = CUSTOMER.build(record, {"source": "s"})["billing_address"]
    assert built == {"address": street, "postal_code": "75002", "city": "Paris", "country_alpha2": "FR"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"zero_rate_code": {"France": "exempt"}},
        {"zero_rate_code": {"FR": "FR_0"}},
        {"zero_rate_code": {"default": "mixed"}},
        {"ledger_accounts": {"Service": "706 000"}},
        {"default_country": "fr"},
        {"on_change": "delete"},
        {"requests_per_minute": 301},
        {"unknown": 1},
    ],
)
def test_settings_that_can_not_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PennylaneTargetSettings.model_validate({"token": "t", **wrong})


def test_an_account_number_may_be_written_as_a_number() -> None:
    settings = PennylaneTargetSettings.model_validate({"token": "t", "ledger_accounts": {"Service": 706000}})
    assert settings.ledger_accounts == {"Service": "706000"}
