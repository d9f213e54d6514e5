"""Does every document fall under the rule it should, before and after it was sent?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from duebridge.core.api import DOCUMENT_STATUSES
from duebridge.targets.billabex.rules import credit_note_rules, invoice_rules

from .conftest import make_credit_note, make_invoice

PUT_AWAY = datetime(2026, 1, 15, tzinfo=UTC)
ALWAYS_OUT: list[tuple[dict[str, Any], str]] = [
    ({"archived_at": PUT_AWAY}, "archived"),
    ({"status": "archived"}, "archived"),
    ({"draft": True}, "draft"),
    ({"status": "draft"}, "draft"),
    ({"status": "incomplete"}, "incomplete"),
    ({"status": "proforma"}, "other_document"),
    ({"status": "estimate_denied"}, "other_document"),
    ({"currency": "USD"}, "other_currency"),
]
OPEN = ("upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft")


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("history", ["open", "all"])
@pytest.mark.parametrize(("given", "code"), [*ALWAYS_OUT, ({"draft": True, "status": "cancelled"}, "cancelled_draft")])
def test_what_nobody_owes_stays_out_whatever_the_history(given: Any, code: str, history: Any, sent: bool) -> None:
    decision = invoice_rules(history, "EUR").decide(make_invoice(**given), sent=sent)
    assert (decision.verdict, decision.code) == ("skip", code)


@pytest.mark.parametrize(("given", "code"), ALWAYS_OUT)
def test_what_nobody_is_owed_back_stays_out(given: Any, code: str) -> None:
    decision = credit_note_rules("all", "EUR").decide(make_credit_note(**given))
    assert (decision.verdict, decision.code) == ("skip", code)


@pytest.mark.parametrize("status", OPEN)
def test_an_open_invoice_goes(status: str) -> None:
    decision = invoice_rules("open", "EUR").decide(make_invoice(status=status))
    assert (decision.verdict, decision.code, decision.reads) == ("sync", "open", "open")


@pytest.mark.parametrize(
    ("given", "code"),
    [({"paid": True}, "paid"), ({"status": "paid"}, "paid"), ({"status": "cancelled", "paid": True}, "cancelled")],
)
def test_a_settled_invoice_goes_once_it_was_sent_or_when_the_whole_history_does(given: Any, code: str) -> None:
    invoice = make_invoice(**given)
    assert invoice_rules("open", "EUR").decide(invoice).code == "settled"
    for decision in (
        invoice_rules("open", "EUR").decide(invoice, sent=True),
        invoice_rules("all", "EUR").decide(invoice),
    ):
        assert (decision.verdict, decision.code, decision.reads) == ("sync", code, "paid")


@pytest.mark.parametrize(
    ("given", "verdict", "code"),
    [
        ({"invoice_stands": True}, "sync", "linked"),
        ({"invoice_stands": False}, "skip", "invoice_not_sent"),
        ({"invoice_stands": True, "paid": True, "status": "paid"}, "sync", "linked"),
        ({"invoice_stands": True, "paid": True, "status": "cancelled"}, "skip", "manual_entry"),
        ({"invoice_id": None}, "sync", "unapplied"),
        ({"invoice_id": None, "paid": True}, "skip", "settled"),
        ({"status": "another"}, "reject", "unknown_status"),
    ],
)
def test_a_credit_note_goes_unapplied_or_with_its_invoice(given: Any, verdict: str, code: str) -> None:
    decision = credit_note_rules("open", "EUR").decide(make_credit_note(**given))
    assert (decision.verdict, decision.code) == (verdict, code)


@pytest.mark.parametrize("given", [{"invoice_stands": False}, {"invoice_id": None, "paid": True}])
def test_a_credit_note_is_followed_once_it_was_sent(given: Any) -> None:
    note = make_credit_note(**given)
    assert credit_note_rules("open", "EUR").decide(note, sent=True).verdict == "sync"
    assert credit_note_rules("all", "EUR").decide(note).verdict == "sync"


@pytest.mark.parametrize("history", ["open", "all"])
@pytest.mark.parametrize("status", [*sorted(DOCUMENT_STATUSES), "another"])
def test_every_status_has_a_rule_and_only_known_ones_of_invoices_go(status: str, history: Any) -> None:
    decision = invoice_rules(history, "EUR").decide(make_invoice(status=status))
    assert decision.verdict != "sync" or status in {*OPEN, "paid", "cancelled"}
    if status == "another":
        assert (decision.verdict, decision.code) == ("reject", "unknown_status")


def test_the_currency_is_that_of_the_connection() -> None:
    assert invoice_rules("open", "CHF").decide(make_invoice(currency="CHF")).verdict == "sync"
    assert invoice_rules("open", "CHF").decide(make_invoice()).code == "other_currency"
