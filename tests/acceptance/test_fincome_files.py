"""Fincome's page on file imports: is the workbook as it says, opened with another library?"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from .fincome_ledger import invoice
from .fincome_scene import XLSX, FincomeScene, Row


@pytest.fixture
def filed(large: FincomeScene) -> FincomeScene:
    """The usual ledger, delivered as a workbook."""
    large.configure(XLSX)
    large.synced()
    return large


def cells(rows: list[Row], *columns: str) -> set[tuple[Any, ...]]:
    return {tuple(row[column].value if column in row else None for column in columns) for row in rows}


def test_the_workbook_has_a_row_for_each_line_and_comes_to_what_the_ledger_says(filed: FincomeScene) -> None:
    listed = {str(row["id"]): row for row in filed.ledger("customer_invoices")}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    rows = filed.rows()
    for row in rows:
        document = row["credit_note_id" if "credit_note_id" in row else "invoice_id"].value
        sums[document] += Decimal(str(row["amount_excluding_tax_after_discount"].value))
    assert len({row["invoice_line_item_id"].value for row in rows}) == len(rows) > len(sums) > 200
    for id, total in sums.items():
        before = Decimal(listed[id]["currency_amount_before_tax"])
        assert total == before or total == -abs(before), id


def test_every_date_is_a_date_cell_shown_day_first(filed: FincomeScene) -> None:
    dated = [cell for row in filed.rows() for name, cell in row.items() if "date" in name or name.startswith("period")]
    assert len(dated) > 500
    assert all(cell.is_date and cell.number_format == "dd/mm/yyyy" for cell in dated)


def test_types_are_subscription_with_a_period_or_one_off_without(filed: FincomeScene) -> None:
    rows = filed.rows()
    recurring = [row for row in rows if row["type"].value == "subscription"]
    once = [row for row in rows if row["type"].value == "one_off"]
    assert len(recurring) > 10
    assert len(recurring) + len(once) == len(rows)
    assert all({"subscription_id", "period_start", "period_end"} <= row.keys() for row in recurring)
    assert not any({"subscription_id", "period_start", "period_end"} & row.keys() for row in once)


def test_periods_last_and_never_overlap_within_a_subscription(filed: FincomeScene) -> None:
    periods: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in filed.rows():
        if row["type"].value == "subscription":
            periods[row["subscription_id"].value].append((row["period_start"].value, row["period_end"].value))
    assert max(map(len, periods.values())) > 1
    for each in map(sorted, periods.values()):
        assert all(start < end for start, end in each)
        assert all(before[1] <= after[0] for before, after in pairwise(each))


def test_rows_of_one_invoice_and_of_one_customer_agree(filed: FincomeScene) -> None:
    rows = filed.rows()
    invoices = cells(rows, "invoice_id", "status", "date", "currency", "invoice_number", "customer_id", "exchange_rate")
    assert len(invoices) == len({row["invoice_id"].value for row in rows})
    customers = cells(rows, "customer_id", "customer_name", "customer_email", "customer_country", "customer_zip_code")
    assert len(customers) == len({row["customer_id"].value for row in rows})
    assert {status for _, status, *_ in invoices} == {"open", "paid", "unpaid"}


def test_credit_notes_are_rows_of_their_own_with_negative_amounts_that_name_their_invoice(filed: FincomeScene) -> None:
    rows = filed.rows()
    credits = [row for row in rows if "credit_note_id" in row]
    invoices = {row["invoice_id"].value for row in rows if "credit_note_id" not in row}
    assert len(credits) > 30
    assert all(row["amount_excluding_tax_after_discount"].value <= 0 for row in credits)
    assert {row["invoice_id"].value for row in credits} <= invoices


def test_the_ledgers_rate_is_shown_beside_the_amounts_in_their_own_currency(filed: FincomeScene) -> None:
    rates = cells(filed.rows(), "currency", "exchange_rate")
    assert ("EUR", 1) in rates
    assert len({currency for currency, _ in rates}) > 3
    assert all(rate not in (None, 1) for currency, rate in rates if currency != "EUR")


def test_headers_may_be_named_as_the_template_has_them(small: FincomeScene) -> None:
    small.configure(XLSX, target="columns: {invoice_id: invoiced_id, customer_name: Client}")
    id = invoice(small)
    small.synced()
    (row,) = small.rows()
    assert (row["invoiced_id"].value, row["Client"].value) == (id, "Acme")


def test_a_much_shorter_workbook_is_withheld_until_a_person_accepts_it(small: FincomeScene) -> None:
    small.configure(XLSX)
    made = [invoice(small) for _ in range(4)]
    small.synced()
    for id in made[:2]:
        small.remove("customer_invoices", int(id))
    report = small.sync()
    assert report["status"] == "stopped"
    assert "would have 2 rows where the last one had 4" in report["error"]
    assert len(small.workbooks()) == 1
    small.synced(accept_mass_change=True)
    assert len(small.workbooks()) == 2
    assert {row["invoice_id"].value for row in small.rows()} == set(made[2:])


def test_a_read_that_fails_leaves_the_folder_as_it_was(small: FincomeScene, hurried: None) -> None:
    small.configure(XLSX)
    invoice(small)
    small.synced()
    before = small.workbooks()
    fault = {"fault": "status", "status": 500, "product": "pennylane", "path": "/customer_invoices$"}
    small.http.put(f"{small.url}/_sandbox/faults", json={"rules": [fault]})
    try:
        report = small.sync()
    finally:
        small.http.put(f"{small.url}/_sandbox/faults", json={"rules": []})
    assert report["status"] == "incomplete"
    assert small.workbooks() == before


def test_a_day_has_the_same_workbook_however_often_it_is_made(filed: FincomeScene) -> None:
    def shown() -> list[dict[str, Any]]:
        return [{name: cell.value for name, cell in row.items()} for row in filed.rows()]

    first = shown()
    filed.synced()
    assert shown() == first
    assert len(filed.workbooks()) == 2
    assert datetime.now(UTC).strftime("fincome-%Y") in filed.workbooks()[-1].name


def test_another_mode_wants_a_connection_of_its_own(small: FincomeScene) -> None:
    invoice(small)
    small.configure(XLSX)
    small.synced()
    small.configure()
    report = small.sync()
    assert report["status"] == "failed"
    assert (
        "its target is Fincome, mode api now, and what it has sent so far went to Fincome, mode xlsx" in report["error"]
    )
    assert small.writes() == []
    small.configure(XLSX)
    small.synced()
