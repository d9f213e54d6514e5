"""Customers excluded by command: what stays, what is caught up on, and what a run under way does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.exclusions import ExcludedCustomers, Exclusions
from duebridge.core.engine.guard import Limits
from duebridge.core.engine.listing import list_records
from duebridge.core.engine.report import Report
from duebridge.core.errors import RecordError, RunError, UnknownOutcome
from duebridge.core.store.records import Records
from duebridge.core.testing import Rig, credit_note, customer, invoice


def exclusions(rig: Rig) -> Exclusions:
    return Exclusions(rig.store, "rig", frozenset(), "rig.yaml")


def exclude(rig: Rig, *ids: str) -> None:
    exclusions(rig).exclude(ids, rig.now)


def include(rig: Rig, *ids: str) -> None:
    exclusions(rig).include(ids)


def run(rig: Rig, *, full: bool = False) -> Report:
    """Run as the application would: by the exclusions stored when the run begins."""
    customers = exclusions(rig).customers()
    decide = ExcludedCustomers(customers).decide if customers else None
    rig.set_policy(decide=decide, excluded=customers)
    return rig.run(full=full)


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})


def raising(error: Exception, *references: str) -> Callable[[Delivery], None]:
    def meddle(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error

    return meddle


def nothing(delivery: Delivery) -> None:
    """Let it pass."""


def listed(rig: Rig, outcome: str) -> dict[str, str]:
    """Code by `kind:id` of the records with this outcome."""
    rows = list_records(rig.store, rig.connection_id, type(rig.target), outcome=outcome)
    return {f"{row['kind']}:{row['id']}": row["code"] for row in rows}


def due(rig: Rig) -> int:
    with rig.store.reading() as db:
        return Records(db, rig.connection_id).due()


def sent(rig: Rig) -> dict[str, dict[str, object]]:
    """A customer with an open invoice, a paid one, and one a credit note is linked to, sent; what the target holds."""
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", paid=True), invoice("12", "1"))
    rig.source.put(credit_note("13", "1", invoice_id="12"), customer("2"), invoice("20", "2"))
    run(rig)
    return dict(rig.target.held)


@pytest.mark.parametrize("event", [True, False])
@pytest.mark.parametrize("on_delete", ["report", "delete"])
def test_what_is_deleted_while_its_customer_is_excluded_stays_until_it_is_included_again(
    rig: Rig, event: bool, on_delete: str
) -> None:
    rig.set_policy(on_delete=on_delete)
    held = sent(rig)
    exclude(rig, "1")
    for id in ("10", "11", "13"):
        rig.source.remove("documents", id, event=event)

    rig.pass_time(hours=25)
    report = run(rig)

    assert (rig.target.log, rig.target.held) == ([], held)
    assert (counts(report, "invoice")["gone"], counts(report, "credit_note")) == (2, {"gone": 1})
    assert run(rig).status == "succeeded"
    assert rig.target.log == []

    include(rig, "1")
    report = run(rig)
    assert report.status == "succeeded"
    if on_delete == "report":
        assert (rig.target.log, rig.target.held) == ([], held)
        return
    gone = {
        "ledger-invoice-10",
        "ledger-invoice-11",
        "ledger-invoice-11-fix",
        "ledger-credit_note-13",
        "ledger-link-13",
    }
    assert held.keys() - rig.target.held.keys() == gone
    assert counts(report, "invoice")["deleted"] == 2


def test_a_customer_deleted_while_excluded_stays_and_goes_once_included(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    sent(rig)
    exclude(rig, "2")
    rig.source.remove("documents", "20")
    rig.source.remove("customers", "2")
    run(rig)
    assert rig.target.log == []
    include(rig, "2")
    run(rig)
    assert rig.target.log == [("delete", "ledger-invoice-20"), ("delete", "ledger-customer-2")]


def test_a_removal_the_target_refused_is_not_tried_again_while_the_customer_is_excluded(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    sent(rig)
    rig.source.remove("documents", "20")
    rig.target.before_push = raising(RecordError("locked"), "ledger-invoice-20")
    run(rig)
    rig.target.before_push = nothing
    exclude(rig, "2")
    rig.pass_time(hours=2)
    run(rig)
    assert rig.target.log == []
    include(rig, "2")
    run(rig)
    assert rig.target.log == [("delete", "ledger-invoice-20")]


def test_updates_missed_while_excluded_are_made_up_for_without_an_event(rig: Rig) -> None:
    sent(rig)
    exclude(rig, "1")
    rig.source.put(customer("1", name="Renamed"), invoice("10", "1", "75.00"), invoice("12", "1", paid=True))
    rig.source.put(credit_note("14", "1", invoice_id="10"), invoice("15", "1"))
    report = run(rig)
    assert rig.target.log == []
    assert counts(report, "invoice") == {"read": 3, "excluded_customer": 3} | counts(report, "invoice")
    include(rig, "1")
    run(rig)
    assert rig.target.held["ledger-customer-1"]["name"] == "Renamed"
    assert rig.target.held["ledger-invoice-10"]["amount"] == 7500
    assert rig.target.held["ledger-link-14"] == {"invoice": "10", "amount": "20.00"}
    assert rig.target.held["ledger-invoice-12-fix"] == {"amount": "100.00"}
    assert "ledger-invoice-15" in rig.target.held


def test_a_link_still_due_is_not_written_while_the_customer_is_excluded(rig: Rig) -> None:
    rig.target.before_push = raising(RecordError("busy"), "ledger-link-13", "ledger-invoice-11-fix")
    sent(rig)
    rig.target.before_push = nothing
    exclude(rig, "1")
    rig.pass_time(hours=25)
    run(rig)
    assert (rig.target.log, due(rig)) == ([], 0)
    include(rig, "1")
    run(rig)
    assert sorted(rig.target.log) == [("create", "ledger-invoice-11-fix"), ("create", "ledger-link-13")]
    assert due(rig) == 0


def test_links_are_not_taken_back_while_the_customer_is_excluded(rig: Rig) -> None:
    held = sent(rig)
    exclude(rig, "1")
    rig.source.put(credit_note("13", "1", invoice_id="10"), invoice("11", "1", paid=False))
    run(rig)
    assert (rig.target.log, rig.target.held) == ([], held)
    include(rig, "1")
    run(rig)
    assert rig.target.held["ledger-link-13"]["invoice"] == "10"
    assert "ledger-invoice-11-fix" not in rig.target.held


@pytest.mark.parametrize("excluded", ["1", "2"])
def test_a_link_between_two_customers_is_neither_made_nor_changed_while_one_is_excluded(
    rig: Rig, excluded: str
) -> None:
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), credit_note("20", "2", invoice_id="10"))
    run(rig)
    run(rig)  # a link to another customer's invoice follows a run later
    exclude(rig, excluded)
    rig.source.put(credit_note("20", "2", "-55.00", invoice_id="10"), credit_note("21", "2", invoice_id="10"))
    rig.source.put(invoice("10", "1", paid=True))
    run(rig)
    assert rig.target.held["ledger-link-20"] == {"invoice": "10", "amount": "20.00"}
    assert "ledger-link-21" not in rig.target.held
    written = {reference for _, reference in rig.target.log}
    if excluded == "1":
        assert written == {"ledger-credit_note-20", "ledger-credit_note-21"}
    else:
        assert written == {"ledger-invoice-10-fix"}
    include(rig, excluded)
    run(rig)
    run(rig)
    assert rig.target.held["ledger-link-20"]["amount"] == "55.00"
    assert rig.target.held["ledger-link-21"]["amount"] == "20.00"
    assert rig.target.held["ledger-invoice-10-fix"] == {"amount": "45.00"}


def test_a_link_still_due_to_an_excluded_customer_s_invoice_is_not_made(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), credit_note("20", "2", invoice_id="10"))
    run(rig)
    assert due(rig) == 1
    exclude(rig, "1")
    run(rig)
    assert (rig.target.log, due(rig)) == ([], 0)
    include(rig, "1")
    run(rig)
    assert rig.target.log == [("create", "ledger-link-20")]


def test_a_credit_note_moved_to_another_invoice_leaves_its_link_to_an_excluded_customer_s_invoice(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), invoice("20", "2"))
    rig.source.put(credit_note("21", "2", invoice_id="10"))
    run(rig)
    run(rig)
    exclude(rig, "1")
    rig.source.put(credit_note("21", "2", invoice_id=None))
    run(rig)
    assert rig.target.held["ledger-link-21"]["invoice"] == "10"
    include(rig, "1")
    run(rig)
    assert "ledger-link-21" not in rig.target.held


@pytest.mark.parametrize("excluded", ["1", "2"])
def test_a_document_that_changes_hands_stays_with_whoever_had_it_while_either_is_excluded(
    rig: Rig, excluded: str
) -> None:
    held = sent(rig)
    exclude(rig, excluded)
    rig.source.put(invoice("10", "2"))
    run(rig)
    rig.source.put(invoice("10", "2", "99.00"))
    rig.pass_time(hours=25)
    run(rig)
    assert rig.target.held == held
    include(rig, excluded)
    run(rig)
    assert rig.target.held["ledger-invoice-10"]["customer"] == "2"


def test_an_unknown_write_stays_visible_and_is_not_asked_about_while_its_customer_is_excluded(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", paid=True))
    rig.target.after_push = raising(UnknownOutcome("no answer"), "ledger-invoice-10", "ledger-invoice-11-fix")
    run(rig)
    rig.target.after_push = nothing
    exclude(rig, "1")
    for _ in range(2):
        rig.pass_time(hours=25)
        report = run(rig)
        assert (report.status, rig.target.log) == ("succeeded", [])
        assert listed(rig, "unknown") == {"invoice:10": "excluded_customer", "invoice:11": "excluded_customer"}
        assert listed(rig, "skipped") == {"customer:1": "excluded_customer"}
    include(rig, "1")
    report = run(rig)
    assert sorted(rig.target.log) == [("create", "ledger-invoice-10"), ("create", "ledger-invoice-11-fix")]
    assert (report.status, listed(rig, "unknown")) == ("succeeded", {})


def test_writes_left_open_by_a_process_that_died_are_shown_and_left_alone(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.after_push = raising(KeyboardInterrupt(), "ledger-customer-1")  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        run(rig)
    rig.target.after_push = nothing
    exclude(rig, "1")
    assert run(rig).status == "succeeded"
    assert (rig.target.log, listed(rig, "unknown")) == ([], {"customer:1": "excluded_customer"})
    include(rig, "1")
    run(rig)
    assert (rig.target.log, listed(rig, "unknown")) == ([("create", "ledger-customer-1")], {})


def excluding_at(rig: Rig, number: int, *ids: str) -> Callable[[Delivery], None]:
    """An `after_push` that excludes `ids` once the target has taken `number` writes."""
    taken: list[str] = []

    def meddle(delivery: Delivery) -> None:
        taken.append(delivery.reference)
        if len(taken) == number:
            exclude(rig, *ids)

    return meddle


def test_a_run_under_way_goes_on_without_a_customer_excluded_meanwhile(rig: Rig) -> None:
    ids = [str(n) for n in range(1, 101)]
    rig.source.put(*map(customer, ids), *[invoice(f"9{id}", id, paid=True) for id in ids])
    rig.target.after_push = excluding_at(rig, 5, "80", "90")
    report = run(rig)
    rig.target.after_push = nothing

    assert report.status == "succeeded"
    assert not [reference for reference in rig.target.held if re.search(r"-9?[89]0(-fix)?$", reference)]
    assert len(rig.target.held) == 3 * 98
    assert counts(report, "customer") == {"read": 100, "created": 98, "excluded_customer": 2}
    assert counts(report, "invoice") == {"read": 100, "created": 98, "excluded_customer": 2}
    assert report.notes == ["excluded during this run, and nothing more written: customer 80, 90"]
    assert listed(rig, "skipped").keys() == {"customer:80", "customer:90", "invoice:980", "invoice:990"}

    assert run(rig).status == "succeeded"
    assert (rig.target.log, due(rig)) == ([], 0)
    include(rig, "80", "90")
    assert counts(run(rig), "invoice") == {"read": 2, "created": 2}
    assert len(rig.target.held) == 300


def test_removals_are_not_made_either_once_their_customer_is_excluded_meanwhile(rig: Rig) -> None:
    rig.set_policy(on_delete="delete", guard=Limits(share=1))
    ids = [str(n) for n in range(1, 61)]
    rig.source.put(*map(customer, ids), *[invoice(f"9{id}", id) for id in ids])
    run(rig)
    for id in ids:
        rig.source.remove("documents", f"9{id}")
    rig.target.after_push = excluding_at(rig, 1, "60")
    report = run(rig)
    assert "ledger-invoice-960" in rig.target.held
    assert counts(report, "invoice") == {"deleted": 59, "gone": 1}


def test_excluding_during_a_run_and_including_before_the_next_one_loses_nothing(rig: Rig) -> None:
    ids = [str(n) for n in range(1, 61)]
    rig.source.put(*map(customer, ids))
    rig.target.after_push = excluding_at(rig, 1, "60")
    run(rig)
    rig.target.after_push = nothing
    include(rig, "60")
    report = run(rig)
    assert (rig.target.log, report.status) == ([("create", "ledger-customer-60")], "succeeded")
    assert listed(rig, "created")["customer:60"] == "customer"
    assert counts(report, "customer") == {"read": 1, "created": 1}


def test_a_run_killed_while_it_plans_anew_leaves_no_plan_of_exclusions_that_are_gone(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    run(rig)
    exclude(rig, "1")
    after = Records.after

    def fail_at_documents(records: Records, n: int, limit: int, kind: str) -> object:
        if kind == "invoice":
            raise RunError("the machine went away")
        return after(records, n, limit, kind)

    monkeypatch.setattr(Records, "after", fail_at_documents)
    assert run(rig).status == "incomplete"
    monkeypatch.undo()
    assert listed(rig, "skipped") == {"customer:1": "excluded_customer"}
    include(rig, "1")
    run(rig)
    assert listed(rig, "skipped") == {}


def test_an_unreadable_record_of_an_excluded_customer_is_still_told(rig: Rig) -> None:
    held = sent(rig)
    exclude(rig, "1")
    rig.source.put(invoice("10", "1", broken="amount is missing"))
    report = run(rig)
    assert counts(report, "invoice")["rejected"] == 1
    assert rig.target.held == held
    assert listed(rig, "rejected") == {"invoice:10": "unreadable"}


def test_a_write_refused_before_is_not_tried_again_while_excluded(rig: Rig) -> None:
    rig.target.before_push = raising(RecordError("number is taken"), "ledger-invoice-10")
    sent(rig)
    rig.target.before_push = nothing
    exclude(rig, "1")
    rig.pass_time(hours=25)
    report = run(rig)
    assert (rig.target.log, report.rejected) == ([], 0)
    include(rig, "1")
    assert counts(run(rig), "invoice")["created"] == 1


def test_excluding_twice_and_including_who_is_not_excluded_is_said(rig: Rig) -> None:
    rig.source.put(customer("1"))
    run(rig)
    book = exclusions(rig)
    say = partial(book.exclude, now=rig.now)
    assert say(["1"]) == []
    assert say(["1"]) == ["customer 1 was excluded already"]
    assert "has read nothing of a customer 77" in say(["77"])[0]
    assert book.include(["1", "2"]) == ["customer 2 was not excluded from rig"]
    assert [each.customer_id for each in book.listed()] == ["77"]
