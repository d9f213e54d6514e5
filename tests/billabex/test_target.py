"""Who are we connected as, what do lists tell, what is outstanding there, and which tables does a connection have?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer

from duebridge.core.api import Account, AuthError, Balance, Customer, Invoice, RunError
from duebridge.targets.billabex.sandbox.state import ORGANIZATION
from duebridge.targets.billabex.settings import BillabexSettings
from duebridge.targets.billabex.target import BillabexTarget

from .conftest import Desk, make_credit_note, make_customer, make_invoice

ROOT = "/billabex/api/public/v1"


def options(**given: Any) -> BillabexSettings:
    return BillabexSettings(**({"token": "t", "organization_id": "o"} | given))


def test_the_account_is_the_organization(desk: Desk) -> None:
    assert desk.target().check() == Account(ORGANIZATION, "Recouvrement Démo SAS")


def test_a_wrong_token_or_organization_is_told_apart(desk: Desk) -> None:
    with pytest.raises(AuthError, match="does not accept our credentials"):
        desk.target(token="another").check()
    with pytest.raises(RunError, match="no organization another"):
        desk.target(organization_id="another").check()


def test_the_pace_is_billabexs_own_unless_told_otherwise(desk: Desk) -> None:
    limiter = desk.target(requests_per_minute=300)._client._http._terms.limiter
    assert (limiter.requests, limiter.seconds) == (300, 60.0)  # type: ignore[attr-defined]
    assert options().requests_per_minute == 300


def test_every_page_is_read_until_one_is_empty(desk: Desk) -> None:
    for n in range(205):
        desk.control("POST", "accounts", fullName=f"Compte {n}")
    listed = list(desk.target()._client.listed("accounts"))
    assert [node["fullName"] for node in listed] == [f"Compte {n}" for n in range(205)]
    assert desk.requests()[-4:] == [("GET", "accounts")] * 4


@pytest.fixture
def elsewhere(desk: Desk, httpserver: HTTPServer) -> tuple[HTTPServer, BillabexTarget]:
    """A server that answers as it is told, and a target that asks it."""
    return httpserver, desk.target(base_url=httpserver.url_for("/billabex"))


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ([{"nodes": [{"id": "1"}], "pageInfo": {"endCursor": "c"}}] * 3, "go round in a circle"),
        ([{"nodes": [{"id": "1"}], "pageInfo": {}}], "no cursor to what follows"),
        ([{"nodes": [{"name": "x"}], "pageInfo": {}}], "no list of nodes with ids"),
        ([{"items": []}], "no list of nodes with ids"),
        ([["nodes"]], "no list of nodes with ids"),
    ],
)
def test_a_list_that_makes_no_sense_is_not_taken_for_complete(elsewhere: Any, answers: list[Any], what: str) -> None:
    server, target = elsewhere
    for answer in answers:
        server.expect_ordered_request(f"{ROOT}/accounts").respond_with_json(answer)
    with pytest.raises(RunError, match=what):
        list(target._client.listed("accounts"))


def test_what_is_outstanding_is_less_what_was_paid_and_what_credit_notes_settle(desk: Desk) -> None:
    desk.push(make_customer())
    desk.push(make_invoice(remaining=Decimal("1000.00")))
    desk.push(make_credit_note())
    desk.push(make_credit_note(id="41", number="A-41", amount=Decimal("-900.00"), tax=Decimal(0), invoice_id=None))
    desk.control("POST", "invoices", number="BY-HAND", totalAmount=50, taxAmount=0)
    owner = "book-customer-7"
    assert set(desk.target().balances()) == {
        Balance("book-invoice-30", "invoice", "EUR", Decimal(0), owner),
        Balance("", "invoice", "EUR", Decimal(0), owner),
        Balance("book-credit_note-40", "credit_note", "EUR", Decimal(0), owner),
        Balance("book-credit_note-41", "credit_note", "EUR", Decimal(-90), owner),
    }


def test_the_tables_follow_history_and_currency(desk: Desk) -> None:
    assert BillabexTarget.chosen(options()) is BillabexTarget
    whole = BillabexTarget.chosen(options(history="all", currency="CHF"))
    assert issubclass(whole, BillabexTarget)
    assert whole is BillabexTarget.chosen(options(history="all", currency="CHF"))
    paid = make_invoice(paid=True, currency="CHF")
    assert whole.rules[Invoice].decide(paid).verdict == "sync"
    assert BillabexTarget.rules[Invoice].decide(paid).verdict == "skip"
    assert whole.rules[Customer] is BillabexTarget.rules[Customer]


@pytest.mark.parametrize(
    "given", [{"override_email": "nobody"}, {"currency": "euro"}, {"history": "some"}, {"requests_per_minute": 0}]
)
def test_settings_that_make_no_sense_are_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        options(**given)
