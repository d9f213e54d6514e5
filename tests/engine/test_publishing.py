"""A target that takes snapshots gets everything that stands, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from duebridge.core.connector import Family
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.report import Report
from duebridge.core.errors import RunError, UnknownOutcome
from duebridge.core.records import CreditNote, Customer, Document, Invoice, Record
from duebridge.core.tables.mapping import Mapping as PayloadMapping
from duebridge.core.tables.rules import Rules, send
from duebridge.core.testing import Rig, ShelfTarget, credit_note, customer, invoice


def raising(error: Exception):
    def meddle() -> None:
        raise error

    return meddle


def counts(report: Report, kind: str) -> dict[str, int]:
    shown = report.as_json()["kinds"].get(kind, {})
    return {name: n for name, n in shown.items() if name != "skipped" and n} | shown.get("skipped", {})


def test_everything_that_stands_is_published_at_once_and_counted(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", paid=True), invoice("12", "1", draft=True))

    report = rig.run(shelf)

    assert (report.status, report.error) == ("succeeded", None)
    assert shelf.held.keys() == {"ledger-customer-1", "ledger-invoice-10"}
    assert counts(report, "invoice") == {"read": 3, "created": 1, "settled": 1, "draft": 1}
    assert "2 records on the shelf" in report.notes


def test_every_run_reads_and_publishes_everything_again(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run(shelf)

    report = rig.run(shelf)

    assert shelf.published == 2
    assert shelf.held.keys() == {"ledger-customer-1", "ledger-invoice-10"}
    assert counts(report, "invoice") == {"read": 1, "unchanged": 1}


def test_what_was_settled_or_deleted_is_left_out_of_the_next_snapshot(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), *(invoice(str(n), "1") for n in (10, 11, 12)))
    rig.run(shelf)
    rig.source.put(invoice("10", "1", paid=True))
    rig.source.remove("documents", "11")

    rig.run(shelf)

    assert shelf.held.keys() == {"ledger-customer-1", "ledger-invoice-12"}


def test_what_is_open_again_after_it_was_left_out_comes_back(rig: Rig, shelf: ShelfTarget) -> None:
    for paid in (False, True, False):
        rig.source.put(customer("1"), invoice("10", "1", paid=paid))
        report = rig.run(shelf)

    assert "ledger-invoice-10" in shelf.held
    assert counts(report, "invoice") == {"read": 1, "created": 1}


@pytest.mark.parametrize("page", [0, 1, 2, 3])
def test_a_read_that_fails_at_any_page_publishes_nothing(rig: Rig, shelf: ShelfTarget, page: int) -> None:
    rig.source.put(customer("1"), *(invoice(str(n), "1") for n in range(10, 40)))
    rig.source.fail_before_page = page

    report = rig.run(shelf)

    assert (report.status, shelf.published) == ("incomplete", 0)
    rig.source.fail_before_page = None
    assert rig.run(shelf).status == "succeeded"
    assert len(shelf.held) == 31


def test_an_interrupted_read_begins_again_so_that_no_snapshot_mixes_two_days(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), *(invoice(str(n), "1") for n in range(10, 40)))
    rig.source.fail_before_page = 2
    rig.run(shelf)
    rig.source.fail_before_page = None
    rig.source.put(invoice("10", "1", paid=True), event=False)
    rig.pass_time(days=1)

    rig.run(shelf)

    assert "ledger-invoice-10" not in shelf.held


def test_what_was_held_of_an_excluded_customer_stays_as_it_was(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), customer("2"), invoice("20", "2"))
    rig.run(shelf)
    held = dict(shelf.held)
    rig.set_policy(decide=ExcludedCustomers({"2"}).decide, excluded=frozenset({"2"}))
    rig.source.put(customer("2", name="Renamed"), invoice("20", "2", number="F-other"), invoice("21", "2"))

    rig.run(shelf)

    assert shelf.held == held


def test_what_was_held_and_can_not_be_read_any_more_stays_as_it_was(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run(shelf)
    held = dict(shelf.held)
    rig.source.put(invoice("10", "1", broken="no amount"))

    report = rig.run(shelf)

    assert shelf.held == held
    assert counts(report, "invoice") == {"read": 1, "rejected": 1}


def test_a_snapshot_that_was_not_taken_leaves_everything_to_the_next_run(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    shelf.before = raising(RunError("the shelf is full"))

    report = rig.run(shelf)

    assert (report.status, report.error) == ("incomplete", "the shelf is full")
    assert counts(report, "invoice") == {"read": 1, "unsent": 1}
    shelf.before = lambda: None
    assert counts(rig.run(shelf), "invoice") == {"read": 1, "created": 1}


def test_a_snapshot_whose_answer_was_lost_is_unknown_and_published_again(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    shelf.after = raising(UnknownOutcome("the line went dead"))

    report = rig.run(shelf)

    assert (report.status, report.exit_code) == ("incomplete", 1)
    assert counts(report, "invoice") == {"read": 1, "unknown": 1}
    shelf.after = lambda: None
    assert rig.run(shelf).status == "succeeded"
    assert shelf.published == 2


def test_a_snapshot_much_unlike_the_one_before_is_stopped_by_the_guard(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), *(invoice(str(n), "1") for n in range(100, 300)))
    rig.run(shelf)
    for n in range(100, 250):
        rig.source.remove("documents", str(n), event=False)

    stopped = rig.run(shelf)

    assert (stopped.status, shelf.published, len(shelf.held)) == ("stopped", 1, 201)
    rig.run(shelf, accept_mass_change=True)
    assert (shelf.accepted_mass_change, len(shelf.held)) == (True, 51)


def test_asking_to_retry_is_refused_where_every_run_sends_everything(rig: Rig, shelf: ShelfTarget) -> None:
    report = rig.run(shelf, retry=True)

    assert (report.status, report.exit_code) == ("failed", 2)
    assert "--retry" in (report.error or "")


def test_what_the_target_leaves_out_counts_as_rejected_and_is_tried_again_every_time(
    rig: Rig, shelf: ShelfTarget
) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.run(shelf)
    shelf.refused = {"invoice:11": "its number is taken"}

    report = rig.run(shelf)

    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 2, "unchanged": 1, "rejected": 1})
    assert counts(rig.run(shelf), "invoice") == {"read": 2, "unchanged": 1, "rejected": 1}
    assert "ledger-invoice-11" not in shelf.held
    shelf.refused = {}
    assert counts(rig.run(shelf), "invoice") == {"read": 2, "unchanged": 1, "created": 1}


def test_what_is_left_out_at_its_first_publication_is_no_created_record(rig: Rig, shelf: ShelfTarget) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    shelf.refused = {"invoice:11": "its number is taken"}

    report = rig.run(shelf)

    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 2, "created": 1, "rejected": 1})
    rig.source.put(invoice("11", "1", number="F-other"))
    assert counts(rig.run(shelf), "invoice") == {"read": 2, "unchanged": 1, "rejected": 1}


class Netting(ShelfTarget):
    """Tells of each invoice what its credit notes left of it."""

    def completed(self, document: Document, family: Family) -> Document:
        credited = sum(member.record.total for member in family.credit_notes)
        return document.model_copy(update={"label": f"less {credited}"})

    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = {
        Customer: PayloadMapping(Customer, {"name": "name"}),
        Invoice: PayloadMapping(Invoice, {"says": "label"}),
        CreditNote: PayloadMapping(CreditNote, {"says": "label"}),
    }
    rules: ClassVar[Mapping[type[Record], Rules]] = {
        **ShelfTarget.rules,
        CreditNote: Rules(CreditNote, otherwise=send("note", "Every one goes")),
    }


def test_a_target_sees_a_document_with_what_its_relatives_tell(rig: Rig) -> None:
    target = Netting(rig.source.settings(), rig.services)
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.run(target)
    rig.source.put(credit_note("20", "1", invoice_id="10", amount="-30"))

    rig.run(target)

    assert target.held["ledger-invoice-10"] == {"says": "less 30"}
    assert target.held["ledger-invoice-11"] == {"says": "less 0"}
    assert target.held["ledger-credit_note-20"] == {"says": "less 30"}
