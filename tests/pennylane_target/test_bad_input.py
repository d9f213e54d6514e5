"""Each document that can't be imported is rejected with what to do about it, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duebridge.core.api import Attachment, RecordError

from .desk import FRENCH, PDF, Company, Desk, bill, client, counts, line

GERMAN = {**FRENCH, "country": "DE"}


def refused(desk: Desk, company: Company, *items: dict[str, Any]) -> str:
    """Why the invoice 10 was rejected, while another one went."""
    desk.source.put(client("1"), *items, client("2"), bill("11", "2"))
    report = desk.sync()
    assert report.status == "succeeded"
    assert [each["external_reference"] for each in company.invoices()] == ["ledger-books-1-invoice-11"]
    return desk.rejected()["invoice:10"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([line("100.00", "19.99", "19.99")], 'line 1 ("Work"): Pennylane has no VAT code for 19.99 % in FR'),
        ([line("1.00", "0.20"), line("100.00", "20.00", None)], "line 2"),
        ([line("100.00", "20.00", "0")], "its tax rate is 0 %"),
        ([line("100.001", "20.00")], "more decimals than EUR allows"),
        ([line("100.00", "20.00", amount="120.01")], "are not the total"),
        (
            [line("100.00", "20.00", quantity="0.1234567891"), line("1", "0.2", quantity="12345678901.1234567891")],
            "line 2",
        ),
    ],
    ids=["unknown rate", "no rate", "rate of 0", "too fine", "contradiction", "quantity"],
)
def test_what_is_wrong_with_a_line_names_the_line(
    desk: Desk, company: Company, lines: list[dict[str, Any]], says: str
) -> None:
    why = refused(desk, company, bill("10", "1", *lines))
    assert says in why
    assert "line " in why


def test_lines_that_do_not_come_to_the_totals_are_told_with_both_figures(desk: Desk, company: Company) -> None:
    why = refused(desk, company, bill("10", "1", line("100.00", "20.00"), amount="121.00", amount_before_tax="101.00"))
    assert "line 1 comes to 100.00 before tax, where the document says 101.00" in why


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lines": []}, "has no lines"),
        ({"issued_on": None}, "no issue date"),
        ({"currency": "VED"}, "no documents in VED"),
        ({"amount": "130.00"}, "are not the total"),
        ({"status": "mystery"}, "status word"),
    ],
)
def test_what_is_wrong_with_a_document_is_told(desk: Desk, company: Company, change: dict[str, Any], says: str) -> None:
    assert says in refused(desk, company, bill("10", **change))


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (None, "has no file"),
        (RecordError("the address answers a web page instead of a PDF"), "a web page instead of a PDF"),
        (Attachment("a.pdf", b"<html></html>"), "is no application/pdf"),
        (Attachment("a.txt", b"text", "text/plain"), "doesn't take"),
        (Attachment("a.pdf", PDF + bytes(100 * 10**6)), "100 MB"),
    ],
    ids=["missing", "refused at the source", "a web page", "text", "100 MB"],
)
def test_a_file_that_can_not_be_had_or_taken_is_told_and_nothing_is_uploaded(
    desk: Desk, company: Company, file: Any, says: str
) -> None:
    desk.source.files["10"] = file
    assert says in refused(desk, company, bill("10"))
    assert company.writes().count("/file_attachments") == 1


def test_the_file_is_tried_again_and_then_the_document_goes(desk: Desk, company: Company) -> None:
    desk.source.files["10"] = None
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    assert counts(desk.sync(), "invoice") == {}
    del desk.source.files["10"]
    desk.pass_time(hours=1)
    assert counts(desk.sync(), "invoice") == {"read": 1, "created": 1}


def test_a_line_without_tax_needs_a_code_that_says_why(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk(zero_rate_code={"US": "extracom"})
    why = refused(desk, company, bill("10", "1", line("100.00", "0.00", "0")))
    assert "`zero_rate_code` says neither FR nor default" in why


@pytest.mark.parametrize(
    ("country", "lines", "settings", "codes"),
    [
        ("FR", [line("10.00", "0.55", "5.5"), line("10.00", "0.21", "2.1")], {}, ["FR_55", "FR_21"]),
        ("FR", [line("10.00", "0.11", "1.05")], {}, ["FR_1_05"]),
        ("DE", [line("10.00", "1.90", "19")], {}, ["DE_190"]),
        ("DE", [line("10.00", "2.00", "20")], {"tax_country": "FR"}, ["FR_200"]),
        ("DE", [line("10.00", "0.00", "0")], {"zero_rate_code": {"DE": "crossborder"}}, ["crossborder"]),
        ("DE", [line("10.00", "0.00", None)], {"zero_rate_code": {"default": "exempt"}}, ["exempt"]),
        ("US", [line("10.00", "0.00", "0")], {"zero_rate_code": {"US": "extracom", "default": "exempt"}}, ["extracom"]),
        ("DE", [line("10.00", "2.00", "20", tax_code="FR_200")], {}, ["FR_200"]),
    ],
)
def test_each_line_carries_the_exact_code_of_its_rate_and_country(
    open_desk: Callable[..., Desk],
    company: Company,
    country: str,
    lines: list[dict[str, Any]],
    settings: dict[str, Any],
    codes: list[str],
) -> None:
    desk = open_desk(**settings)
    desk.source.put(client("1", billing_address={**FRENCH, "country": country}), bill("10", "1", *lines))
    desk.sync()
    assert desk.rejected() == {}
    assert [each["vat_rate"] for each in company.lines(company.the_invoice()["id"])] == codes


def test_another_countrys_rate_is_not_taken_for_the_customers(desk: Desk, company: Company) -> None:
    desk.source.put(client("1", billing_address=GERMAN), bill("10"))
    desk.sync()
    why = desk.rejected()["invoice:10"]
    assert "no VAT code for 20 % in DE" in why
    assert "tax_country" in why


@pytest.mark.parametrize(("number", "says"), [("706999", "is not there"), ("530000", "is not in use")])
def test_an_account_that_is_not_there_or_not_in_use_is_told(
    open_desk: Callable[..., Desk], company: Company, number: str, says: str
) -> None:
    desk = open_desk(ledger_accounts={"Service": number})
    why = refused(desk, company, bill("10", "1", line("100.00", "20.00", category="Service")))
    assert f"ledger account {number} {says}" in why
    assert "line 1" in why


def test_accounts_are_asked_for_once_in_a_run(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk(ledger_accounts={"Service": "706000"})
    desk.source.put(client("1"), *[bill(str(n), "1", line("1.00", "0.20", category="Service")) for n in range(10, 16)])
    desk.sync()
    assert len(company.invoices()) == 6
    assert sum(row["path"].endswith("/ledger_accounts") for row in company.journal()) == 1


def test_periods_are_sent_when_the_settings_say_so(open_desk: Callable[..., Desk], company: Company) -> None:
    period = {"period_start": "2026-01-01", "period_end": "2026-01-31"}
    for settings, wanted in (({}, None), ({"periods": True}, {"start_date": "2026-01-01", "end_date": "2026-01-31"})):
        company.http.post("/_sandbox/reset")
        desk = open_desk(**settings)
        desk.source.put(client("1"), bill("10", "1", line("100.00", "20.00", **period)))
        desk.sync()
        (kept,) = company.lines(company.the_invoice()["id"])
        assert kept["imputation_dates"] == wanted


def test_lines_of_nothing_are_left_out_and_unit_prices_have_six_decimals(desk: Desk, company: Company) -> None:
    desk.source.put(
        client("1"),
        bill(
            "10",
            "1",
            line("100.00", "20.00", quantity="3"),
            line("0.00", "0.00", quantity="0"),
            line("50.00", "10.00", quantity="0"),
            line("-10.00", "-2.00", quantity="0.5", unit="hour", label="", description="A discount\nof ten"),
        ),
    )
    desk.sync()
    lines = company.lines(company.the_invoice()["id"])
    shown = [(each["quantity"], each["raw_currency_unit_price"], each["unit"], each["label"]) for each in lines]
    assert shown == [
        ("3", "33.333333", "piece", "Work"),
        ("1", "50", "piece", "Work"),
        ("0.5", "-20", "hour", "A discount"),
    ]


def test_a_currency_without_decimals_is_written_without_them(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10", "1", line("1000", "200"), currency="JPY"))
    desk.sync()
    assert company.the_invoice()["currency_amount"] == "1200"
