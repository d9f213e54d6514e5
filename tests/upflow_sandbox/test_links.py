"""What may be linked at Upflow's stand-in, and what links make of balances."""

from __future__ import annotations

import pytest


@pytest.fixture
def ledger(upflow):
    """Two customers; invoices of 120.00, payments of 120.00, credit notes of 40.00, a refund of 120.00."""
    upflow.send_customer("c1")
    upflow.send_customer("c2")
    for key in ("i1", "i2"):
        upflow.send_invoice(key)
    upflow.send_payment("p1")
    upflow.send_credit_note("n1")
    upflow.send_refund("r1")
    return upflow


def left(upflow, path):
    shown = upflow.shown(path)
    return shown.get("amountOutstanding", shown.get("amountUnlinked"))


def test_a_link_lowers_what_is_outstanding_on_both_sides(ledger):
    answer = ledger.link("l1", invoices={"i1": 4000}, creditNotes={"n1": 4000})
    assert answer.status_code == 201
    assert left(ledger, "/invoices/external:i1") == 8000
    assert left(ledger, "/credit_notes/external:n1") == 0


def test_a_fully_linked_invoice_is_paid(ledger):
    ledger.link("l1", invoices={"i1": 4000}, creditNotes={"n1": 4000})
    ledger.link("l2", invoices={"i1": 8000}, payments={"p1": 8000})
    shown = ledger.shown("/invoices/external:i1")
    assert (shown["state"], shown["amountOutstanding"], shown["amountLinked"]) == ("PAID", 0, 12000)
    assert [(item["linkedAmount"], item["payment"]["externalId"]) for item in shown["payments"]] == [(8000, "p1")]
    assert [(item["linkedAmount"], item["creditNote"]["externalId"]) for item in shown["creditNotes"]] == [(4000, "n1")]


def test_credits_and_money_show_what_they_are_linked_to(ledger):
    ledger.link("l1", invoices={"i1": 3000, "i2": 2000}, payments={"p1": 5000})
    ledger.link("l2", refunds={"r1": 1000}, creditNotes={"n1": 1000})
    shown = ledger.shown("/payments/external:p1")
    assert (shown["amountLinked"], shown["amountUnlinked"]) == (5000, 7000)
    linked = [(item["linkedAmount"], item["invoice"]["externalId"]) for item in shown["linkedInvoices"]]
    assert linked == [(3000, "i1"), (2000, "i2")]
    refund = ledger.shown("/refunds/external:r1")
    assert refund["linkedCreditNotes"][0]["creditNote"]["externalId"] == "n1"
    assert ledger.shown("/credit_notes/external:n1")["linkedRefunds"][0]["linkedAmount"] == 1000


def test_the_same_key_replaces_its_link(ledger):
    ledger.link("l1", invoices={"i1": 12000}, payments={"p1": 12000})
    answer = ledger.link("l1", invoices={"i2": 11000}, payments={"p1": 11000})
    assert answer.status_code == 200
    assert left(ledger, "/invoices/external:i1") == 12000
    assert left(ledger, "/invoices/external:i2") == 1000
    assert left(ledger, "/payments/external:p1") == 1000


def test_a_replaced_link_is_not_counted_against_itself(ledger, refused):
    ledger.link("l1", invoices={"i1": 12000}, payments={"p1": 12000})
    assert ledger.link("l1", invoices={"i1": 12000}, payments={"p1": 12000}).status_code == 200
    refused(ledger.link("l2", invoices={"i1": 1}, payments={"p1": 1}), 400, "over the 0 left")


def test_a_refused_replacement_leaves_the_old_link(ledger, refused):
    ledger.link("l1", invoices={"i1": 5000}, payments={"p1": 5000})
    refused(ledger.link("l1", invoices={"i1": 12001}, payments={"p1": 12001}), 400, "over the 12000 left")
    assert left(ledger, "/invoices/external:i1") == 7000


@pytest.mark.parametrize("arrays", [{}, {"invoices": {}, "payments": {}, "creditNotes": {}, "refunds": {}}])
def test_empty_arrays_take_the_link_back_and_again_change_nothing(ledger, arrays):
    ledger.link("l1", invoices={"i1": 5000}, payments={"p1": 5000})
    for _ in range(2):
        answer = ledger.link("l1", **arrays)
        assert (answer.status_code, answer.json()["invoices"]) == (200, [])
        assert left(ledger, "/invoices/external:i1") == 12000
        assert ledger.shown("/payments/external:p1")["linkedInvoices"] == []


def test_nothing_is_linked_over_what_is_left_on_either_side(ledger, refused):
    refused(ledger.link(invoices={"i1": 4001}, creditNotes={"n1": 4001}), 400, "creditNotes.0", "over the 4000 left")
    ledger.link("l1", invoices={"i1": 10000}, payments={"p1": 10000})
    refused(ledger.link("l2", invoices={"i1": 2001}, creditNotes={"n1": 2001}), 400, "invoices.0", "over the 2000 left")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "1", None])
def test_a_linked_amount_is_above_zero(ledger, refused, wrong):
    refused(ledger.link(invoices={"i1": wrong}, payments={"p1": wrong}), 400, "invoices.0.amountLinked")


def test_a_linked_amount_is_required(ledger, refused):
    body = {"externalId": "l1", "invoices": [{"externalId": "i1"}]}
    refused(ledger.post("/reconcile", json=body), 400, "invoices.0.amountLinked is required")


def test_a_link_needs_a_key(ledger, refused):
    refused(ledger.post("/reconcile", json={"invoices": []}), 400, "externalId is required")


def test_unknown_documents_are_not_linked(ledger, refused):
    refused(ledger.link(invoices={"ghost": 1}, payments={"p1": 1}), 400, "invoices.0", "ghost")
    refused(ledger.link(invoices={"i1": 1}, creditNotes={"p1": 1}), 400, "creditNotes.0", "p1")


def test_documents_of_two_currencies_are_not_linked(ledger, refused):
    ledger.send_payment("p2", currency="USD")
    refused(ledger.link(invoices={"i1": 1}, payments={"p2": 1}), 400, "USD", "EUR")


def test_documents_of_two_customers_are_not_linked(ledger, refused):
    ledger.send_payment("p2", "c2")
    refused(ledger.link(invoices={"i1": 1}, payments={"p2": 1}), 400, "payments.0", "another customer")


def test_money_without_a_customer_may_be_linked(ledger):
    ledger.post("/payments", json={"externalId": "p", "amount": 5, "currency": "EUR", "validatedAt": "2026-03-01"})
    assert ledger.link(invoices={"i1": 5}, payments={"p": 5}).status_code == 201


def test_both_sides_of_a_link_are_equal(ledger, refused):
    refused(ledger.link(invoices={"i1": 5}, payments={"p1": 4}), 400, "take 5", "give 4")
    refused(ledger.link(invoices={"i1": 5}), 400, "take 5", "give 0")
    refused(ledger.link(payments={"p1": 5}), 400, "take 0", "give 5")
    assert ledger.link(invoices={"i1": 5, "i2": 6}, payments={"p1": 7}, creditNotes={"n1": 4}).status_code == 201


def test_a_document_is_listed_once(ledger, refused):
    items = [{"externalId": "i1", "amountLinked": 1}, {"externalId": "i1", "amountLinked": 2}]
    body = {"externalId": "l", "invoices": items, "payments": [{"externalId": "p1", "amountLinked": 3}]}
    refused(ledger.post("/reconcile", json=body), 400, "invoices.1", "twice")


def test_a_custom_id_beside_the_key_must_be_the_documents(ledger, refused):
    body = {
        "externalId": "l",
        "invoices": [{"externalId": "i1", "customId": "F-i1", "amountLinked": 3}],
        "payments": [{"externalId": "p1", "amountLinked": 3}],
    }
    assert ledger.post("/reconcile", json=body).status_code == 201
    body["invoices"][0]["customId"] = "F-i2"
    refused(ledger.post("/reconcile", json=body), 400, "F-i2")
    body["invoices"] = [{"customId": "F-i1", "amountLinked": 3}]
    refused(ledger.post("/reconcile", json=body), 400, "invoices.0 must hold an id or an externalId")


@pytest.mark.parametrize(
    "changes", [{"amount": 5}, {"invoices": [{"externalId": "i1", "amount": 5, "amountLinked": 5}]}]
)
def test_an_unknown_field_of_a_link_is_refused(ledger, refused, changes):
    refused(ledger.post("/reconcile", json={"externalId": "l1"} | changes), 400, "unknown field", "amount")


def test_an_invoice_is_overdue_from_the_day_after_its_due_date(ledger):
    due = ledger.send_invoice("i1", dueDate="2026-03-15").json()["state"]
    overdue = ledger.send_invoice("i2", dueDate="2026-03-14T23:00:00Z").json()["state"]
    assert (due, overdue) == ("DUE", "OVERDUE")


def test_an_invoice_of_nothing_is_paid(ledger):
    assert ledger.send_invoice("i0", grossAmount=0, netAmount=0).json()["state"] == "PAID"


def test_a_customer_shows_due_overdue_and_what_is_not_applied(ledger):
    ledger.send_invoice("i2", dueDate="2026-03-01")
    ledger.send_invoice("i3", currency="USD")
    ledger.link("l1", invoices={"i1": 2000}, payments={"p1": 2000})
    shown = ledger.shown("/customers/external:c1")
    assert (shown["currency"], shown["amountDue"], shown["amountOverdue"]) == ("EUR", 10000, 12000)
    assert shown["unapplied"] == 10000 + 4000 - 12000
    assert shown["balance"] == 10000 + 12000 - 2000
    assert (shown["countInvoicesDue"], shown["countInvoicesOverdue"]) == (2, 1)
    assert [(entry["currency"], entry["balance"]) for entry in shown["balances"]] == [("EUR", 20000), ("USD", 12000)]
