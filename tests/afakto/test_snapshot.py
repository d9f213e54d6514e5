"""Rows of what is published, and who stays out because Afakto could not tell them apart."""

from __future__ import annotations

from datetime import date
from typing import Any

from duebridge.core.api import Delivery
from duebridge.targets.afakto.settings import AfaktoSettings
from duebridge.targets.afakto.snapshot import Snapshot, lay_out

from .scene import CODE

TODAY = date(2026, 3, 2)


def settings(**given: Any) -> AfaktoSettings:
    return AfaktoSettings.model_validate({"company_code": CODE, "directory": "/nowhere"} | given)


def customer(id: str, **payload: Any) -> Delivery:
    return Delivery("customer", id, "", "create", f"x-customer-{id}", {"BUYER_NAME": f"Name {id}"} | payload)


def document(
    id: str, customer: str, number: str, *, kind: str = "invoice", currency: str = "EUR", **payload: Any
) -> Delivery:
    code = customer if currency == "EUR" else f"{customer}-{currency}"
    usual = {
        "INV_NUMBER": number,
        "INV_TYPE": kind,
        "CURRENCY": currency,
        "BUYER_CODE": code,
        "STATUS": "open",
        "DUE_DATE": "2026-03-02",
        "customer": customer,
    }
    return Delivery(kind, id, "", "create", f"x-{kind}-{id}", usual | payload)


def laid_out(*deliveries: Delivery, **given: Any) -> Snapshot:
    return lay_out(deliveries, settings(**given), TODAY)


def test_a_customer_has_a_buyer_for_each_currency_of_its_documents() -> None:
    snapshot = laid_out(
        customer("1"),
        customer("2"),
        customer("3"),
        document("10", "1", "F-1"),
        document("11", "1", "F-2", currency="USD"),
        document("12", "2", "F-3", currency="USD"),
    )
    assert [(row["BUYER_CODE"], row["CURRENCY"], row["BUYER_NAME"]) for row in snapshot.buyers] == [
        ("1", "EUR", "Name 1"),
        ("1-USD", "USD", "Name 1 (USD)"),
        ("2-USD", "USD", "Name 2 (USD)"),
        ("3", "EUR", "Name 3"),
    ]
    assert {row["COMPANY_CODE"] for row in snapshot.buyers + snapshot.invoices} == {CODE}


def test_of_documents_with_one_number_none_goes_and_each_says_which_the_others_are() -> None:
    snapshot = laid_out(
        customer("1"),
        document("10", "1", "F-1"),
        document("11", "1", "F-1"),
        document("20", "1", "F-1", kind="credit_note"),
        document("12", "1", "F-2"),
    )
    assert [row["INV_NUMBER"] for row in snapshot.invoices] == ["F-2"]
    assert snapshot.left_out.keys() == {"invoice:10", "invoice:11", "credit_note:20"}
    assert "F-1 is also the number of invoice 11, credit_note 20" in snapshot.left_out["invoice:10"]


def test_of_customers_with_one_code_none_goes_nor_do_their_documents() -> None:
    snapshot = laid_out(
        customer("12"),
        customer("12-USD"),  # another source's id may look like this
        customer("3"),
        document("10", "12", "F-1", currency="USD"),
        document("11", "12-USD", "F-2"),
        document("12", "3", "F-3"),
    )
    assert [row["BUYER_CODE"] for row in snapshot.buyers] == ["3"]
    assert [row["INV_NUMBER"] for row in snapshot.invoices] == ["F-3"]
    assert snapshot.left_out.keys() == {"customer:12", "customer:12-USD", "invoice:10", "invoice:11"}
    assert "would also be the code of customer 12-USD" in snapshot.left_out["customer:12"]


def test_codes_that_differ_in_capitals_alone_count_as_one() -> None:
    snapshot = laid_out(customer("abc"), customer("ABC"), customer("d"))
    assert [row["BUYER_CODE"] for row in snapshot.buyers] == ["d"]


def test_a_document_whose_customer_is_not_published_stays_out() -> None:
    snapshot = laid_out(customer("1"), document("10", "2", "F-1"))
    assert snapshot.invoices == []
    assert "customer 2 is not published" in snapshot.left_out["invoice:10"]


def test_the_day_of_the_delivery_tells_what_is_late() -> None:
    snapshot = laid_out(
        customer("1"),
        document("10", "1", "F-1", DUE_DATE="2026-03-01"),
        document("11", "1", "F-2", DUE_DATE="2026-03-02"),
        document("12", "1", "F-3", DUE_DATE="2026-03-01", STATUS="partially_paid"),
    )
    assert [row["STATUS"] for row in snapshot.invoices] == ["late", "upcoming", "partially_paid"]


def test_words_are_those_the_settings_have() -> None:
    snapshot = laid_out(
        customer("1", ID_TYPE="siren", ID_NUMBER="732829320"),
        customer("2", ID_TYPE="vat", ID_NUMBER="FR44732829320"),
        document("10", "1", "F-1"),
        document("20", "1", "A-1", kind="credit_note"),
        literals={"invoice": "INV", "credit_note": "CN", "payment_method": "TRANSFER", "siren": "", "vat": "TVA"},
    )
    assert [(row["ID_TYPE"], row.get("ID_NUMBER", "")) for row in snapshot.buyers] == [
        ("", ""),
        ("TVA", "FR44732829320"),
    ]
    assert [(row["INV_TYPE"], row["PAYMENT_METHOD"]) for row in snapshot.invoices] == [
        ("INV", "TRANSFER"),
        ("CN", "TRANSFER"),
    ]


def test_numbers_nobody_could_use_are_told_once() -> None:
    snapshot = laid_out(*(customer(str(n), unusable_id=True) for n in range(1, 8)), customer("8"))
    (note,) = snapshot.notes
    assert note.startswith("7 customers go without ID_TYPE and ID_NUMBER")
    assert "(ids 1, 2, 3, 4, 5, …)" in note


def test_a_document_kept_from_other_settings_has_the_code_its_buyer_has_now() -> None:
    snapshot = laid_out(customer("1"), document("10", "1", "F-1"), currency="USD")
    assert [row["BUYER_CODE"] for row in snapshot.buyers] == ["1-EUR"]
    assert [row["BUYER_CODE"] for row in snapshot.invoices] == ["1-EUR"]
