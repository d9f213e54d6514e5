"""The stand-in refuses what Afakto's help says is refused, takes a file whole or not at all, and shows what is held."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.targets.afakto.sandbox.book import Book
from duebridge.targets.afakto.sandbox.delivery import read_files
from duebridge.targets.afakto.sandbox.product import TOKEN
from duebridge.targets.afakto.sandbox.reading import Refused, day
from duebridge.targets.afakto.sandbox.terms import REQUIRED, Terms

from .scene import SIREN, Scene

BUYERS, INVOICES = "20260302_ACME01_buyers.csv", "20260302_ACME01_invoices.csv"
BUYER = {"COMPANY_CODE": "ACME01", "BUYER_CODE": "1", "BUYER_NAME": "One", "CURRENCY": "EUR", "PAYMENT_TERMS": "30"}
INVOICE = {
    "COMPANY_CODE": "ACME01",
    "BUYER_CODE": "1",
    "INV_NUMBER": "F-1",
    "INV_TYPE": "INVOICE",
    "INV_DATE": "2026-03-02",
    "DUE_DATE": "2026-04-01",
    "AMOUNT": "100.00",
    "BALANCE": "60.00",
    "CURRENCY": "EUR",
}


def csv_of(file: str, *rows: dict[str, str], separator: str = ",", more: tuple[str, ...] = ()) -> bytes:
    columns = (*REQUIRED[file], *more)
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    return "".join(separator.join(line) + "\n" for line in lines).encode()


def book(*buyers: dict[str, str], invoices: tuple[dict[str, str], ...] = ()) -> Book:
    files = [(BUYERS, csv_of("buyers", *(buyers or (BUYER,)))), (INVOICES, csv_of("invoices", *invoices))]
    return read_files(files if invoices else files[:1])


def test_what_was_imported_is_held_and_an_invoice_file_closes_what_it_leaves_out() -> None:
    first = book(invoices=(INVOICE, INVOICE | {"INV_NUMBER": "F-2"}))
    assert {n: row["BALANCE"] for n, row in first.companies["ACME01"].invoices.items()} == {
        "F-1": "60.00",
        "F-2": "60.00",
    }
    first.take("later", "invoices", REQUIRED["invoices"], [dict.fromkeys(REQUIRED["invoices"], "") | INVOICE], ".")
    assert {n: row["BALANCE"] for n, row in first.companies["ACME01"].invoices.items()} == {"F-1": "60.00", "F-2": "0"}


def test_a_company_that_is_not_in_a_file_keeps_what_it_has() -> None:
    other = {"COMPANY_CODE": "OTHER"}
    files = [
        (BUYERS, csv_of("buyers", BUYER, BUYER | other)),
        (INVOICES, csv_of("invoices", INVOICE, INVOICE | other)),
        ("20260303_ACME01_invoices.csv", csv_of("invoices", INVOICE | {"INV_NUMBER": "F-2"})),
    ]
    held = read_files(files).companies
    assert held["OTHER"].invoices["F-1"]["BALANCE"] == "60.00"
    assert held["ACME01"].invoices["F-1"]["BALANCE"] == "0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"BUYER_CODE": "1" * 16}, "more than 15 characters"),
        ({"BUYER_CODE": ""}, "BUYER_CODE is empty"),
        ({"BUYER_NAME": ""}, "BUYER_NAME is empty"),
        ({"CURRENCY": "euro"}, "CURRENCY euro is unknown"),
        ({"ID_TYPE": "SIREN"}, "go together"),
        ({"ID_NUMBER": SIREN}, "go together"),
        ({"ID_TYPE": "DUNS", "ID_NUMBER": "1"}, "ID_TYPE DUNS is unknown"),
        ({"ID_TYPE": "SIRET", "ID_NUMBER": SIREN}, "is no SIRET"),
        ({"PAYMENT_TERMS": "30 days"}, "no number of days"),
        ({"ADDRESS_COUNTRY": "France"}, "no code of two letters"),
    ],
)
def test_a_buyer_it_can_not_take_is_refused(change: dict[str, str], words: str) -> None:
    content = csv_of("buyers", BUYER | change, more=("ADDRESS_COUNTRY",))
    with pytest.raises(Refused, match=f"{BUYERS}: row 2: .*{words}"):
        read_files([(BUYERS, content)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"BUYER_CODE": "2"}, "BUYER_CODE 2 is unknown"),
        ({"COMPANY_CODE": "OTHER"}, "BUYER_CODE 1 is unknown"),
        ({"CURRENCY": "USD"}, "not that of its buyer"),
        ({"INV_NUMBER": ""}, "INV_NUMBER is empty"),
        ({"INV_TYPE": "FACTURE"}, "INV_TYPE FACTURE is unknown"),
        ({"INV_DATE": "2 March"}, "INV_DATE 2 March is no date"),
        ({"DUE_DATE": "2026-02-30"}, "DUE_DATE 2026-02-30 is no date"),
        ({"AMOUNT": "1,00"}, "cells"),
        ({"AMOUNT": "1e3"}, "AMOUNT 1e3 is no amount"),
        ({"AMOUNT": "-100.00", "BALANCE": "-1"}, "have the other sign"),
        ({"INV_TYPE": "CREDIT_NOTE"}, "have the other sign"),
        ({"BALANCE": "100.01"}, "BALANCE is larger than AMOUNT"),
        ({"BALANCE": "1.001"}, "more decimals than EUR"),
    ],
)
def test_an_invoice_it_can_not_take_is_refused(change: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=f"{INVOICES}: row 2: .*{words}"):
        book(invoices=(INVOICE | change,))


def test_a_key_twice_in_a_file_is_refused() -> None:
    with pytest.raises(Refused, match="INV_NUMBER F-1 of ACME01 is in the file 2 times"):
        book(invoices=(INVOICE, INVOICE))
    with pytest.raises(Refused, match="BUYER_CODE 1 of ACME01 is in the file 2 times"):
        book(BUYER, BUYER)


def test_a_buyer_keeps_its_currency() -> None:
    files = [
        (BUYERS, csv_of("buyers", BUYER)),
        (f"2{BUYERS[1:]}".replace("02_", "03_"), csv_of("buyers", BUYER | {"CURRENCY": "USD"})),
    ]
    with pytest.raises(Refused, match="buyer 1 has the currency EUR"):
        read_files(files)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("buyers.csv", csv_of("buyers", BUYER), "a file is named"),
        (".20260302_ACME01_buyers.csv.part", csv_of("buyers", BUYER), "a file is named"),
        (BUYERS, b"COMPANY_CODE,BUYER_CODE\nACME01,1\n", "the header lacks BUYER_NAME"),
        (BUYERS, csv_of("buyers", BUYER)[:-3], "ends within a line"),
        (BUYERS, csv_of("buyers", BUYER).replace(b"One", b"\xff"), "not UTF-8"),
        (BUYERS, csv_of("buyers", BUYER).replace(b"One", b"One,Two"), "cells"),
        (BUYERS, csv_of("buyers", BUYER, more=("CURRENCY",)), "a column twice"),
    ],
)
def test_what_is_no_such_file_is_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_files([(name, content)])


def taken_or_refused(content: bytes) -> Book | None:
    try:
        return read_files([(BUYERS, content)])
    except Refused:
        return None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_content_is_taken_or_refused(content: bytes) -> None:
    header = ",".join(REQUIRED["buyers"]).encode()
    for whole in (content, header + b"\n" + content, header + b"\n" + content + b"\n"):
        taken = taken_or_refused(whole)
        assert taken is None or all(company.buyers for company in taken.companies.values())


def test_a_name_is_taken_once() -> None:
    with pytest.raises(Refused, match="was taken before"):
        read_files([(BUYERS, csv_of("buyers", BUYER))] * 2)


def test_semicolons_come_with_decimal_commas() -> None:
    row = INVOICE | {"AMOUNT": "100,50", "BALANCE": "60,5"}
    files = [(BUYERS, csv_of("buyers", BUYER)), (INVOICES, csv_of("invoices", row, separator=";"))]
    assert read_files(files).companies["ACME01"].invoices["F-1"]["BALANCE"] == "60,5"
    with pytest.raises(Refused, match=r"AMOUNT 100\.00 is no amount"):
        read_files([files[0], (INVOICES, csv_of("invoices", INVOICE, separator=";"))])


@pytest.mark.parametrize("text", ["2026-03-02", "02/03/2026", "2026-03-02T10:00:00Z"])
def test_a_date_has_three_spellings(text: str) -> None:
    found = day(text)
    assert found is not None
    assert found.isoformat() == "2026-03-02"


def test_other_names_and_words_can_be_agreed_on() -> None:
    terms = Terms(header={"invoices": {"INV_DATE": "ISSUED"}}, types={"F": 1})
    content = csv_of("invoices", INVOICE | {"INV_TYPE": "F"}).replace(b"INV_DATE", b"ISSUED")
    held = read_files([(BUYERS, csv_of("buyers", BUYER)), (INVOICES, content)], terms)
    assert held.companies["ACME01"].invoices["F-1"]["INV_DATE"] == "2026-03-02"


# --- over HTTP


def post(scene: Scene, path: str, token: str = TOKEN, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
    return scene.http.post(f"{scene.url}/afakto/{path}", headers=headers, **options)


def test_a_file_may_be_posted_and_what_is_held_is_shown_page_by_page(empty: Scene) -> None:
    rows = [BUYER | {"BUYER_CODE": str(n)} for n in range(5)]
    csv = {"content-type": "text/csv"}
    answer = post(empty, f"imports/buyers?name={BUYERS}", content=csv_of("buyers", *rows), headers=csv)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 5})
    assert empty.held("companies") == {"companies": ["ACME01"]}
    page = empty.held("companies/ACME01/buyers", offset=3, limit=10)
    assert ([row["BUYER_CODE"] for row in page["buyers"]], page["total"]) == (["3", "4"], 5)


def test_a_refused_file_changes_nothing_and_says_every_fault(empty: Scene) -> None:
    rows = [
        dict.fromkeys(REQUIRED["buyers"], "") | BUYER | change for change in ({}, {"BUYER_CODE": "2", "BUYER_NAME": ""})
    ]
    answer = post(empty, "imports/buyers", json={"name": "a", "rows": rows})
    assert (answer.status_code, answer.json()["faults"]) == (422, ["row 3: BUYER_NAME is empty"])
    assert empty.held("companies") == {"companies": []}


@pytest.mark.parametrize(
    "body", [[], {}, {"name": "a"}, {"name": "", "rows": []}, {"name": "a", "rows": {}}, {"name": "a", "rows": [1]},
             {"name": "a", "rows": [{"BUYER_CODE": 1}]}, {"name": "a", "rows": [], "more": 1},
             {"name": "a", "rows": [{"A": "x"}, {"B": "y"}]}]
)  # fmt: skip
def test_a_body_of_another_shape_is_refused(empty: Scene, body: Any) -> None:
    assert post(empty, "imports/buyers", json=body).status_code == 422


def test_what_is_not_there_is_told(empty: Scene) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("companies/NOBODY/buyers", "companies/NOBODY", "elsewhere"):
        assert empty.http.get(f"{empty.url}/afakto/{path}", headers=headers).status_code == 404
    assert post(empty, "imports/payments", json={}).status_code == 404
    for body in (b"{", b"[" * 100_000, b'{"name": "\\ud800", "rows": []}'):
        assert post(empty, "imports/buyers", content=body).status_code == 422


def test_the_token_is_asked_for_everywhere(empty: Scene) -> None:
    for method, path in (("POST", "imports/buyers"), ("GET", "companies"), ("GET", "companies/ACME01/buyers")):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            assert empty.http.request(method, f"{empty.url}/afakto/{path}", headers=headers).status_code == 401


def test_control_calls_make_change_and_remove_what_is_held(empty: Scene) -> None:
    control = f"{empty.url}/_sandbox/afakto/buyers"
    made = empty.http.post(control, json=BUYER)
    assert made.json()["id"] == "ACME01:1"
    assert empty.http.patch(f"{control}/ACME01:1", json={"BUYER_NAME": "Uno"}).json()["BUYER_NAME"] == "Uno"
    assert empty.http.patch(f"{control}/ACME01:1", json={"BUYER_CODE": "2"}).status_code == 422
    assert empty.http.post(control, json={"NAME": "x"}).status_code == 422
    assert empty.http.post(control, json={"BUYER_CODE": "x"}).status_code == 422
    assert empty.http.delete(f"{control}/ACME01:1").is_success
    assert empty.http.delete(f"{control}/ACME01:1").status_code == 404
    assert empty.http.post(f"{empty.url}/_sandbox/afakto/payments", json={}).status_code == 404
