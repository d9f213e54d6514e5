"""The quick way and the row-by-row way make the same records, and the quick one leaves the rest alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.api import RecordError
from duebridge.plugins.pennylane import canonical, wire
from duebridge.plugins.pennylane.source import PennylaneSource

ROW: dict[str, Any] = {
    "id": 7,
    "label": "Invoice 7",
    "invoice_number": "F-2026-7",
    "currency": "USD",
    "currency_amount": "230.32",
    "currency_amount_before_tax": "196.32",
    "currency_tax": "34.00",
    "remaining_amount_with_tax": "20.0",
    "exchange_rate": "1.0825",
    "date": "2026-01-31",
    "deadline": None,
    "paid": False,
    "draft": False,
    "status": "late",
    "archived_at": None,
    "customer": {"id": 42, "url": "https://example.com"},
    "credited_invoice": None,
    "billing_subscription": {"id": 5},
    "external_reference": "ext-7",
    "e_invoicing": {"status": "accepted", "reason": None},
    "public_file_url": None,
    "created_at": "2026-01-31T08:00:00.123456Z",
    "updated_at": "2026-01-31T09:00:00+01:00",
}

AMOUNTS = st.decimals(-(10**7), 10**7, places=2, allow_nan=False).map(str) | st.sampled_from(
    ["0", "-0.00", "-0.01", "1e3", "NaN", "1,5", "", " 1", "1_0", "12345678901", "0.12345678901", "-", "+1", "1.\n", 5]
)
LINKS = st.sampled_from([None, {"id": 6, "url": "u"}, {"id": "6"}, {}, {"id": True}, 6])
INSTANTS = st.sampled_from(
    [None, "2026-02-01T10:00:00Z", "2026-02-01T10:00:00.5+02:00", "2026-02-01T10:00:00", "2026-02-01", 5]
)
DAYS = st.sampled_from([None, "2026-02-28", "2026-02-30", "28/02/2026", "2026-W05-1", 20260228])
TEXTS = st.sampled_from([None, "", "x", "é\u202e", 5, False])
FLAGS = st.sampled_from([True, False, None, 0, "false"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("currency_amount", "currency_amount_before_tax", "currency_tax"), AMOUNTS),
    **dict.fromkeys(("remaining_amount_with_tax", "exchange_rate"), AMOUNTS | st.none()),
    **dict.fromkeys(("customer", "credited_invoice", "billing_subscription"), LINKS),
    **dict.fromkeys(("archived_at", "created_at", "updated_at"), INSTANTS),
    **dict.fromkeys(("date", "deadline"), DAYS),
    **dict.fromkeys(("invoice_number", "label", "external_reference", "public_file_url"), TEXTS),
    **dict.fromkeys(("paid", "draft"), FLAGS),
    "status": TEXTS | st.sampled_from(["credit_note", "cancelled", "disputed"]),
    "currency": st.sampled_from(["EUR", "eur", "EURO", "E\n", None, "JPY"]),
    "e_invoicing": st.sampled_from([None, {"status": "sent"}, {"status": 5}, {}, "sent"]),
    "id": st.sampled_from([7, "7", 0, -1]),
}


def page(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"items": rows, "has_more": False, "next_cursor": None}).encode()


@given(changes=st.dictionaries(st.sampled_from(sorted(VALUES)), st.none(), max_size=3), data=st.data())
def test_a_row_taken_the_quick_way_is_the_record_made_of_it_alone(
    changes: dict[str, None], data: st.DataObject
) -> None:
    row = ROW | {field: data.draw(VALUES[field], label=field) for field in changes}

    quick = wire.page(page(row))

    if quick is not None:
        (record,) = quick["items"]
        kind = canonical.document_type(row)
        assert type(record) is kind
        expected = PennylaneSource.canonical[kind](row)
        assert record == expected
        assert {name: type(value) for name, value in record} == {name: type(value) for name, value in expected}
        assert json.loads(record.model_dump_json()) == json.loads(expected.model_dump_json())


def test_a_page_that_keeps_to_the_contract_is_taken_the_quick_way() -> None:
    answer = wire.page(page(ROW, ROW | {"id": 8, "some_day": "a new field"}))

    assert answer is not None
    assert [record.id for record in answer["items"]] == ["7", "8"]
    assert answer["has_more"] is False


@pytest.mark.parametrize("field", sorted(ROW))
def test_a_row_without_a_field_is_left_to_be_judged_alone(field: str) -> None:
    row = {name: value for name, value in ROW.items() if name != field}

    assert wire.page(page(ROW, row)) is None


@pytest.mark.parametrize("amount", ["1,5", "1e3", "NaN", "", 150])
def test_an_amount_that_is_none_is_left_to_be_judged_alone(amount: object) -> None:
    row = ROW | {"currency_amount": amount}

    assert wire.page(page(row)) is None
    with pytest.raises(RecordError, match="currency_amount"):
        canonical.invoice(row)


@pytest.mark.parametrize("content", [b"", b"[]", b"Rate limit exceeded", b'{"items": null}', b'{"has_more": false}'])
def test_an_answer_that_is_no_page_is_left_to_be_judged_elsewhere(content: bytes) -> None:
    assert wire.page(content) is None
