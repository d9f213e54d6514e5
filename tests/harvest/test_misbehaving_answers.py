"""Whatever an answer holds, it becomes a record, or is refused in words; nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.api import Record, RecordError, RunError
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.plugins.harvest import canonical
from duebridge.plugins.harvest.paging import read_page, walk
from duebridge.plugins.harvest.sandbox import HarvestSandbox

STATE = HarvestSandbox(
    SandboxOptions(customers=6, invoices=25), clock=lambda: datetime(2026, 3, 10, 12, tzinfo=UTC)
).state
odd = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**30,
        Decimal("1e30"),
        Decimal("0.00000000001"),
        "",
        "x",
        "2026-03-10",
        "\ud800",
        [],
        [1],
        {},
        {"id": "1"},
        [[]],
    ]
)


def rows(collection: str) -> list[dict[str, Any]]:
    return [_exact(row) for row in STATE.rows[collection].values()]


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    return [_exact(each) for each in value] if isinstance(value, list) else value


def spoiled(data: st.DataObject, row: dict[str, Any]) -> dict[str, Any]:
    """The row with one or two of its members another, or gone, and sometimes one of a line's."""
    row = dict(row)
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), min_size=1, max_size=2, unique=True)):
        if data.draw(st.booleans()) and name != "id":
            del row[name]
        else:
            row[name] = data.draw(odd)
    lines = row.get("line_items")
    if data.draw(st.booleans()) and isinstance(lines, list) and lines and isinstance(lines[0], dict):
        name = data.draw(st.sampled_from(sorted(lines[0])))
        row["line_items"] = [{**lines[0], name: data.draw(odd)}, *lines[1:]]
    return row


KINDS: dict[str, tuple[str, Callable[[Any], Record], dict[str, Any]]] = {
    "invoice": ("invoices", canonical.invoice, {"_today": "2026-03-10"}),
    "credit note": (
        "invoices",
        canonical.credit_note,
        {"_today": "2026-03-10", "_categories": {"Service": {"id": "x"}}},
    ),
    "client": ("clients", canonical.customer, {"_contacts": [{"id": 3, "email": None}]}),
    "category": ("invoice_item_categories", canonical.product, {}),
    "payment": ("payments", canonical.payment, {"_invoice": {"id": 1, "client": {"id": 2}, "currency": "EUR"}}),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_spoiled_row_is_a_record_or_refused_in_words(kind: str, data: st.DataObject) -> None:
    collection, make, beside = KINDS[kind]
    row = {**spoiled(data, data.draw(st.sampled_from(rows(collection)))), **beside}
    canonical.document_type(row)
    try:
        record = make(row)
    except RecordError as refused:
        told = str(refused)
    else:
        assert record.id == str(row["id"])
        return
    assert told


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_spoiled_page_is_a_page_or_ends_the_read(data: st.DataObject) -> None:
    page = {"clients": rows("clients"), "total_entries": 6, "page": 1, "links": {"next": None, "first": "x"}}
    page = spoiled(data, page | {"id": 0})
    try:
        found = read_page("/clients", "clients", page)
    except RunError as refused:
        told = str(refused)
    else:
        assert found.rows == page["clients"]
        return
    assert "nothing is taken for deleted" in told


def test_a_short_page_without_a_count_is_taken_as_it_is() -> None:
    """An older server may tell no count; then links alone tell where a list ends."""
    answer = {"clients": rows("clients")[:2], "links": {"next": None}}
    (page,) = walk(lambda _path, _params: answer, lambda _: None, "/clients", "clients", {})
    assert page.rows == answer["clients"]
