"""What Pennylane works out about a document, as a table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.derive import (
    amount,
    credit_note_standing,
    invoice_standing,
    linked_amount,
    lowers,
    money,
)

TODAY = date(2026, 3, 15)
AT = "2026-03-01T10:00:00.000000Z"


def document(total="120.00", **given):
    before = "100.00" if total == "120.00" else total
    amounts = {"currency_amount": total, "currency_amount_before_tax": before, "currency_tax": "0"}
    return objects.document(1, AT, **{**amounts, "deadline": "2026-03-20", **given})


def credit_note(id, total, **given):
    return {**document(total, status="cancelled", **given), "id": id}


@pytest.mark.parametrize(
    ("given", "received", "linked", "status", "paid", "remaining"),
    [
        ({}, 0, 0, "upcoming", False, "120.00"),
        ({"deadline": "2026-03-15"}, 0, 0, "upcoming", False, "120.00"),
        ({"deadline": "2026-03-14"}, 0, 0, "late", False, "120.00"),
        ({"deadline": None}, 0, 0, "upcoming", False, "120.00"),
        ({}, 20, 0, "partially_paid", False, "100.00"),
        ({"deadline": "2026-03-14"}, 20, 0, "partially_paid", False, "100.00"),
        ({}, 120, 0, "paid", True, "0.00"),
        ({}, 130, 0, "paid", True, "0.00"),
        ({}, 0, 20, "partially_cancelled", False, "100.00"),
        ({}, 20, 20, "partially_cancelled", False, "80.00"),
        ({}, 100, 20, "paid", True, "0.00"),
        ({}, 0, 120, "cancelled", False, "0.00"),
        ({"draft": True}, 0, 0, "draft", False, "120.00"),
        ({"archived_at": AT}, 0, 0, "archived", False, "120.00"),
        ({"archived_at": AT}, 120, 0, "archived", True, "0.00"),
        ({"draft": True, "archived_at": AT}, 0, 0, "archived", False, "120.00"),
        ({"currency_amount": "0.00"}, 0, 0, "upcoming", False, "0.00"),
    ],
)
def test_an_invoice_stands_as_its_money_and_its_deadline_say(given, received, linked, status, paid, remaining):
    found = invoice_standing(document(**given), Decimal(received), Decimal(linked), TODAY)
    assert (found["status"], found["paid"], found["remaining_amount_with_tax"]) == (status, paid, remaining)


def test_what_remains_before_tax_is_the_same_share():
    found = invoice_standing(document(), Decimal(48), Decimal(0), TODAY)
    assert found["remaining_amount_without_tax"] == "60.00"


def test_an_invoice_whose_amount_is_none_has_nothing_remaining_to_tell():
    found = invoice_standing(document("a lot"), Decimal(0), Decimal(0), TODAY)
    assert (found["status"], found["paid"], found["remaining_amount_with_tax"]) == ("upcoming", False, None)


@pytest.mark.parametrize(
    ("given", "status", "remaining"),
    [
        ({}, "credit_note", "-50.00"),
        ({"draft": True}, "credit_note", "-50.00"),
        ({"credited_invoice": {"id": 2}}, "cancelled", "0.00"),
        ({"credited_invoice": {"id": 2}, "draft": True}, "credit_note", "0.00"),
        ({"archived_at": AT}, "archived", "-50.00"),
        ({"paid": True}, "credit_note", "0.00"),
    ],
)
def test_a_credit_note_stands_as_its_link_says(given, status, remaining):
    found = credit_note_standing(document("-50.00", **given))
    assert (found["status"], found["remaining_amount_with_tax"]) == (status, remaining)
    assert found["paid"] is given.get("paid", False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"status": "paid", "paid": True}, True),
        ({"status": "credit_note", "paid": True}, True),
        ({"paid": True}, False),
        ({"draft": True}, False),
        ({"archived_at": AT}, False),
        ({"status": "incomplete"}, False),
        ({"status": "partially_paid", "paid": True}, False),
    ],
)
def test_not_every_linked_credit_note_lowers_its_invoice(given, expected):
    assert lowers({**credit_note(2, "-50.00"), **given}) is expected


def test_credit_notes_take_what_is_left_in_the_order_of_their_dates():
    notes = [credit_note(3, "-80.00", date="2026-03-02"), credit_note(2, "-70.00", date="2026-03-01")]
    assert linked_amount(document(), notes) == Decimal("120.00")
    assert linked_amount(document(), notes[:1]) == Decimal("80.00")


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("1.005", "EUR", "1.01"),
        ("-0.001", "EUR", "0.00"),
        ("12.5", "JPY", "13"),
        ("1", "TND", "1.000"),
        ("1", "XAU", "1.00"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_their_currency(value, currency, expected):
    assert money(Decimal(value), currency) == expected


@pytest.mark.parametrize("text", ["", "12,00", "NaN", "Infinity", "1e400", None, [], {}])
def test_a_text_that_tells_no_amount_is_none(text):
    assert amount(text) is None
