"""What the seeded account holds: every kind of thing, the same each time, nothing that must be rejected."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import RecordError, exponent
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.harvest import canonical
from duebridge.plugins.harvest.sandbox import HarvestSandbox

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
Row = dict[str, Any]


def held(**options: Any) -> dict[str, list[Row]]:
    stand_in = HarvestSandbox(SandboxOptions(**options), clock=lambda: NOW)
    return {name: list(rows.values()) for name, rows in stand_in.state.rows.items()}


@pytest.fixture(scope="module")
def usual() -> dict[str, list[Row]]:
    return held(customers=40, invoices=200)


def exact(value: Any) -> Any:
    """The row as it is read from JSON."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: exact(each) for key, each in value.items()}
    return [exact(each) for each in value] if isinstance(value, list) else value


def document(row: Row) -> Any:
    raw = {**exact(row), "_today": NOW.date().isoformat()}
    return canonical.credit_note(raw) if row["amount"] < 0 else canonical.invoice(raw)


def test_it_is_as_large_as_asked(usual: dict[str, list[Row]]) -> None:
    assert (len(usual["clients"]), len(usual["invoices"])) == (40, 200)
    for invoices in (0, 1, 5, 23, 24):
        assert len(held(customers=3, invoices=invoices)["invoices"]) == invoices
    with pytest.raises(ValueError, match="at least one customer"):
        held(customers=0, invoices=1)


def test_it_is_the_same_for_a_seed_and_another_for_another() -> None:
    assert held(customers=5, invoices=40) == held(customers=5, invoices=40)
    assert held(customers=5, invoices=40) != held(customers=5, invoices=40, seed=2)


def test_no_invoice_must_be_rejected(usual: dict[str, list[Row]]) -> None:
    for seed in (1, 2, 3):
        for row in held(customers=11, invoices=60, seed=seed)["invoices"]:
            assert document(row).amount == exact(row["amount"])


def test_every_client_has_an_address_that_is_told_whole(usual: dict[str, list[Row]]) -> None:
    countries = Counter()
    for row in usual["clients"]:
        address = canonical.customer(row).billing_address
        assert address is not None
        assert address.postal_code
        assert address.city
        countries[address.country] += 1
    assert {"", "FR", "DE", "BE", "GB", "CH", "US", "NL"} <= set(countries)


def test_invoices_are_in_every_state_and_of_every_kind(usual: dict[str, list[Row]]) -> None:
    rows = usual["invoices"]
    assert {row["state"] for row in rows} == {"draft", "open", "paid", "closed"}
    assert {row["state"] for row in rows if row["amount"] < 0} >= {"open", "paid"}
    assert any(0 < row["due_amount"] < row["amount"] for row in rows if row["state"] == "open")
    assert any(row["due_amount"] < row["amount"] for row in rows if row["state"] == "draft")
    assert any(row["discount"] and row["tax"] and row["tax2"] for row in rows)
    assert {exponent(row["currency"]) for row in rows} == {0, 2, 3}
    assert any(row["period_start"] for row in rows)
    assert any(len(row["line_items"]) > 20 for row in rows)
    assert any(any(line["amount"] < 0 for line in row["line_items"]) and row["amount"] > 0 for row in rows)
    statuses = {document(row).status for row in rows}
    assert {"draft", "upcoming", "late", "partially_paid", "paid", "credit_note"} <= statuses


def test_names_and_texts_have_what_breaks_careless_programs(usual: dict[str, list[Row]]) -> None:
    text = str([row["name"] for row in usual["clients"]]) + str([row["subject"] for row in usual["invoices"]])
    assert all(piece in text for piece in ("<script>", "DROP TABLE", "=HYPERLINK", "株式会社", "é"))


def test_numbers_are_unique_and_nothing_happened_today(usual: dict[str, list[Row]]) -> None:
    numbers = [row["number"] for row in usual["invoices"]]
    assert len(set(numbers)) == len(numbers)
    assert all(row["updated_at"] < "2026-03-10" for rows in usual.values() for row in rows)


def test_only_rates_that_exist_in_france_are_on_lines(usual: dict[str, list[Row]]) -> None:
    rates = {line.tax_rate for row in usual["invoices"] for line in document(row).lines}
    assert rates == {Decimal(rate) for rate in ("0", "5.5", "10", "20")}


def test_broken_ones_are_added_on_top_and_told_apart() -> None:
    rows = held(customers=5, invoices=10, broken=7)["invoices"]
    assert len(rows) == 17
    assert all(document(row) for row in rows[:10])
    refusals = []
    for row in rows[10:]:
        try:
            document(row)
        except RecordError as refused:
            refusals.append(str(refused))
    assert len(refusals) == 4
    assert "totals inconsistent" in refusals[0]
    assert "XBT" in refusals[1]
    assert "more decimals than JPY allows" in refusals[2]
    assert "it has no client" in refusals[3]
