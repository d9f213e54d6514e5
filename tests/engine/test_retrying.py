"""Trying again what had trouble: alone when asked to, and by later runs with growing delay."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from duebridge.core.connector import Delivery, RereadableSource, Source
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.report import Report
from duebridge.core.engine.settling import retry_after
from duebridge.core.errors import RecordError, RunError, UnknownOutcome
from duebridge.core.testing import LedgerSource, Rig, credit_note, customer, invoice


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})


def refusing(*references: str, error: Exception | None = None) -> Callable[[Delivery], None]:
    def refuse(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error or RecordError("number is taken")

    return refuse


def accepting(delivery: Delivery) -> None:
    """A hook that lets everything pass."""


def test_a_retry_tries_what_was_refused_now_and_reads_nothing(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.target.before_push = refusing("ledger-invoice-10")
    rig.run()
    rig.target.before_push = accepting
    rig.source.put(invoice("12", "1"))
    rig.source.pages = 0
    report = rig.run(retry=True)
    assert (report.status, rig.source.pages) == ("succeeded", 0)
    assert rig.target.log == [("create", "ledger-invoice-10")]
    assert counts(report, "invoice") == {"read": 1, "created": 1}
    assert report.notes == ["tried 1 record again: 1 created"]


def test_a_retry_needs_no_source_that_answers(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.target.before_push = accepting

    def down() -> None:
        raise RunError("the ledger can't be reached")

    monkeypatch.setattr(rig.source, "check", down)
    assert rig.run(retry=True).status == "succeeded"
    assert set(rig.target.held) == {"ledger-customer-1"}


def test_a_retry_leaves_what_was_never_tried_to_the_next_run(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(9)])
    rig.target.before_push = refusing("ledger-customer-0")
    rig.run()
    rig.source.put(customer("20"), customer("21"))
    rig.target.before_push = refusing("ledger-customer-20", "ledger-customer-21", error=RunError("out of reach"))
    rig.run()
    rig.target.before_push = accepting
    report = rig.run(retry=True)
    assert rig.target.log == [("create", "ledger-customer-0")]
    assert counts(report, "customer") == {"read": 1, "created": 1}
    rig.run()
    assert set(rig.target.log) == {("create", "ledger-customer-20"), ("create", "ledger-customer-21")}


def test_what_is_refused_again_is_counted_and_waits_longer(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    report = rig.run(retry=True)
    assert (report.status, counts(report, "customer")) == ("succeeded", {"read": 1, "rejected": 1})
    assert report.notes == ["tried 1 record again: 1 rejected"]
    rig.target.before_push = accepting
    rig.pass_time(minutes=39)
    rig.run()
    assert rig.target.log == []
    rig.pass_time(minutes=1)
    rig.run()
    assert rig.target.log == [("create", "ledger-customer-1")]


def test_a_retry_settles_unknown_outcomes_too(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.after_push = refusing("ledger-customer-1", error=UnknownOutcome("no answer"))
    assert rig.run().status == "incomplete"
    rig.target.after_push = accepting
    report = rig.run(retry=True)
    assert (report.status, counts(report, "customer")) == ("succeeded", {"read": 1, "created": 1})


def test_a_retry_with_nothing_to_try_says_so_and_makes_no_request(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.source.pages = 0
    report = rig.run(retry=True)
    assert report.notes == ["nothing to try again: no record is rejected and no outcome is unknown"]
    assert (report.status, rig.source.pages, rig.target.log) == ("succeeded", 0, [])


def test_the_documents_of_a_customer_accepted_by_a_retry_go_with_it_and_so_do_their_parts(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"), customer("2"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.target.before_push = accepting
    report = rig.run(retry=True)
    assert report.status == "succeeded"
    assert set(rig.target.held) == {
        "ledger-customer-1",
        "ledger-customer-2",
        "ledger-invoice-10",
        "ledger-credit_note-11",
        "ledger-link-11",
        "ledger-invoice-10-fix",
    }
    assert counts(report, "invoice") == {"read": 1, "created": 1}
    assert report.notes == ["tried 1 record again: 1 created"]


def test_a_refused_part_is_tried_again_under_its_record(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.target.before_push = refusing("ledger-link-11")
    rig.run()
    rig.target.before_push = accepting
    report = rig.run(retry=True)
    assert rig.target.log == [("create", "ledger-link-11")]
    assert (report.status, counts(report, "credit_note")) == ("succeeded", {"read": 1, "updated": 1})


def test_a_refused_removal_is_tried_again(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"))
    rig.run()
    rig.source.remove("customers", "1")
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.target.before_push = accepting
    report = rig.run(retry=True)
    assert (report.status, counts(report, "customer"), rig.target.held) == ("succeeded", {"deleted": 1}, {})


def test_what_we_refused_ourselves_is_planned_again_from_the_store(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", "10.505"), invoice("11", "1"))
    rig.run()
    report = rig.run(retry=True)
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "rejected": 1})
    assert report.notes == ["tried 1 record again: 1 rejected"]
    assert rig.source.reread_ids == []


def test_what_could_not_be_understood_is_read_again_by_its_id(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="no currency"), invoice("11", "1", broken="no date"))
    rig.run()
    rig.source.put(invoice("10", "1"), event=False)
    report = rig.run(retry=True)
    assert sorted(rig.source.reread_ids) == ["10", "11"]
    assert rig.target.log == [("create", "ledger-invoice-10")]
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 2, "created": 1, "rejected": 1})


def test_what_could_not_be_understood_and_is_gone_by_now_is_gone(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="no currency"))
    rig.run()
    rig.source.remove("documents", "10", event=False)
    report = rig.run(retry=True)
    assert (report.status, counts(report, "invoice")) == ("succeeded", {})
    assert report.notes == ["tried 1 record again: 1 gone"]


class ForwardOnly(Source):
    """The ledger without a way to ask for given documents."""

    name, title, settings, streams = LedgerSource.name, "Ledger", LedgerSource.settings, LedgerSource.streams
    canonical = LedgerSource.canonical

    def __init__(self, ledger: LedgerSource) -> None:
        super().__init__(ledger.options, ledger.services)
        self.ledger = ledger

    @property
    def pages(self) -> int:
        return self.ledger.pages

    def check(self) -> Any:
        return self.ledger.check()

    def fetch(self, *arguments: Any) -> Iterator[Any]:
        return self.ledger.fetch(*arguments)


def test_a_source_that_can_not_read_by_id_is_said_to_need_a_full_run(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="no currency"))
    rig.source = ForwardOnly(rig.source)
    assert not isinstance(rig.source, RereadableSource)
    rig.run()
    report = rig.run(retry=True)
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "rejected": 1})
    assert any("`duebridge sync rig --full` reads everything" in note for note in report.notes)


def test_a_source_out_of_reach_keeps_the_others_from_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="no currency"), invoice("11", "1"))
    rig.target.before_push = refusing("ledger-invoice-11")
    rig.run()
    rig.target.before_push = accepting

    def down(*_: Any) -> Any:
        raise RunError("the ledger can't be reached")

    monkeypatch.setattr(rig.source, "reread", down)
    report = rig.run(retry=True)
    assert rig.target.log == [("create", "ledger-invoice-11")]
    assert counts(report, "invoice") == {"read": 2, "created": 1, "rejected": 1}
    assert any("not read again: the ledger can't be reached" in note for note in report.notes)


def test_a_retry_sends_nothing_of_a_customer_excluded_since(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refusing("ledger-invoice-10")
    rig.run()
    rig.target.before_push = accepting
    rig.set_policy(decide=ExcludedCustomers({"1"}).decide, excluded=frozenset({"1"}))
    report = rig.run(retry=True)
    assert (rig.target.log, counts(report, "invoice")) == ([], {"read": 1, "excluded_customer": 1})


def test_the_documents_of_an_excluded_customer_are_planned_again_when_it_is_included(rig: Rig) -> None:
    rig.set_policy(decide=ExcludedCustomers({"1"}).decide, excluded=frozenset({"1"}))
    rig.source.put(customer("1"), invoice("10", "1"))
    assert counts(rig.run(), "invoice") == {"read": 1, "excluded_customer": 1}
    rig.set_policy(decide=None, excluded=frozenset())
    rig.run()
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]


def test_the_documents_of_a_customer_we_could_not_understand_wait_for_it(rig: Rig) -> None:
    rig.source.put(customer("1", broken="no name"), invoice("10", "1"))
    assert counts(rig.run(), "invoice") == {"read": 1, "customer_not_sent": 1}
    rig.source.put(customer("1"), event=False)
    report = rig.run(retry=True)
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]
    assert counts(report, "invoice") == {"read": 1, "created": 1}


def test_the_target_coming_back_after_any_number_of_refusals_is_noticed_within_a_day(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    for _ in range(40):
        rig.run()
        rig.pass_time(hours=24)
    rig.target.before_push = accepting
    assert counts(rig.run(), "customer")["created"] == 1


def test_the_delay_doubles_from_twenty_minutes_to_a_day() -> None:
    minutes = [retry_after(attempts).total_seconds() / 60 for attempts in range(9)]
    assert minutes == [20, 40, 80, 160, 320, 640, 1280, 1440, 1440]


def test_reading_a_refused_record_again_does_not_start_its_delay_anew(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.pass_time(minutes=20)
    rig.run()
    rig.source.put(customer("1", phone="01 02 03 04 05"))  # a change the target does not map
    rig.run()
    rig.pass_time(minutes=40)
    rig.run()  # refused a third time: eighty minutes from now
    rig.target.before_push = accepting
    rig.pass_time(minutes=79)
    rig.run()
    assert rig.target.log == []
    rig.pass_time(minutes=1)
    rig.run()
    assert rig.target.log == [("create", "ledger-customer-1")]


def test_a_run_that_finds_only_retries_not_yet_due_makes_no_request_to_the_target(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    asked: list[str] = []
    rig.target.before_push = lambda delivery: asked.append(delivery.reference)
    for _ in range(3):
        assert rig.run().status == "succeeded"
    assert asked == []


def test_a_retry_reckoned_by_a_clock_that_ran_ahead_is_not_parked_until_then(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.pass_time(days=4000)
    rig.run()
    rig.pass_time(days=-4000)  # somebody has set the clock right
    rig.target.before_push = accepting
    assert counts(rig.run(), "customer") == {"read": 1, "created": 1}


def test_a_retry_keeps_working_when_the_store_is_opened_anew(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'rig.db'}"
    rig = Rig(database)
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.close()
    again = Rig(database)
    assert counts(again.run(retry=True), "customer") == {"read": 1, "created": 1}
    again.close()


def test_a_reason_is_forgotten_once_the_record_is_taken(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1")
    rig.run()
    rig.target.before_push = accepting
    rig.run(retry=True)
    with rig.store.reading() as db:
        row = rig.store.records(db, rig.connection_id).by_key(["customer:1"])["customer:1"]
    assert (row.outcome, row.reason) == ("created", None)
