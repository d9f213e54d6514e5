"""A ledger of everything there is goes to Afakto whole, and its importer takes every file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from duebridge.core.engine.reconcile import Reconciliation
from duebridge.targets.afakto.buyers import buyer_code

from .scene import CODE, NAME, Row, Scene
from .staging import OpenScene

OPEN = {"upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft"}


def owed(row: Row) -> bool:
    """Whether money is expected on an invoice, by the ledger's own figures."""
    final = not row["draft"] and not row["archived_at"] and not row["paid"] and row["status"] in OPEN
    return bool(final and not row["credited_invoice"] and Decimal(row["remaining_amount_with_tax"]) > 0)


def test_the_importer_takes_all_of_it_and_holds_what_the_ledger_says_remains(usual: Scene) -> None:
    usual.synced()
    expected = {row["invoice_number"]: row for row in usual.ledger("customer_invoices") if owed(row)}

    held = usual.book().companies[CODE].invoices

    invoices = {number: row for number, row in held.items() if row["INV_TYPE"] == "INVOICE"}
    assert invoices.keys() == expected.keys()
    for number, row in expected.items():
        assert Decimal(invoices[number]["BALANCE"]) == Decimal(row["remaining_amount_with_tax"])
        assert Decimal(invoices[number]["AMOUNT"]) == Decimal(row["currency_amount"])
        assert invoices[number]["CURRENCY"] == row["currency"]
        assert invoices[number]["BUYER_CODE"] == buyer_code(str(row["customer"]["id"]), row["currency"], "EUR")


def test_credit_notes_nobody_has_used_up_are_negative(usual: Scene) -> None:
    usual.synced()
    lone = {
        row["invoice_number"]: Decimal(row["currency_amount"])
        for row in usual.ledger("customer_invoices")
        if Decimal(row["currency_amount"]) < 0
        and not (row["paid"] or row["draft"] or row["archived_at"] or row["credited_invoice"])
        and row["status"] not in ("archived", "draft", "incomplete")
    }

    notes = {number: row for number, row in usual.invoices().items() if row["INV_TYPE"] == "CREDIT_NOTE"}

    assert lone
    assert {number: Decimal(row["BALANCE"]) for number, row in notes.items()} == lone


def test_every_customer_has_a_buyer_and_every_buyer_one_currency(usual: Scene) -> None:
    usual.synced()
    customers = {str(row["id"]) for row in usual.ledger("customers")}
    buyers = usual.buyers()

    assert {code.partition("-")[0] for code in buyers} == customers
    used = {(row["BUYER_CODE"], row["CURRENCY"]) for row in usual.rows("invoices")}
    assert used <= {(code, row["CURRENCY"]) for code, row in buyers.items()}
    assert len({currency for _, currency in used}) > 3


@pytest.mark.parametrize(("settled", "why"), [(False, "skipped: settled"), (True, "reads_paid_at_target")])
def test_both_ends_owe_the_same_but_for_credit_notes_the_ledger_calls_paid(
    usual: Scene, settled: bool, why: str
) -> None:
    usual.configure(include_settled=settled)
    usual.synced()
    compared = compared_by(usual)
    assert compared.explained
    assert {reason for side in compared.currencies.values() for reason in side.as_json("EUR")["explained"]} == {why}


def test_what_is_left_of_a_credit_note_larger_than_its_invoice_is_the_same_at_both_ends(usual: Scene) -> None:
    acme = usual.customer()
    usual.credit(acme, "AV-LARGE", "-2000.00", of=usual.invoice(acme, "F-SMALL"))
    usual.synced()
    assert usual.invoices()["AV-LARGE"]["BALANCE"] == "-800.00"
    assert compared_by(usual).explained


def compared_by(scene: Scene) -> Reconciliation:
    """Both ends compared, as `reconcile` does."""
    app = scene.app()
    try:
        return app.reconcile(NAME)
    finally:
        app.close()


def test_what_is_settled_goes_too_when_it_is_asked_for(usual: Scene) -> None:
    usual.synced()
    fewer = usual.invoices()
    usual.configure(include_settled=True)

    run = usual.synced()

    more = usual.invoices()
    assert fewer.items() <= more.items()
    added = [row for number, row in more.items() if number not in fewer]
    assert added
    assert {Decimal(row["BALANCE"]) for row in added} == {0}
    assert "settled" not in run.report["kinds"]["invoice"]["skipped"]
    assert usual.book().companies[CODE].invoices.keys() == more.keys()


def test_of_a_ledger_with_defects_everything_else_goes(afakto_scene: OpenScene) -> None:
    scene = afakto_scene(customers=40, invoices=300, broken=12)
    run = scene.synced()

    assert sum(kind["rejected"] for kind in run.report["kinds"].values()) >= 6
    assert scene.book().companies[CODE].invoices.keys() == scene.invoices().keys()
    assert len(scene.invoices()) > 100
