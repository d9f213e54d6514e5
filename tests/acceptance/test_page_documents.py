"""Upflow's page on Pennylane, "What data is synced", "Invoices", "Credit notes", "Payments": does Upflow show it so?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .scene import Row, Scene

#: Words for what the page calls statuses; "Overdue" is `late`.
LISTED = ("credit_note", "late", "upcoming", "cancelled", "partially_cancelled", "partially_cancelled_draft")
WITHOUT_IMPACT = ("archived", "draft", "incomplete")


@pytest.fixture
def ledger(empty: Scene) -> Scene:
    """A ledger with one customer, which documents go to unless told otherwise."""
    empty.make("customers", name="Acme")
    return empty


def day(scene: Scene, days: int) -> str:
    return (scene.clock.today() + timedelta(days=days)).isoformat()


def invoice(scene: Scene, **given: Any) -> int:
    """An invoice of 1,200 euros, due in a month."""
    usual = {"currency_amount": "1200.00", "date": day(scene, -5), "deadline": day(scene, 25)}
    return scene.make("customer_invoices", **usual | given)["id"]  # type: ignore[no-any-return]


def credit(scene: Scene, of: int | None, amount: str = "-240.00", **given: Any) -> int:
    """A credit note, linked to the invoice `of` if there is one."""
    link = {"credited_invoice": {"id": of}} if of is not None else {}
    return scene.make("customer_invoices", currency_amount=amount, **link, **given)["id"]  # type: ignore[no-any-return]


def credit_notes(scene: Scene) -> set[int]:
    """Pennylane's ids of the credit notes at Upflow."""
    return {int(key.removeprefix("pennylane-credit_note-")) for key in scene.desk("credit_notes")}


def fixes(scene: Scene) -> dict[str, Row]:
    return scene.desk("payments")


# --- What data is synced


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"draft": True}, "draft"),
        ({"status": "draft"}, "draft"),
        ({"archived_at": "2026-01-15T10:00:00.000000Z"}, "archived"),
        ({"archived_at": "2026-01-15T10:00:00.000000Z", "paid": True}, "archived"),
        ({"status": "archived"}, "archived"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "proforma"}, "other_document"),
        ({"status": "shipping_order"}, "other_document"),
        ({"status": "purchasing_order"}, "other_document"),
        ({"status": "estimate_pending"}, "other_document"),
        ({"status": "estimate_accepted"}, "other_document"),
        ({"status": "estimate_invoiced"}, "other_document"),
        ({"status": "estimate_denied"}, "other_document"),
    ],
)
def test_drafts_archived_ones_and_what_is_no_invoice_stay_out(ledger: Scene, given: Row, code: str) -> None:
    invoice(ledger, **given)
    run = ledger.synced()
    assert ledger.desk("invoices") == {}
    assert run.report["kinds"]["invoice"]["skipped"] == {code: 1}


def test_neither_payments_nor_journal_entries_are_read(ledger: Scene) -> None:
    paid = invoice(ledger)
    ledger.make("payments", customer_invoice_id=paid)
    run = ledger.synced()
    lists = {row["path"].rpartition("/v2/")[2] for row in run.pennylane}
    assert lists == {"me", "customers", "customer_invoices", "ledger_accounts"}


# --- Invoices


@pytest.mark.parametrize(
    ("given", "status", "state"),
    [
        ({}, "upcoming", "DUE"),
        ({"deadline": -1}, "late", "OVERDUE"),
        ({"paid": True}, "paid", "PAID"),
        ({"deadline": -1, "paid": True}, "paid", "PAID"),
    ],
)
def test_upcoming_reads_due_late_reads_overdue_and_paid_reads_paid(
    ledger: Scene, given: dict[str, Any], status: str, state: str
) -> None:
    if "deadline" in given:
        given = given | {"deadline": day(ledger, given["deadline"])}
    id = invoice(ledger, **given)
    assert ledger.ledger("customer_invoices")[0]["status"] == status
    ledger.synced()
    assert ledger.invoice(id)["state"] == state


def test_reference_dates_total_and_outstanding_amount_correspond(ledger: Scene) -> None:
    id = invoice(ledger, invoice_number="F-2026-0042", currency_tax="200.00")
    ledger.synced()
    shown = ledger.invoice(id)
    assert (shown["customId"], shown["issuedAt"], shown["dueDate"]) == ("F-2026-0042", day(ledger, -5), day(ledger, 25))
    assert (shown["grossAmount"], shown["netAmount"], shown["amountOutstanding"]) == (120000, 100000, 120000)
    assert shown["customer"]["companyName"] == "Acme"


@pytest.mark.parametrize(
    ("given", "custom_id"),
    [
        ({"invoice_number": "", "label": "Loyer de mars", "draft": True, "status": "cancelled"}, "Loyer de mars"),
        ({"invoice_number": "", "label": None, "draft": True, "status": "cancelled"}, "draft-{id}"),
    ],
)
def test_an_invoice_without_number_goes_by_its_label_or_as_a_draft(ledger: Scene, given: Row, custom_id: str) -> None:
    id = invoice(ledger, **given)
    ledger.synced()
    assert ledger.invoice(id)["customId"] == custom_id.format(id=id)


def test_without_a_deadline_an_invoice_is_due_the_day_it_was_issued(ledger: Scene) -> None:
    id = invoice(ledger, deadline=None)
    ledger.synced()
    assert ledger.invoice(id)["dueDate"] == day(ledger, -5)


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("JPY", "1200", 1200), ("EUR", "12.34", 1234), ("TND", "1.234", 1234)]
)
def test_amounts_are_whole_numbers_of_the_currencys_smallest_unit(
    ledger: Scene, currency: str, amount: str, minor: int
) -> None:
    id = invoice(ledger, currency=currency, currency_amount=amount)
    ledger.synced()
    assert (ledger.invoice(id)["currency"], ledger.invoice(id)["grossAmount"]) == (currency, minor)


def test_an_invoice_that_changes_while_it_is_open_follows(ledger: Scene) -> None:
    id = invoice(ledger)
    ledger.synced()
    ledger.change("customer_invoices", id, currency_amount="900.00", deadline=day(ledger, 40))
    ledger.synced()
    assert (ledger.invoice(id)["amountOutstanding"], ledger.invoice(id)["dueDate"]) == (90000, day(ledger, 40))


def test_an_invoice_that_becomes_late_stays_as_it_is_and_upflow_shows_it_overdue(ledger: Scene) -> None:
    id = invoice(ledger, deadline=day(ledger, 1))
    ledger.synced()
    ledger.clock.ahead += timedelta(days=3)
    run = ledger.synced()
    assert run.upflow == []
    assert ledger.invoice(id)["state"] == "OVERDUE"


def test_an_invoice_cancelled_by_a_credit_note_reads_paid_with_the_credit_note_linked_to_it(ledger: Scene) -> None:
    id = invoice(ledger)
    ledger.synced()
    note = credit(ledger, id, "-1200.00")
    ledger.synced()
    shown = ledger.invoice(id)
    assert shown["state"] == "PAID"
    assert [(each["creditNote"]["externalId"], each["linkedAmount"]) for each in shown["creditNotes"]] == [
        (f"pennylane-credit_note-{note}", 120000)
    ]
    assert fixes(ledger) == {}


def test_an_invoice_cancelled_before_it_was_finalized_reads_paid(ledger: Scene) -> None:
    id = invoice(ledger, draft=True, status="cancelled")
    ledger.synced()
    assert ledger.invoice(id)["state"] == "PAID"


def test_what_is_matched_in_the_management_section_settles_the_invoice(ledger: Scene) -> None:
    id = invoice(ledger)
    ledger.synced()
    ledger.make("matched_transactions", customer_invoice_id=id)
    ledger.synced()
    assert ledger.invoice(id)["state"] == "PAID"


# --- Credit notes imported


@pytest.mark.parametrize("status", LISTED)
def test_credit_notes_with_a_listed_status_go(ledger: Scene, status: str) -> None:
    linked, alone = credit(ledger, invoice(ledger), status=status), credit(ledger, None, status=status)
    ledger.synced()
    assert credit_notes(ledger) == {linked, alone}


def test_credit_notes_marked_as_paid_go_when_paid_and_linked(ledger: Scene) -> None:
    note = credit(ledger, invoice(ledger), paid=True, status="paid")
    ledger.synced()
    assert credit_notes(ledger) == {note}


def test_credit_notes_marked_as_paid_go_when_cancelled_and_not_linked(ledger: Scene) -> None:
    note = credit(ledger, None, paid=True, status="cancelled")
    ledger.synced()
    assert credit_notes(ledger) == {note}


def test_a_credit_notes_amounts_are_positive_at_upflow(ledger: Scene) -> None:
    note = credit(ledger, None, "-120.00")
    ledger.synced()
    shown = ledger.desk("credit_notes")[f"pennylane-credit_note-{note}"]
    assert (shown["grossAmount"], shown["netAmount"], shown["amountUnlinked"]) == (12000, 10000, 12000)


# --- Credit notes not imported


@pytest.mark.parametrize(
    ("given", "code"),
    [
        *(({"status": word}, "no_balance_impact") for word in WITHOUT_IMPACT),
        ({"draft": True}, "no_balance_impact"),
        ({"archived_at": "2026-01-15T10:00:00.000000Z"}, "no_balance_impact"),
    ],
)
@pytest.mark.parametrize("linked", [True, False])
def test_credit_notes_that_do_not_change_the_balance_stay_out(
    ledger: Scene, given: Row, code: str, linked: bool
) -> None:
    credit(ledger, invoice(ledger) if linked else None, **given)
    run = ledger.synced()
    assert credit_notes(ledger) == set()
    assert run.report["kinds"]["credit_note"]["skipped"] == {code: 1}


def test_entries_made_by_hand_stay_out(ledger: Scene) -> None:
    credit(ledger, invoice(ledger), paid=True, status="cancelled")
    run = ledger.synced()
    assert credit_notes(ledger) == set()
    assert run.report["kinds"]["credit_note"]["skipped"] == {"manual_entry": 1}


@pytest.mark.parametrize("status", ["paid", "credit_note", "late", "upcoming"])
def test_credit_notes_marked_as_paid_and_not_reconciled_stay_out(ledger: Scene, status: str) -> None:
    credit(ledger, None, paid=True, status=status)
    run = ledger.synced()
    assert credit_notes(ledger) == set()
    assert run.report["kinds"]["credit_note"]["skipped"] == {"unreconciled": 1}


def test_a_credit_note_whose_invoice_stays_out_goes_unlinked(ledger: Scene) -> None:
    note = credit(ledger, invoice(ledger, archived_at="2026-01-15T10:00:00.000000Z"))
    ledger.synced()
    assert ledger.desk("credit_notes")[f"pennylane-credit_note-{note}"]["amountLinked"] == 0
    assert ledger.desk("invoices") == {}


def test_a_credit_note_that_is_unlinked_at_the_ledger_is_unlinked_at_upflow(ledger: Scene) -> None:
    id = invoice(ledger)
    note = credit(ledger, id)
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 96000
    ledger.change("customer_invoices", note, credited_invoice=None, status="credit_note")
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 120000
    assert ledger.desk("credit_notes")[f"pennylane-credit_note-{note}"]["amountUnlinked"] == 24000


def test_a_credit_note_linked_to_another_invoice_at_the_ledger_moves_at_upflow(ledger: Scene) -> None:
    one, other = invoice(ledger), invoice(ledger)
    credit(ledger, one)
    note = credit(ledger, one)
    ledger.synced()
    assert (ledger.invoice(one)["amountOutstanding"], ledger.invoice(other)["amountOutstanding"]) == (72000, 120000)
    ledger.change("customer_invoices", note, credited_invoice={"id": int(other)})
    ledger.synced()
    assert (ledger.invoice(one)["amountOutstanding"], ledger.invoice(other)["amountOutstanding"]) == (96000, 96000)


def test_credit_notes_that_change_places_at_the_ledger_do_so_at_upflow(ledger: Scene) -> None:
    one, other = invoice(ledger), invoice(ledger)
    notes = credit(ledger, one), credit(ledger, other)
    ledger.synced()
    ledger.change("customer_invoices", notes[0], credited_invoice={"id": int(other)})
    ledger.change("customer_invoices", notes[1], credited_invoice={"id": int(one)})
    run = ledger.synced()
    assert run.report["kinds"]["credit_note"]["rejected"] == 0
    assert (ledger.invoice(one)["amountOutstanding"], ledger.invoice(other)["amountOutstanding"]) == (96000, 96000)
    linked = {id: ledger.invoice(id)["creditNotes"][0]["linkExternalId"] for id in (one, other)}
    assert linked == {
        one: f"pennylane-link-{notes[1]}-{one}",
        other: f"pennylane-link-{notes[0]}-{other}",
    }


# --- Payments


def test_no_payment_is_imported_for_an_invoice_paid_in_part(ledger: Scene) -> None:
    id = invoice(ledger)
    ledger.make("payments", customer_invoice_id=id, currency_amount="500.00")
    assert ledger.ledger("customer_invoices")[0]["status"] == "partially_paid"
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 120000
    assert fixes(ledger) == {}


def test_an_invoice_paid_in_full_gets_a_fix_dated_at_its_issue_date(ledger: Scene) -> None:
    id = invoice(ledger)
    ledger.synced()
    ledger.make("payments", customer_invoice_id=id)
    ledger.synced()
    (key, fix), *others = fixes(ledger).items()
    assert (key, others) == (f"pennylane-invoice-{id}-fix", [])
    assert (fix["amount"], fix["validatedAt"], fix["amountUnlinked"]) == (120000, day(ledger, -5), 0)
    assert ledger.invoice(id)["state"] == "PAID"


def test_a_fix_is_for_what_credit_notes_leave(ledger: Scene) -> None:
    id = invoice(ledger)
    credit(ledger, id)
    ledger.make("payments", customer_invoice_id=id)
    ledger.synced()
    assert [fix["amount"] for fix in fixes(ledger).values()] == [96000]
    assert ledger.invoice(id)["state"] == "PAID"


def test_a_fix_is_lowered_by_a_credit_note_that_comes_later(ledger: Scene) -> None:
    id = invoice(ledger, paid=True)
    ledger.synced()
    note = credit(ledger, id)
    ledger.change("customer_invoices", id, paid=True)
    ledger.synced()
    assert [fix["amount"] for fix in fixes(ledger).values()] == [96000]
    assert ledger.desk("credit_notes")[f"pennylane-credit_note-{note}"]["amountUnlinked"] == 0
    assert ledger.invoice(id)["state"] == "PAID"


def test_a_fix_is_withdrawn_when_the_invoice_is_no_longer_paid(ledger: Scene) -> None:
    id = invoice(ledger)
    payment = ledger.make("payments", customer_invoice_id=id)
    ledger.synced()
    ledger.remove("payments", payment["id"])
    ledger.synced()
    assert fixes(ledger) == {}
    assert (ledger.invoice(id)["state"], ledger.invoice(id)["amountOutstanding"]) == ("DUE", 120000)


def test_a_fix_is_withdrawn_when_a_credit_note_settles_the_whole_invoice(ledger: Scene) -> None:
    id = invoice(ledger, paid=True)
    ledger.synced()
    credit(ledger, id, "-1200.00")
    ledger.synced()
    assert fixes(ledger) == {}
    assert ledger.invoice(id)["state"] == "PAID"


def test_the_total_of_a_settled_invoice_can_fall_and_rise(ledger: Scene) -> None:
    id = invoice(ledger, paid=True)
    ledger.synced()
    for amount, minor in (("700.00", 70000), ("1500.00", 150000)):
        ledger.change("customer_invoices", id, currency_amount=amount, paid=True)
        ledger.synced()
        assert [fix["amount"] for fix in fixes(ledger).values()] == [minor]
        assert (ledger.invoice(id)["grossAmount"], ledger.invoice(id)["state"]) == (minor, "PAID")


def test_a_settled_invoice_can_move_to_another_customer(ledger: Scene) -> None:
    id = invoice(ledger, paid=True)
    ledger.synced()
    other = ledger.make("customers", name="Autre")
    ledger.change("customer_invoices", id, customer={"id": other["id"]})
    ledger.synced()
    assert ledger.invoice(id)["customer"]["companyName"] == "Autre"
    assert ledger.invoice(id)["state"] == "PAID"


def test_with_payments_balance_what_was_paid_on_an_open_invoice_is_mirrored(ledger: Scene) -> None:
    ledger.configure(target="payments: balance")
    id = invoice(ledger)
    payment = ledger.make("payments", customer_invoice_id=id, currency_amount="500.00")
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 70000
    ledger.make("payments", customer_invoice_id=id, currency_amount="100.00")
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 60000
    ledger.remove("payments", payment["id"])
    ledger.synced()
    assert ledger.invoice(id)["amountOutstanding"] == 110000
