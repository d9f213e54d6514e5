"""What a family owes at the source, what the target should show of it, and the steps between: exact, and in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.engine.receivables import (
    MORE_REMAINS,
    NOT_COUNTED,
    PAID_AT_TARGET,
    PARTIAL_PAYMENTS,
    Entry,
    Step,
    Walk,
    applies,
    receivable,
    walk,
    walk_balances,
)
from duebridge.core.money import allocate_credits
from duebridge.core.records import CreditNote, Invoice

_DOCUMENT: dict[str, Any] = {
    "customer_id": "7",
    "draft": False,
    "paid": False,
    "currency": "EUR",
    "amount_before_tax": Decimal(0),
    "tax": Decimal(0),
    "issued_on": date(2026, 3, 2),
}


def invoice(total: str, remaining: str | None = None, **fields: Any) -> Invoice:
    left = Decimal(remaining) if remaining is not None else None
    values = {"id": "1", "status": "upcoming", "amount": Decimal(total), "remaining": left}
    return Invoice(**(_DOCUMENT | values | fields))


def credit_note(total: str, **fields: Any) -> CreditNote:
    values = {"id": "11", "status": "credit_note", "amount": -Decimal(total), "invoice_id": "1"}
    return CreditNote(**(_DOCUMENT | values | fields))


def sent(record: Any, *, paid: bool = False) -> Entry[Any]:
    return Entry(record, receivable(record), stands=True, paid=paid)


def left_out(record: Any, reason: str) -> Entry[Any]:
    return Entry(record, receivable(record), stands=False, reason=reason)


def told(way: Walk) -> tuple[str, str, dict[str, str]]:
    """Source, expected and steps of a walk, as text."""
    steps: dict[str, Decimal] = {}
    for step in way.steps:
        steps[step.reason] = steps.get(step.reason, Decimal(0)) + step.amount
    return short(way.source), short(way.expected), {reason: short(amount) for reason, amount in steps.items() if amount}


def short(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def test_an_open_invoice_owes_what_remains_and_shows_its_total() -> None:
    assert told(walk(sent(invoice("100", "60")), [])) == ("60", "100", {PARTIAL_PAYMENTS: "-40"})


def test_with_payments_mirrored_it_shows_what_remains() -> None:
    assert told(walk(sent(invoice("100", "60")), [], mirrors_payments=True)) == ("60", "60", {})


def test_what_is_paid_at_the_source_owes_nothing_at_either_end() -> None:
    assert told(walk(sent(invoice("100", "100", paid=True), paid=True), [])) == ("0", "0", {})


def test_an_unknown_remaining_amount_is_the_total_less_linked_credit_notes() -> None:
    way = walk(sent(invoice("100")), [sent(credit_note("30"))])

    assert told(way) == ("70", "70", {})


def test_a_credit_note_larger_than_its_invoice_leaves_a_credit_at_both_ends() -> None:
    way = walk(sent(invoice("100", "0", status="cancelled"), paid=True), [sent(credit_note("130"))])

    assert told(way) == ("-30", "-30", {})


def test_a_credit_note_whose_invoice_stays_out_is_unlinked_at_the_target() -> None:
    archived = left_out(invoice("100", "70", status="archived"), "skipped: archived")

    assert told(walk(archived, [sent(credit_note("30"))])) == ("0", "-30", {"skipped: archived": "30"})


def test_an_invoice_that_stays_out_is_the_difference() -> None:
    excluded = left_out(invoice("100", "60"), "excluded_customer")

    assert told(walk(excluded, [])) == ("60", "0", {"excluded_customer": "60"})


def test_a_credit_note_kept_though_gone_lowers_the_targets_side_alone() -> None:
    kept = Entry(credit_note("30"), counts=False, stands=True, reason="kept_though_gone")

    assert told(walk(sent(invoice("100", "100")), [kept])) == ("100", "70", {"kept_though_gone": "30"})


def test_a_left_out_credit_note_the_source_has_deducted_is_told_by_its_own_reason() -> None:
    way = walk(sent(invoice("100", "70")), [left_out(credit_note("30"), "manual_entry")])

    assert told(way) == ("70", "100", {"manual_entry": "-30"})


def test_a_left_out_credit_note_the_source_has_not_deducted_is_no_difference() -> None:
    way = walk(sent(invoice("100", "100")), [left_out(credit_note("30"), "manual_entry")])

    assert told(way) == ("100", "100", {})


def test_a_sent_credit_note_the_source_has_not_deducted_is_told() -> None:
    way = walk(sent(invoice("100", "100")), [sent(credit_note("30"))])

    assert told(way) == ("100", "70", {MORE_REMAINS: "30"})


def test_a_credit_note_of_another_customer_or_currency_does_not_apply() -> None:
    assert applies(credit_note("30"), invoice("100"))
    assert not applies(credit_note("30", customer_id="8"), invoice("100"))
    assert not applies(credit_note("30", currency="USD"), invoice("100"))


def test_what_a_target_takes_that_the_source_does_not_count_is_told_as_such() -> None:
    archived = invoice("100", "60", archived_at="2026-03-03T00:00:00Z")

    assert told(walk(sent(archived), [])) == ("0", "100", {NOT_COUNTED: "-100"})
    note = credit_note("30", archived_at="2026-03-03T00:00:00Z")
    assert told(walk(sent(invoice("100", "100")), [sent(note)])) == ("100", "70", {NOT_COUNTED: "30"})


# Every row of the page's credit note table: the note's fields, whether it goes, and what an invoice of 100, on which
# the source expects 70 after the note of 30 (or 100 when the note doesn't count), comes to.
TABLE = [
    ({"draft": True}, "no_balance_impact", "100", ("100", "100", {})),
    ({"status": "incomplete"}, "no_balance_impact", "100", ("100", "100", {})),
    ({"status": "archived"}, "no_balance_impact", "100", ("100", "100", {})),
    ({"archived_at": "2026-03-03T00:00:00Z"}, "no_balance_impact", "100", ("100", "100", {})),
    ({"status": "upcoming"}, "", "70", ("70", "70", {})),
    ({"status": "cancelled"}, "", "70", ("70", "70", {})),
    ({"status": "paid", "paid": True}, "", "70", ("70", "70", {})),
    ({"status": "late", "paid": True}, "", "70", ("70", "70", {})),
    ({"status": "cancelled", "paid": True}, "manual_entry", "70", ("70", "100", {"manual_entry": "-30"})),
    ({"status": "partially_paid"}, "not_listed", "70", ("70", "100", {"not_listed": "-30"})),
    ({"status": "teleported"}, "rejected", "70", ("70", "100", {"rejected": "-30"})),
]


@pytest.mark.parametrize(("fields", "reason", "remaining", "expected"), TABLE)
def test_each_row_of_the_credit_note_table_linked(fields: Any, reason: str, remaining: str, expected: Any) -> None:
    note = credit_note("30", **fields)
    entry = left_out(note, reason) if reason else sent(note)

    assert told(walk(sent(invoice("100", remaining)), [entry])) == expected


@pytest.mark.parametrize(
    ("fields", "reason", "expected"),
    [
        ({"draft": True}, "no_balance_impact", ("0", "0", {})),
        ({"status": "credit_note"}, "", ("-30", "-30", {})),
        ({"status": "cancelled", "paid": True}, "", ("-30", "-30", {})),
        ({"status": "paid", "paid": True}, "unreconciled", ("-30", "0", {"unreconciled": "-30"})),
        ({"status": "teleported"}, "rejected", ("-30", "0", {"rejected": "-30"})),
    ],
)
def test_each_row_of_the_credit_note_table_unlinked(fields: Any, reason: str, expected: Any) -> None:
    note = credit_note("30", invoice_id=None, **fields)
    entry = left_out(note, reason) if reason else sent(note)

    assert told(walk(None, [entry])) == expected


amounts = st.decimals(0, 1_000, places=2)
notes = st.lists(st.tuples(amounts, st.booleans(), st.booleans()), max_size=4)


@given(total=amounts, remaining=st.none() | amounts, paid=st.booleans(), stands=st.booleans(), given_notes=notes)
def test_the_steps_always_lead_from_the_sources_formula_to_the_targets(
    total: Decimal, remaining: Decimal | None, paid: bool, stands: bool, given_notes: list[tuple[Decimal, bool, bool]]
) -> None:
    bill = invoice(str(total), None if remaining is None else str(remaining), paid=paid)
    entries = [
        Entry(credit_note(str(amount), id=str(20 + at)), counts, there, "reason")
        for at, (amount, counts, there) in enumerate(given_notes)
    ]

    way = walk(Entry(bill, counts=True, stands=stands, reason="invoice", paid=paid), entries)

    counted = [entry.record.total for entry in entries if entry.counts]
    standing = [entry.record.total for entry in entries if entry.stands]
    linked_here = sum(allocate_credits(total, counted))
    owed = Decimal(0) if paid else total - linked_here if remaining is None else remaining
    assert way.source == owed - (sum(counted) - linked_here)
    linked_there = sum(allocate_credits(total, standing)) if stands else Decimal(0)
    shown = Decimal(0) if paid or not stands else total - linked_there
    assert way.expected == shown - (sum(standing) - linked_there)
    assert way.source - way.expected == sum(step.amount for step in way.steps)
    assert all(isinstance(step, Step) and step.reason for step in way.steps)


def test_where_documents_show_their_own_balance_the_rest_of_a_credit_note_stands_alone() -> None:
    settled, above = left_out(invoice("100", "0", status="cancelled"), "settled"), sent(credit_note("150"))
    assert told(walk_balances(settled, [above])) == ("-50", "-50", {})


def test_where_documents_show_their_own_balance_what_is_left_out_explains_its_own() -> None:
    owed, used = left_out(invoice("100", "40"), "rejected"), left_out(credit_note("30"), "settled")
    assert told(walk_balances(owed, [used])) == ("40", "0", {"rejected": "40"})
    assert told(walk_balances(None, [sent(credit_note("30")), left_out(credit_note("20"), "rejected")])) == (
        "-50",
        "-30",
        {"rejected": "-20"},
    )


def test_where_documents_show_their_own_balance_one_that_reads_paid_shows_none() -> None:
    assert told(walk_balances(None, [sent(credit_note("30", paid=True))])) == ("-30", "0", {PAID_AT_TARGET: "-30"})
