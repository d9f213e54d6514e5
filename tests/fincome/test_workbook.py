"""Is the workbook what Fincome's import takes? Opened again with another library than the one that writes it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from duebridge.core.api import (
    Customer,
    Delivery,
    Implausible,
    Price,
    Product,
    Record,
    RunError,
    Services,
    key_of,
)
from duebridge.targets.fincome import sheet
from duebridge.targets.fincome.settings import FincomeSettings
from duebridge.targets.fincome.workbook import FincomeWorkbook

Cells = dict[str, Any]

CUSTOMER = Customer(
    id="7",
    customer_type="company",
    name="Vergers du Lac",
    emails=("compta@vergers.example",),
    external_reference="pl-7",
    reference="CL-7",
)
PRODUCT = Product(id="9", label="Accès", external_reference="pr-9")
PRICE = Price(id="9", product_id="9", label="Accès", external_reference="pr-9", currency="EUR", amount="100.5")
OF_CUSTOMER = {"customer_id": "7", "customer_reference": "pl-7"}


@pytest.fixture
def target(services: Services, tmp_path: Path) -> Callable[..., FincomeWorkbook]:
    """Return a maker of targets that write to the test's folder `out`."""

    def make(**settings: Any) -> FincomeWorkbook:
        return FincomeWorkbook(FincomeSettings(mode="xlsx", directory=tmp_path / "out", **settings), services)

    return make


def publish(target: FincomeWorkbook, *records: Record, accept: bool = False) -> list[str]:
    """Publish records, in the order of the rules; return the notes."""
    order = {kind: place for place, kind in enumerate(target.rules)}
    context = target.context()
    deliveries = (
        Delivery(
            record.kind,
            record.id,
            "",
            "create",
            target.reference("pennylane", record),
            target.mappings[type(record)].build(record, context),
        )
        for record in sorted(records, key=lambda record: order[type(record)])
    )
    return list(target.publish(deliveries, accept_mass_change=accept).notes)


def opened(target: FincomeWorkbook) -> list[Cells]:
    """Return the rows of the newest workbook, by header; empty cells are left out."""
    rows = sheet_of(target).iter_rows()
    headers = [cell.value for cell in next(rows)]
    return [{header: cell for header, cell in zip(headers, row, strict=True) if cell.value is not None} for row in rows]


def sheet_of(target: FincomeWorkbook) -> Any:
    folder = target.options.directory
    assert folder is not None
    return openpyxl.load_workbook(max(folder.glob("*.xlsx"), key=lambda path: path.stat().st_mtime_ns)).active


def values(row: Cells, *columns: str) -> list[Any]:
    return [row[column].value if column in row else None for column in columns]


@pytest.fixture
def billed(make_invoice: Any, make_line: Any, make_subscription: Any) -> Callable[..., Any]:
    """Return a maker of invoices with one line of subscription 310, item 2."""

    def make(id: str, line: str, **fields: Any) -> Any:
        dates = {name: fields.pop(name) for name in ("period_start", "period_end") if name in fields}
        lines = (make_line(line, product_id="9", product_reference="pr-9", **dates),)
        subscription = fields.pop("subscription", make_subscription(**OF_CUSTOMER))
        return make_invoice(**OF_CUSTOMER | {"id": id, "subscription": subscription, "lines": lines} | fields)

    return make


def test_a_line_of_a_subscription_is_a_row_with_all_that_belongs_to_it(
    target: Any, billed: Any, make_subscription: Any
) -> None:
    book = target()
    subscription = make_subscription(
        **OF_CUSTOMER,
        status="stopped",
        ends_on=datetime(2026, 12, 31).date(),  # noqa: DTZ001 - a day
        activated_at=datetime(2025, 12, 17, 23, 30, tzinfo=UTC),
        stopped_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC),
    )
    publish(book, CUSTOMER, PRODUCT, PRICE, subscription, billed("30", "88", subscription=subscription))
    (row,) = opened(book)
    assert {name: cell.value for name, cell in row.items()} == {
        "type": "subscription",
        "invoice_id": "30",
        "customer_id": "pl-7",
        "status": "open",
        "date": datetime(2026, 3, 2),  # noqa: DTZ001 - cells have no zone
        "currency": "EUR",
        "period_start": datetime(2026, 3, 2),  # noqa: DTZ001
        "period_end": datetime(2026, 4, 2),  # noqa: DTZ001
        "amount_excluding_tax_after_discount": 200,
        "tax_amount": 40,
        "discount_amount": 0,
        "quantity": 2,
        "description": "Accès",
        "invoice_line_item_id": "88",
        "invoice_number": "F-2026-30",
        "subscription_id": "310:2",
        "subscription_set_id": "310",
        "subscription_status": "canceled",
        "subscription_start_date": datetime(2026, 1, 1),  # noqa: DTZ001
        "canceled_at": datetime(2026, 7, 1),  # noqa: DTZ001
        "effective_cancellation_date": datetime(2026, 12, 31),  # noqa: DTZ001
        "deal_closed_date": datetime(2025, 12, 18),  # noqa: DTZ001
        "monthly_amount": 200,
        "customer_name": "Vergers du Lac",
        "customer_email": "compta@vergers.example",
        "customer_reference": "CL-7",
        "price_id": "pr-9",
        "price_name": "Accès",
        "price_amount": 100.5,
        "product_id": "pr-9",
        "product_name": "Accès",
    }


def test_dates_are_real_date_cells_shown_day_first(target: Any, billed: Any, make_subscription: Any) -> None:
    book = target()
    publish(book, CUSTOMER, make_subscription(**OF_CUSTOMER), billed("30", "88"))
    (row,) = opened(book)
    dated = [row[name] for name in ("date", "period_start", "period_end", "subscription_start_date")]
    assert {(cell.is_date, cell.number_format) for cell in dated} == {(True, "dd/mm/yyyy")}


def test_what_is_sold_once_has_no_period_even_if_the_ledger_tells_one(
    target: Any, make_invoice: Any, make_line: Any
) -> None:
    book = target()
    day = datetime(2026, 3, 1).date()  # noqa: DTZ001 - a day
    publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER, lines=(make_line(period_start=day, period_end=day),)))
    (row,) = opened(book)
    assert row["type"].value == "one_off"
    assert not {"period_start", "period_end", "subscription_id"} & row.keys()


def test_the_rate_the_ledger_reckoned_with_is_shown_and_nothing_converted(target: Any, make_invoice: Any) -> None:
    book = target()
    publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER, currency="USD", exchange_rate="1.0842"))
    (row,) = opened(book)
    assert values(row, "currency", "amount_excluding_tax_after_discount", "exchange_rate") == ["USD", 200, 1.0842]


def test_a_credit_note_has_rows_of_its_own_that_agree_with_its_invoice(
    target: Any, make_invoice: Any, make_credit_note: Any
) -> None:
    book = target()
    invoice = make_invoice(**OF_CUSTOMER, status="late")
    note = make_credit_note(**OF_CUSTOMER, issued_on=datetime(2026, 3, 20).date())  # noqa: DTZ001 - a day
    publish(book, CUSTOMER, invoice, note)
    sold, credited = opened(book)
    agreeing = ("invoice_id", "customer_id", "status", "date", "currency", "invoice_number", "customer_name")
    assert values(sold, *agreeing) == values(credited, *agreeing)
    figures = ("type", "amount_excluding_tax_after_discount", "tax_amount", "credit_note_id", "credit_note_number")
    assert values(credited, *figures) == ["one_off", -200, -40, "40", "A-2026-40"]
    assert credited["credit_note_date"].value == datetime(2026, 3, 20)  # noqa: DTZ001 - cells have no zone


@pytest.mark.parametrize("differing", [{"currency": "USD"}, {"customer_id": "8", "customer_reference": "pl-8"}])
def test_a_credit_note_that_can_not_agree_with_its_invoice_is_left_out_and_told(
    target: Any, make_invoice: Any, make_credit_note: Any, differing: Any
) -> None:
    book = target()
    notes = publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER), make_credit_note(**OF_CUSTOMER | differing))
    assert len(opened(book)) == 1
    assert any("credit note 40 is left out: its currency or customer is not that of invoice 30" in n for n in notes)


def test_a_credit_note_without_its_invoice_in_the_workbook_is_left_out_and_told(
    target: Any, make_credit_note: Any
) -> None:
    book = target()
    notes = publish(book, CUSTOMER, make_credit_note(**OF_CUSTOMER))
    assert opened(book) == []
    assert "credit note 40 is left out: its invoice is not in the workbook" in notes


def periods(rows: list[Cells]) -> dict[str, list[tuple[datetime, datetime]]]:
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows:
        if row["type"].value == "subscription":
            found[row["subscription_id"].value].append((row["period_start"].value, row["period_end"].value))
    return {id: sorted(each) for id, each in found.items()}


def test_periods_of_a_subscription_never_overlap_and_always_last(
    target: Any, billed: Any, make_subscription: Any
) -> None:
    book = target()
    day = datetime(2026, 1, 31).date()  # noqa: DTZ001 - a day
    drifting = [billed(str(30 + n), f"l{n}", issued_on=day + timedelta(days=29 * n)) for n in range(6)]
    twice = billed("50", "l9", period_start=day, period_end=day + timedelta(days=40))
    publish(book, CUSTOMER, make_subscription(**OF_CUSTOMER), *drifting, twice)
    found = periods(opened(book))
    assert {id: len(each) for id, each in found.items()} == {"310:2": 6, "310:2#2": 1}
    for each in found.values():
        assert all(start < end for start, end in each)
        assert all(before[1] <= after[0] for before, after in pairwise(each))


def test_a_period_told_by_the_frequency_ends_where_the_next_begins_and_that_is_told(
    target: Any, billed: Any, make_subscription: Any
) -> None:
    book = target()
    first, second = datetime(2026, 3, 3).date(), datetime(2026, 4, 1).date()  # noqa: DTZ001 - days
    invoices = billed("30", "88", issued_on=first), billed("31", "89", issued_on=second)
    notes = publish(book, CUSTOMER, make_subscription(**OF_CUSTOMER), *invoices)
    ends = {row["invoice_id"].value: row["period_end"].value for row in opened(book)}
    assert ends == {"30": datetime(2026, 4, 1), "31": datetime(2026, 5, 1)}  # noqa: DTZ001 - cells have no zone
    assert any("1 periods told by a frequency end where the next one begins (lines 88)" in note for note in notes)


def test_what_the_ledger_states_twice_keeps_period_and_amount_beside_the_first(
    target: Any, billed: Any, make_subscription: Any
) -> None:
    book = target()
    march = {"period_start": datetime(2026, 3, 1).date(), "period_end": datetime(2026, 3, 31).date()}  # noqa: DTZ001
    notes = publish(
        book, CUSTOMER, make_subscription(**OF_CUSTOMER), billed("30", "88", **march), billed("31", "89", **march)
    )
    rows = opened(book)
    assert [row["subscription_id"].value for row in rows] == ["310:2", "310:2#2"]
    assert len({(row["period_start"].value, row["period_end"].value) for row in rows}) == 1
    assert [row["amount_excluding_tax_after_discount"].value for row in rows] == [200, 200]
    assert any("(lines 89)" in note for note in notes)


def test_headers_may_have_other_names(target: Any, make_invoice: Any) -> None:
    book = target(columns={"invoice_id": "invoiced_id", "amount_excluding_tax_after_discount": "Montant HT"})
    publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER))
    (row,) = opened(book)
    assert values(row, "invoiced_id", "Montant HT", "customer_id") == ["30", 200, "pl-7"]


@pytest.mark.parametrize("text", ["=1+1", "https://exemple.fr", "@SUM(A1)", "\x07 bip", "{=A1}", "é\ud800"])
def test_hostile_text_stays_text(target: Any, make_invoice: Any, make_line: Any, text: str) -> None:
    book = target()
    publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER, lines=(make_line(label=text),)))
    (row,) = opened(book)
    assert row["description"].data_type == "s"
    assert row["description"].hyperlink is None
    assert row["description"].value == text.replace("\ud800", "?").replace("\x07", " ")


def test_a_text_longer_than_a_cell_is_cut_and_that_is_told(target: Any, make_invoice: Any, make_line: Any) -> None:
    book = target()
    notes = publish(book, CUSTOMER, make_invoice(**OF_CUSTOMER, lines=(make_line(label="a" * 40_000),)))
    assert len(opened(book)[0]["description"].value) == 32_767
    assert "row 2, description: the text was cut at 32767 characters, the most a cell holds" in notes


def test_every_run_writes_a_workbook_of_its_own(target: Any, make_invoice: Any, tmp_path: Path) -> None:
    for _ in range(3):
        publish(target(), CUSTOMER, make_invoice(**OF_CUSTOMER))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 3
    assert all(name.startswith("fincome-20260504T080000Z-") and name.endswith(".xlsx") for name in names)


def test_a_workbook_that_can_not_be_finished_leaves_nothing(
    target: Any, make_invoice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sheet.os, "fsync", full)
    with pytest.raises(RunError, match=r"no workbook was written to .*No space left on device"):
        publish(target(), CUSTOMER, make_invoice(**OF_CUSTOMER))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_writer_left_is_swept_a_day_later(target: Any, make_invoice: Any, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    old, fresh, other = (folder / name for name in (".fincome-a.part", ".fincome-b.part", ".other.part"))
    for path in (old, fresh, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (0, 0))
    publish(target(), CUSTOMER, make_invoice(**OF_CUSTOMER))
    assert (old.exists(), fresh.exists(), other.exists()) == (False, True, True)


def test_a_folder_that_is_a_file_is_told(target: Any, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="can't be used"):
        target().check()


@pytest.mark.parametrize(("left", "withheld"), [(10, False), (7, False), (6, True), (0, True)])
def test_a_workbook_much_shorter_than_the_last_is_withheld_until_a_person_accepts(
    target: Any, make_invoice: Any, tmp_path: Path, left: int, withheld: bool
) -> None:
    invoices = [make_invoice(**OF_CUSTOMER, id=str(n)) for n in range(10)]
    publish(target(), CUSTOMER, *invoices)
    if withheld:
        with pytest.raises(Implausible, match=f"would have {left} rows where the last one had 10"):
            publish(target(), CUSTOMER, *invoices[:left])
        assert len(list((tmp_path / "out").iterdir())) == 1
    publish(target(), CUSTOMER, *invoices[:left], accept=withheld)
    publish(target(), CUSTOMER, *invoices[:left])
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_the_share_that_may_be_missing_is_a_setting_but_an_empty_workbook_is_always_withheld(
    target: Any, make_invoice: Any
) -> None:
    invoices = [make_invoice(**OF_CUSTOMER, id=str(n)) for n in range(10)]
    publish(target(largest_drop=1), CUSTOMER, *invoices)
    publish(target(largest_drop=1), CUSTOMER, invoices[0])
    with pytest.raises(Implausible):
        publish(target(largest_drop=1), CUSTOMER)


def test_records_are_known_by_the_ledgers_own_references(target: Any, make_invoice: Any) -> None:
    known = {key_of(each.kind, each.id): target().reference("pennylane", each) for each in (CUSTOMER, PRODUCT, PRICE)}
    assert known == {"customer:7": "pl-7", "product:9": "pr-9", "price:9": "pr-9"}
    assert target().reference("pennylane", make_invoice()) == "30"
