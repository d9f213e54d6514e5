"""Is every line of the page's lists decided as the page says, and is everything else decided too?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from duebridge.core.api import DOCUMENT_STATUSES, CreditNote, Customer, Invoice
from duebridge.targets.upflow.rules import CREDIT_NOTES, CUSTOMERS, INVOICES

ARCHIVED = datetime(2026, 5, 1, tzinfo=UTC)
EVERY_STATUS = sorted(DOCUMENT_STATUSES | {"invented_tomorrow"})

INVOICE_LINES: list[tuple[dict[str, Any], tuple[str, str, str | None]]] = [
    ({"status": "upcoming"}, ("sync", "open", "open")),
    ({"status": "late"}, ("sync", "open", "open")),
    ({"status": "paid", "paid": True}, ("sync", "paid", "paid")),
    ({"status": "late", "paid": True}, ("sync", "paid", "paid")),
    ({"status": "paid", "paid": False}, ("sync", "paid", "paid")),
    ({"status": "cancelled", "paid": True}, ("sync", "cancelled", "paid")),
    ({"status": "cancelled", "paid": False}, ("sync", "cancelled", "paid")),
    ({"status": "cancelled", "draft": True}, ("sync", "cancelled_draft", "paid")),
    ({"status": "partially_paid"}, ("sync", "open", "open")),
    ({"status": "partially_cancelled"}, ("sync", "open", "open")),
    ({"status": "partially_cancelled_draft"}, ("sync", "open", "open")),
    ({"status": "draft", "draft": True}, ("skip", "draft", None)),
    ({"status": "draft", "draft": False}, ("skip", "draft", None)),
    ({"status": "upcoming", "draft": True}, ("skip", "draft", None)),
    ({"status": "archived"}, ("skip", "archived", None)),
    ({"status": "paid", "paid": True, "archived_at": ARCHIVED}, ("skip", "archived", None)),
    ({"status": "cancelled", "draft": True, "archived_at": ARCHIVED}, ("skip", "archived", None)),
    ({"status": "incomplete"}, ("skip", "incomplete", None)),
    ({"status": "incomplete", "paid": True}, ("skip", "incomplete", None)),
    *[
        ({"status": status, "paid": paid}, ("skip", "other_document", None))
        for paid in (False, True)
        for status in (
            "proforma",
            "shipping_order",
            "purchasing_order",
            "estimate_pending",
            "estimate_accepted",
            "estimate_invoiced",
            "estimate_denied",
        )
    ],
    ({"status": "invented_tomorrow"}, ("reject", "unknown_status", None)),
    ({"status": "invented_tomorrow", "paid": True}, ("reject", "unknown_status", None)),
    ({"status": "credit_note"}, ("reject", "unknown_status", None)),
]

CREDIT_NOTE_LINES: list[tuple[dict[str, Any], tuple[str, str]]] = [
    *[
        ({"status": status, "invoice_id": invoice_id}, ("sync", "listed_unpaid"))
        for invoice_id in (None, "30")
        for status in ("credit_note", "late", "upcoming", "cancelled", "partially_cancelled")
    ],
    ({"status": "partially_cancelled_draft"}, ("sync", "listed_unpaid")),
    ({"status": "paid", "paid": True, "invoice_id": "30"}, ("sync", "paid_linked")),
    ({"status": "cancelled", "paid": True, "invoice_id": None}, ("sync", "cancelled_unlinked")),
    ({"status": "archived"}, ("skip", "no_balance_impact")),
    ({"status": "draft"}, ("skip", "no_balance_impact")),
    ({"status": "incomplete"}, ("skip", "no_balance_impact")),
    ({"status": "credit_note", "draft": True}, ("skip", "no_balance_impact")),
    ({"status": "credit_note", "archived_at": ARCHIVED}, ("skip", "no_balance_impact")),
    ({"status": "invented_tomorrow", "draft": True}, ("skip", "no_balance_impact")),
    ({"status": "cancelled", "paid": True, "invoice_id": "30"}, ("skip", "manual_entry")),
    ({"status": "paid", "paid": True, "invoice_id": None}, ("skip", "unreconciled")),
    ({"status": "credit_note", "paid": True, "invoice_id": None}, ("skip", "unreconciled")),
    ({"status": "credit_note", "paid": True, "invoice_id": "30"}, ("sync", "listed_linked")),
    ({"status": "partially_cancelled", "paid": True, "invoice_id": "30"}, ("sync", "listed_linked")),
    ({"status": "paid", "paid": False}, ("skip", "not_listed")),
    ({"status": "partially_paid", "paid": False}, ("skip", "not_listed")),
    ({"status": "partially_paid", "paid": True, "invoice_id": "30"}, ("skip", "not_listed")),
    ({"status": "proforma"}, ("skip", "not_listed")),
    ({"status": "invented_tomorrow"}, ("reject", "unknown_status")),
    ({"status": "invented_tomorrow", "paid": True, "invoice_id": "30"}, ("reject", "unknown_status")),
]


def test_every_customer_is_sent(make_customer: Callable[..., Customer]) -> None:
    assert CUSTOMERS.decide(make_customer()).verdict == "sync"


@pytest.mark.parametrize(("fields", "expected"), INVOICE_LINES)
def test_an_invoice_is_decided_as_the_page_says(
    make_invoice: Callable[..., Invoice], fields: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    decision = INVOICES.decide(make_invoice(**fields))
    assert (decision.verdict, decision.code, decision.reads) == expected


@pytest.mark.parametrize(("fields", "expected"), CREDIT_NOTE_LINES)
def test_a_credit_note_is_decided_as_the_page_says(
    make_credit_note: Callable[..., CreditNote], fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    decision = CREDIT_NOTES.decide(make_credit_note(**fields))
    assert (decision.verdict, decision.code) == expected


def test_every_combination_of_an_invoice_has_a_verdict_and_unknown_words_never_read_paid(
    make_invoice: Callable[..., Invoice],
) -> None:
    for draft, paid, archived_at, status in product((False, True), (False, True), (None, ARCHIVED), EVERY_STATUS):
        decision = INVOICES.decide(make_invoice(draft=draft, paid=paid, archived_at=archived_at, status=status))
        assert (decision.reads is not None) == (decision.verdict == "sync"), status
        if status not in DOCUMENT_STATUSES:
            assert decision.verdict != "sync", status
        if archived_at:
            assert decision.code == "archived", status


def test_every_combination_of_a_credit_note_follows_the_total_table(
    make_credit_note: Callable[..., CreditNote],
) -> None:
    for draft, paid, archived_at, invoice_id, status in product(
        (False, True), (False, True), (None, ARCHIVED), (None, "30"), EVERY_STATUS
    ):
        note = make_credit_note(draft=draft, paid=paid, archived_at=archived_at, invoice_id=invoice_id, status=status)
        decision = CREDIT_NOTES.decide(note)
        assert (decision.verdict == "sync") == _imported(note), (draft, paid, invoice_id, status)
        assert (decision.verdict == "reject") == (decision.code == "unknown_status")


def test_no_rule_is_out_of_reach(
    make_invoice: Callable[..., Invoice], make_credit_note: Callable[..., CreditNote]
) -> None:
    reached = {INVOICES.decide(make_invoice(**fields)).code for fields, _ in INVOICE_LINES}
    assert reached == {decision.code for _, decision in INVOICES.describe()}
    reached = {CREDIT_NOTES.decide(make_credit_note(**fields)).code for fields, _ in CREDIT_NOTE_LINES}
    assert reached == {decision.code for _, decision in CREDIT_NOTES.describe()}


def test_every_reason_names_its_section_of_the_page_or_says_that_nobody_guesses() -> None:
    for rules in (CUSTOMERS, INVOICES, CREDIT_NOTES):
        for _conditions, decision in rules.describe():
            assert decision.why.endswith(")") or "nobody guesses" in decision.why


def _imported(note: CreditNote) -> bool:
    """The page's two lists, written as one condition instead of a table."""
    if note.draft or note.archived or note.status in {"archived", "draft", "incomplete"}:
        return False
    listed = {"credit_note", "late", "upcoming", "partially_cancelled", "partially_cancelled_draft"}
    if not note.paid:
        return note.status in listed | {"cancelled"}
    if note.linked:
        return note.status in listed | {"paid"}
    return note.status == "cancelled"
