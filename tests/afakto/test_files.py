"""A file holds what the rows hold, however it is read; its name is told apart from an unfinished one's."""

from __future__ import annotations

import csv
import fnmatch
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.targets.afakto.columns import BUYERS, COLUMNS, GUESSED, INVOICES
from duebridge.targets.afakto.files import is_unfinished, parcel, unfinished
from duebridge.targets.afakto.sandbox.reading import parsed
from duebridge.targets.afakto.sandbox.terms import OPTIONAL, REQUIRED
from duebridge.targets.afakto.settings import AfaktoSettings

MADE = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
ROWS = st.lists(st.dictionaries(st.sampled_from(BUYERS), CELLS))


def settings(**given: object) -> AfaktoSettings:
    return AfaktoSettings.model_validate({"company_code": "ACME01", "directory": "/nowhere"} | given)


@given(ROWS)
def test_any_row_is_read_back_as_it_was(rows: list[dict[str, str]]) -> None:
    made = parcel("buyers", rows, settings(), MADE)
    header, read, mark = parsed(made.content)
    assert (tuple(header), mark) == (BUYERS, ".")
    assert read == [{column: row.get(column, "") for column in BUYERS} for row in rows]


def test_cells_are_quoted_where_they_must_be_and_nowhere_else() -> None:
    row = {"COMPANY_CODE": "ACME01", "BUYER_NAME": 'Say "hi", Sàrl', "CONTACT_NAME": "=1+1"}
    line = parcel("buyers", [row], settings(), MADE).content.decode().split("\r\n")[1]
    assert line == 'ACME01,,"Say ""hi"", Sàrl",,,,,,,,,,,=1+1,,,'


def test_lines_end_with_cr_lf_and_there_is_no_byte_order_mark() -> None:
    content = parcel("invoices", [{"INV_NUMBER": "F-1"}], settings(), MADE).content
    assert content.startswith(b"COMPANY_CODE,")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert content.endswith(b"\r\n")


def test_a_semicolon_comes_with_decimal_commas_in_amounts_alone() -> None:
    row = {"INV_NUMBER": "F.1", "AMOUNT": "-1200.50", "TAX": "200.00", "BALANCE": "0.50", "INV_DATE": "2026-03-02"}
    made = parcel("invoices", [row], settings(separator=";"), MADE)
    (read,) = csv.DictReader(io.StringIO(made.content.decode(), newline=""), delimiter=";")
    assert (read["INV_NUMBER"], read["AMOUNT"], read["BALANCE"]) == ("F.1", "-1200,50", "0,50")
    assert made.rows[0]["AMOUNT"] == "-1200.50"


def test_columns_can_be_called_otherwise() -> None:
    made = parcel(
        "invoices", [{"INV_DATE": "2026-03-02"}], settings(header={"invoices": {"INV_DATE": "ISSUE_DATE"}}), MADE
    )
    header, (row,), _ = parsed(made.content)
    assert "INV_DATE" not in header
    assert row["ISSUE_DATE"] == made.rows[0]["ISSUE_DATE"] == "2026-03-02"


def test_the_importers_columns_are_all_there() -> None:
    for file, columns in COLUMNS.items():
        assert set(REQUIRED[file]) | set(OPTIONAL[file]) <= set(columns)
    assert set(INVOICES) >= GUESSED


@pytest.mark.parametrize("code", ["ACME01", "A.B-C", "My Company", "a_b"])
def test_a_name_tells_day_company_and_type_and_no_reader_takes_an_unfinished_one(code: str) -> None:
    names = parcel("buyers", [], settings(company_code=code), MADE).names()
    first, second = next(names), next(names)
    told = code.replace(" ", "-").replace("_", "-")
    assert first == f"20260302T050000.000000Z_{told}_buyers.csv"
    assert second == f"20260302T050000.000000Z-2_{told}_buyers.csv"
    hidden = unfinished(first)
    assert not fnmatch.fnmatch(hidden, "*.csv")
    assert hidden.startswith(".")
    assert is_unfinished(hidden, code)
    assert is_unfinished(unfinished(second), code)
    assert not is_unfinished(first, code)
    assert not is_unfinished(hidden, "OTHER")
