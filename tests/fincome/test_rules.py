"""Which records go to Fincome, and under which code do the others stay?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Invoice, Subscription
from duebridge.targets.fincome.rules import CREDIT_NOTES, INVOICES, SUBSCRIPTIONS

ARCHIVED = datetime(2026, 1, 15, tzinfo=UTC)
OTHERS = (
    "proforma shipping_order purchasing_order estimate_pending estimate_accepted estimate_invoiced estimate_denied"
).split()

STAYS: list[tuple[dict[str, Any], str]] = [
    ({"draft": True}, "draft"),
    ({"status": "draft"}, "draft"),
    ({"draft": True, "status": "cancelled"}, "draft"),
    ({"archived_at": ARCHIVED, "paid": True}, "archived"),
    ({"status": "archived"}, "archived"),
    ({"status": "incomplete"}, "incomplete"),
    *[({"status": word}, "other_document") for word in OTHERS],
]


@pytest.mark.parametrize(("fields", "code"), STAYS)
def test_drafts_and_what_was_never_sold_stay(
    make_invoice: Callable[..., Invoice], make_credit_note: Callable[..., CreditNote], fields: Any, code: str
) -> None:
    for decision in (
        INVOICES.decide(make_invoice(**fields)),
        CREDIT_NOTES.decide(make_credit_note(**fields)),
    ):
        assert (decision.verdict, decision.code) == ("skip", code)


@pytest.mark.parametrize(
    ("fields", "code", "reads"),
    [
        ({"status": "upcoming"}, "open", "open"),
        ({"status": "late"}, "unpaid", "unpaid"),
        ({"status": "paid", "paid": True}, "paid", "paid"),
        ({"status": "late", "paid": True}, "paid", "paid"),
        ({"status": "cancelled", "paid": True}, "cancelled", "paid"),
        ({"status": "partially_paid"}, "partly", "open"),
        ({"status": "partially_cancelled"}, "partly", "open"),
        ({"status": "partially_cancelled_draft"}, "partly", "open"),
    ],
)
def test_finalised_invoices_go(make_invoice: Callable[..., Invoice], fields: Any, code: str, reads: str) -> None:
    decision = INVOICES.decide(make_invoice(**fields))
    assert (decision.verdict, decision.code, decision.reads) == ("sync", code, reads)


@pytest.mark.parametrize("word", ["disputed", "credit_note"])
def test_a_word_that_says_nothing_of_an_invoice_is_for_a_person(
    make_invoice: Callable[..., Invoice], word: str
) -> None:
    decision = INVOICES.decide(make_invoice(status=word))
    assert (decision.verdict, decision.code) == ("reject", "unknown_status")


def test_a_word_nobody_knows_on_a_credit_note_or_subscription_is_for_a_person(
    make_credit_note: Callable[..., CreditNote], make_subscription: Callable[..., Subscription]
) -> None:
    for decision in (
        CREDIT_NOTES.decide(make_credit_note(status="disputed")),
        SUBSCRIPTIONS.decide(make_subscription(status="paused")),
    ):
        assert (decision.verdict, decision.code) == ("reject", "unknown_status")


@pytest.mark.parametrize("word", ["credit_note", "cancelled", "paid", "upcoming", "late"])
def test_a_finalised_credit_note_of_an_invoice_goes(make_credit_note: Callable[..., CreditNote], word: str) -> None:
    assert CREDIT_NOTES.decide(make_credit_note(status=word)).verdict == "sync"


def test_a_credit_note_of_no_invoice_stays(make_credit_note: Callable[..., CreditNote]) -> None:
    assert CREDIT_NOTES.decide(make_credit_note(invoice_id=None)).code == "no_invoice"


@pytest.mark.parametrize(
    ("fields", "verdict", "code"),
    [
        ({}, "sync", "subscription"),
        ({"status": "pending"}, "sync", "subscription"),
        ({"status": "not_started"}, "sync", "subscription"),
        ({"status": "stopped"}, "sync", "subscription"),
        ({"status": "finished"}, "sync", "subscription"),
        ({"status": "draft"}, "skip", "draft"),
        ({"customer_id": None}, "skip", "no_customer"),
        ({"lines": ()}, "skip", "no_lines"),
        ({"lines": None}, "reject", "lines_unread"),
    ],
)
def test_a_subscription_goes_when_it_has_a_customer_and_lines(
    make_subscription: Callable[..., Subscription], fields: Any, verdict: str, code: str
) -> None:
    decision = SUBSCRIPTIONS.decide(make_subscription(**fields))
    assert (decision.verdict, decision.code) == (verdict, code)
