"""A record that is made only when something that comes after it is to be written, and the ids writes are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from duebridge.core.connector import Delivery, Services, Settings, Write
from duebridge.core.errors import RecordError, Withheld
from duebridge.core.records import Customer, Record
from duebridge.core.testing import ReceivablesTarget, Rig, credit_note, customer, invoice

from .test_runs import counts


class SparingTarget(ReceivablesTarget):
    """Makes a customer with their first document; notes what stood before each write."""

    writes: ClassVar[Mapping[type[Record] | str, Write]] = {
        **ReceivablesTarget.writes,
        Customer: Write("upsert", 10, when_needed=True),
    }

    def __init__(self, settings: Settings, services: Services) -> None:
        super().__init__(settings, services)
        self.stood: dict[str, tuple[str | None, ...]] = {}
        self.before_push = self._note

    def _note(self, delivery: Delivery) -> None:
        self.stood[delivery.reference] = delivery.after


def sparing(rig: Rig) -> SparingTarget:
    """Have the rig write to a target that makes customers when they are needed."""
    made = SparingTarget(Settings(), rig.services)
    rig.target = made
    return made


def test_a_customer_without_a_document_that_is_sent_is_not_made(rig: Rig) -> None:
    desk = sparing(rig)
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), invoice("11", "2", draft=True))
    report = rig.run()
    assert report.status == "succeeded"
    assert counts(report, "customer") == {"read": 2, "created": 1, "not_needed": 1}
    assert set(desk.held) == {"ledger-customer-1", "ledger-invoice-10"}


def test_it_is_made_with_the_first_document_even_when_it_is_not_read_again(rig: Rig) -> None:
    desk = sparing(rig)
    rig.source.put(customer("1"), invoice("10", "1", draft=True))
    assert counts(rig.run(), "customer") == {"read": 1, "not_needed": 1}
    rig.source.put(invoice("10", "1"))
    report = rig.run()
    assert counts(report, "customer") == {"read": 1, "created": 1}
    assert desk.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]


def test_it_counts_the_same_in_a_full_run_and_when_it_changes(rig: Rig) -> None:
    desk = sparing(rig)
    rig.source.put(customer("1"))
    rig.run()
    assert counts(rig.run(full=True), "customer") == {"read": 1, "not_needed": 1}
    rig.source.put(customer("1", name="Renamed"))
    assert counts(rig.run(), "customer") == {"read": 1, "not_needed": 1}
    assert desk.held == {}


def test_a_document_is_told_the_id_of_its_customer_made_before_or_in_the_same_batch(rig: Rig) -> None:
    desk = sparing(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.put(invoice("11", "1"), credit_note("12", "1", invoice_id="11"))
    rig.run()
    assert desk.stood["ledger-invoice-10"] == ("id-ledger-customer-1", None)
    assert desk.stood["ledger-invoice-11"] == ("id-ledger-customer-1", None)
    assert desk.stood["ledger-link-12"] == ("id-ledger-credit_note-12", "id-ledger-invoice-11")
    assert desk.stood["ledger-customer-1"] == (None, None)


def test_a_customer_that_was_refused_waits_with_its_document(rig: Rig) -> None:
    desk = sparing(rig)

    def refuse(delivery: Delivery) -> None:
        if delivery.kind == "customer":
            raise RecordError("no address")

    desk.before_push = refuse
    rig.source.put(customer("1"), invoice("10", "1"))
    report = rig.run()
    assert counts(report, "customer") == {"read": 1, "rejected": 1}
    assert counts(report, "invoice") == {"read": 1, "customer_not_sent": 1}
    desk.before_push = lambda _: None
    rig.pass_time(hours=1)
    assert counts(rig.run(), "customer") == {"read": 1, "created": 1}
    assert set(desk.held) == {"ledger-customer-1", "ledger-invoice-10"}


# --- changes that are kept back ------------------------------------------------------------------------------------


def _keep_back(delivery: Delivery) -> None:
    if delivery.operation == "update":
        raise Withheld(f"{delivery.reference} has changed", "changed_after")


def test_a_change_kept_back_is_skipped_shown_and_told_once_a_day(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.target.before_push = _keep_back
    rig.source.put(invoice("10", "1", "50.00"))
    report = rig.run()
    assert (report.status, report.exit_code) == ("succeeded", 0)
    assert counts(report, "invoice") == {"read": 1, "changed_after": 1}
    assert any("changed_after" in note for note in report.notes)
    quiet = rig.run()
    assert counts(quiet, "invoice") == {}
    assert quiet.notes == []
    assert counts(rig.run(full=True), "invoice") == {"read": 1, "changed_after": 1}
    rig.pass_time(days=1, hours=1)
    assert counts(rig.run(), "invoice") == {"read": 1, "changed_after": 1}


def test_a_change_kept_back_is_offered_when_it_changes_again_and_forgotten_when_undone(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.target.before_push = _keep_back
    rig.source.put(invoice("10", "1", "50.00"))
    rig.run()
    rig.source.put(invoice("10", "1", "60.00"))
    assert counts(rig.run(), "invoice") == {"read": 1, "changed_after": 1}
    rig.source.put(invoice("10", "1"))
    assert counts(rig.run(), "invoice") == {"read": 1, "unchanged": 1}
    rig.source.put(invoice("10", "1", "70.00"))
    rig.target.before_push = lambda _: None
    assert counts(rig.run(), "invoice") == {"read": 1, "updated": 1}


def test_kept_back_changes_keep_their_credit_notes_for_both_kinds(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.target.before_push = _keep_back
    rig.source.put(invoice("10", "1", "50.00"), credit_note("11", "1", "-30.00", invoice_id="10"))
    report = rig.run()
    assert report.adds_up()
    assert counts(report, "invoice") == {"read": 1, "changed_after": 1}
