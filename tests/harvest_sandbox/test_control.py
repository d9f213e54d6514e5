"""Control calls change the account as people do in Harvest, and what Harvest computes is computed."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, Clock


def shown(api: Api, id: int) -> dict[str, Any]:
    row: dict[str, Any] = api.found(f"/invoices/{id}")
    return row


def test_an_invoice_is_computed_from_its_lines(api: Api) -> None:
    lines = [
        {"quantity": 2, "unit_price": 100, "taxed": True, "taxed2": True},
        {"quantity": 1, "unit_price": 100, "taxed": True, "taxed2": True},
    ]
    made = api.make("invoices", line_items=lines, discount=10, tax=5, tax2=2)
    assert [line["amount"] for line in made["line_items"]] == [200, 100]
    assert (made["discount_amount"], made["tax_amount"], made["tax2_amount"]) == (30, 13.5, 5.4)
    assert (made["amount"], made["due_amount"], made["state"]) == (288.9, 288.9, "open")
    assert shown(api, made["id"]) == made


@pytest.mark.parametrize(
    ("currency", "amount", "discount", "total"),
    [("JPY", 345, 24, 321), ("EUR", 345.35, 24.17, 321.18), ("TND", 345.352, 24.175, 321.177)],
)
def test_figures_have_the_decimals_of_their_currency(
    api: Api, currency: str, amount: float, discount: float, total: float
) -> None:
    made = api.make("invoices", currency=currency, discount=7, line_items=[{"quantity": 1, "unit_price": 345.352}])
    assert made["line_items"][0]["amount"] == amount
    assert (made["discount_amount"], made["amount"]) == (discount, total)


@pytest.mark.parametrize(("term", "days"), [("upon receipt", 0), ("net 15", 15), ("net 60", 60)])
def test_the_due_date_follows_from_the_term(api: Api, term: str, days: int) -> None:
    made = api.make("invoices", issue_date="2026-01-01", payment_term=term)
    assert made["due_date"] == ("2026-01-01", "2026-01-16", "2026-03-02")[(0, 15, 60).index(days)]


def test_a_due_date_of_its_own_is_a_custom_term(api: Api) -> None:
    made = api.make("invoices", issue_date="2026-01-01", due_date="2026-01-09")
    assert (made["payment_term"], made["due_date"]) == ("custom", "2026-01-09")


def test_payments_settle_an_invoice_and_bump_it(api: Api, clock: Clock) -> None:
    made = api.make("invoices", line_items=[{"quantity": 1, "unit_price": 100}])
    clock.ahead += clock.ahead.resolution * 10**7
    first = api.make("payments", invoice_id=made["id"], amount=40)
    part = shown(api, made["id"])
    assert (part["due_amount"], part["state"]) == (60, "open")
    assert part["updated_at"] > made["updated_at"]
    api.make("payments", invoice_id=made["id"])
    whole = shown(api, made["id"])
    assert (whole["due_amount"], whole["state"]) == (0, "paid")
    assert whole["paid_at"] is not None
    api.remove("payments", first["id"])
    again = shown(api, made["id"])
    assert (again["due_amount"], again["state"], again["paid_at"]) == (40, "open", None)


def test_an_invoice_said_to_be_paid_was_paid(api: Api) -> None:
    made = api.make("invoices", line_items=[{"quantity": 1, "unit_price": 100}], state="paid")
    assert (made["state"], made["due_amount"]) == ("paid", 0)
    assert [row["amount"] for row in api.found(f"/invoices/{made['id']}/payments")["invoice_payments"]] == [100]
    renamed = api.change("invoices", made["id"], subject="New")
    assert (renamed["state"], renamed["due_amount"]) == ("paid", 0)


def test_what_is_due_may_be_told(api: Api) -> None:
    made = api.make("invoices", line_items=[{"quantity": 1, "unit_price": 100}], due_amount=25)
    assert (made["state"], made["due_amount"], made["amount"]) == ("open", 25, 100)


@pytest.mark.parametrize("word", ["draft", "closed"])
def test_drafts_and_closed_invoices_stay_what_they_are_until_reopened(api: Api, word: str) -> None:
    made = api.make("invoices", line_items=[{"quantity": 1, "unit_price": 100}], state=word)
    api.make("payments", invoice_id=made["id"], amount=10)
    row = shown(api, made["id"])
    assert (row["state"], row["due_amount"]) == (word, 90)
    assert (row["closed_at"] is not None, row["sent_at"] is not None) == (word == "closed", word == "closed")
    assert api.change("invoices", made["id"], state="open")["closed_at"] is None


def test_a_figure_that_is_given_stays_until_the_lines_are_given_anew(api: Api) -> None:
    made = api.make("invoices", amount=999, line_items=[{"quantity": 1, "unit_price": 100}])
    assert api.change("invoices", made["id"], notes="x")["amount"] == 999
    assert api.change("invoices", made["id"], line_items=[{"quantity": 1, "unit_price": 5}])["amount"] == 5


def test_a_new_name_of_a_client_is_everywhere(api: Api) -> None:
    client = api.found("/invoices")["invoices"][0]["client"]["id"]
    api.change("clients", client, name="Renamed")
    rows = [
        *api.found("/invoices", client_id=client)["invoices"],
        *api.found("/contacts", client_id=client)["contacts"],
    ]
    assert {row["client"]["name"] for row in rows} == {"Renamed"}


def test_a_change_without_an_event_leaves_no_trace(api: Api, clock: Clock) -> None:
    row = api.found("/clients")["clients"][0]
    clock.ahead += clock.ahead.resolution * 10**8
    assert api.change("clients", row["id"], event="none", name="X")["updated_at"] == row["updated_at"]
    assert api.change("clients", row["id"], name="Y")["updated_at"] > row["updated_at"]


def test_what_is_removed_is_gone_and_nothing_tells(api: Api, clock: Clock) -> None:
    row = api.found("/invoices", state="paid")["invoices"][0]
    since = clock().isoformat()
    api.remove("invoices", row["id"])
    assert api.refused(f"/invoices/{row['id']}")[0] == 404
    assert api.refused(f"/invoices/{row['id']}/payments")[0] == 404
    assert api.found("/invoices", updated_since=since)["total_entries"] == 0


def test_a_client_goes_with_its_contacts_once_it_has_no_invoices(api: Api) -> None:
    made = api.make("clients")["id"]
    contact = api.make("contacts", client_id=made)["id"]
    invoice = api.make("invoices", client_id=made)["id"]
    assert "can't be deleted" in api.unusable("DELETE", f"clients/{made}", None)
    api.remove("invoices", invoice)
    api.remove("clients", made)
    assert api.refused(f"/contacts/{contact}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "values", "told"),
    [
        ("POST", "projects", {}, "no collection 'projects'"),
        ("POST", "clients", {"vat": "x"}, "clients have no vat"),
        ("POST", "clients", {"name": 3}, "name must be string"),
        ("POST", "contacts", {}, "needs its client"),
        ("POST", "contacts", {"client_id": 1}, "no client 1"),
        ("POST", "payments", {"amount": 3}, "needs the invoice_id"),
        ("POST", "invoices", {"state": "late"}, "state must be one of: draft, open"),
        ("POST", "invoices", {"payment_term": "net 7"}, "payment_term must be one of"),
        ("POST", "invoices", {"amount": "3"}, "amount must be number"),
        ("POST", "invoices", {"amount": None}, "amount must be number"),
        ("POST", "invoices", {"line_items": [{"price": 3}]}, "line_items have no price"),
        ("POST", "invoices", {"line_items": [3]}, "line_items holds objects"),
        ("PATCH", "clients/1", {}, "no clients 1"),
        ("PATCH", "clients/x", {}, "no clients x"),
        ("DELETE", "invoices/1", None, "no invoices 1"),
    ],
)
def test_what_can_not_be_stored_is_refused(api: Api, method: str, path: str, values: Any, told: str) -> None:
    assert told in api.unusable(method, path, values)


@pytest.mark.parametrize(
    "values",
    [
        {"files": "pdf"},
        {"files": {"13150001": "pdf"}},
        {"page_size": 0},
        {"token_valid": 1},
        {"timezone": None},
        {"web_address": None},
        {"unknown": True},
    ],
)
def test_switches_take_what_they_are_documented_to_take(api: Api, values: dict[str, Any]) -> None:
    before = api.switch()
    assert api.put("/_sandbox/settings/harvest", json=values).status_code == 422
    assert api.switch() == before


def test_a_reset_brings_the_seeded_account_back(api: Api) -> None:
    before = api.found("/invoices", per_page=2000)
    api.switch(files="html", page_size=3)
    api.make("invoices")
    api.change("clients", api.found("/clients")["clients"][0]["id"], name="X")
    assert api.post("/_sandbox/reset").status_code == 204
    assert api.found("/invoices", per_page=2000) == before
    assert api.switch()["files"] == "ready"
