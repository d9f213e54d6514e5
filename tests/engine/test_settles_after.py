"""When is a write of unknown outcome settled where searches lag? Not before its time; till then it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from duebridge.core.connector import Ack, Delivery, Write
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.errors import RecordError, UnknownOutcome
from duebridge.core.records import Record
from duebridge.core.testing import Rig, credit_note, customer, invoice

from .once import OnceTarget

LAG = 30.0
LOST = UnknownOutcome("no answer")
INVOICE = "ledger-invoice-10"


class LaggingTarget(OnceTarget):
    """Shows in a search what it had `LAG` seconds ago."""

    writes: ClassVar[Mapping[type[Record] | str, Write]] = {
        name: replace(write, settles_after=LAG) for name, write in OnceTarget.writes.items()
    }

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.target.options, rig.target.services)
        self._made_at: dict[str, float] = {}
        self._now = lambda: rig.now.timestamp()  # noqa: PLW0108 - the rig's time moves

    def push(self, delivery: Delivery) -> Ack:
        try:
            return super().push(delivery)
        finally:
            for id in self.things:
                self._made_at.setdefault(id, self._now())

    def find(self, delivery: Delivery) -> Ack | None:
        found = super().find(delivery)
        shown = found is not None and self._made_at[str(found.target_id)] <= self._now() - LAG
        return found if shown else None


def losing(rig: Rig, reference: str = INVOICE, error: BaseException = LOST) -> LaggingTarget:
    """Let the rig write to a lagging target that acts and loses the answer of this reference, once."""
    target = LaggingTarget(rig)
    lost: list[str] = []

    def lose(delivery: Delivery) -> None:
        if delivery.reference == reference and not lost:
            lost.append(reference)
            raise error

    target.after_push = lose
    rig.target = target
    return target


def quiet(rig: Rig, target: LaggingTarget, *, unknown: int = 1, **options: bool) -> None:
    """A run before the time: it asks and sends nothing, shows what is unknown, and its counts add up."""
    report = rig.run(**options)
    assert (report.status, report.unknown, report.exit_code) == ("incomplete", unknown, 1)
    assert report.consistent()
    assert (target.log, target.finds) == ([], [])


def settled(rig: Rig, target: LaggingTarget) -> None:
    """A run after the time succeeds, and leaves nothing open."""
    rig.pass_time(seconds=LAG)
    report = rig.run()
    assert report.status == "succeeded"
    assert report.consistent()
    assert rig.run().status == "succeeded"
    assert target.log == []


@pytest.mark.parametrize("options", [{}, {"full": True}, {"retry": True}], ids=["later", "full", "retry"])
def test_before_its_time_it_is_neither_asked_for_nor_sent_again(rig: Rig, options: dict[str, bool]) -> None:
    target = losing(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    assert rig.run().unknown == 1
    quiet(rig, target, **options)
    rig.pass_time(seconds=LAG - 1)
    quiet(rig, target, **options)
    settled(rig, target)
    assert target.finds == [INVOICE]
    assert target.holdings().keys() == {"ledger-customer-1", INVOICE}


def test_what_never_arrived_is_made_once_its_time_has_come(rig: Rig) -> None:
    target = losing(rig)
    target.before_push, target.after_push = target.after_push, target.before_push
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    quiet(rig, target)
    settled(rig, target)
    assert target.holdings().keys() == {"ledger-customer-1", INVOICE}


def test_a_change_at_the_source_waits_too_and_is_sent_to_what_is_found(rig: Rig) -> None:
    target = losing(rig)
    rig.source.put(customer("1"), invoice("10", "1", "120.00"))
    rig.run()
    for amount in ("130.00", "140.00"):
        rig.source.put(invoice("10", "1", amount, remaining=amount))
        quiet(rig, target)
    settled(rig, target)
    assert target.holdings()[INVOICE]["amount"] == 14000


@pytest.mark.parametrize("on_delete", ["report", "delete"])
def test_what_goes_at_the_source_meanwhile_is_looked_for_only_then(rig: Rig, on_delete: str) -> None:
    rig.set_policy(on_delete=on_delete)
    target = losing(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    rig.run()
    assert (target.log, target.finds) == ([], [])
    settled(rig, target)
    assert (INVOICE in target.holdings()) == (on_delete == "report")


def test_what_is_excluded_meanwhile_is_looked_for_only_then(rig: Rig) -> None:
    target = losing(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.set_policy(decide=ExcludedCustomers({"1"}).decide, excluded=frozenset({"1"}))
    rig.run()
    assert (target.log, target.finds) == ([], [])
    settled(rig, target)
    rig.set_policy(decide=None, excluded=frozenset())
    rig.run()
    assert target.holdings().keys() == {"ledger-customer-1", INVOICE}


def test_a_link_no_longer_wanted_is_not_taken_back_before_a_search_can_show_it(rig: Rig) -> None:
    target = losing(rig, "ledger-link-20")
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("20", "1", invoice_id="10"))
    rig.run()
    assert "ledger-link-20" in target.holdings()
    rig.source.put(credit_note("20", "1"))
    report = rig.run()
    assert (report.status, report.consistent()) == ("incomplete", True)
    assert not [entry for entry in target.log if entry[1] == "ledger-link-20"]
    assert target.finds == []
    settled(rig, target)
    assert "ledger-link-20" not in target.holdings()


def test_documents_of_a_customer_that_waits_wait_with_it(rig: Rig) -> None:
    target = losing(rig, "ledger-customer-1")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    report = rig.run()
    assert (report.status, report.consistent(), target.log) == ("incomplete", True, [])
    settled(rig, target)
    assert target.holdings().keys() == {"ledger-customer-1", INVOICE}


@pytest.mark.parametrize("full", [False, True])
def test_what_a_dead_process_was_sending_waits_from_the_moment_that_is_noticed(rig: Rig, full: bool) -> None:
    target = losing(rig, error=KeyboardInterrupt())
    rig.source.put(customer("1"), invoice("10", "1"))
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    report = rig.run(full=full)
    assert (report.status, report.consistent()) == ("incomplete", True)
    assert INVOICE not in {reference for _, reference in target.log}
    assert target.finds == []
    rig.pass_time(seconds=LAG - 1)
    quiet(rig, target, unknown=2, full=full)  # the customer was in the same batch
    settled(rig, target)
    assert target.holdings().keys() == {"ledger-customer-1", INVOICE}


def test_what_was_refused_after_a_lost_answer_goes_at_once_when_it_changes_or_is_retried(rig: Rig) -> None:
    rig.target = target = LaggingTarget(rig)
    rig.source.put(customer("1"), invoice("10", "1", "100.00"))
    rig.run()
    errors: list[Exception] = [LOST, RecordError("not today"), RecordError("not today")]

    def trouble(delivery: Delivery) -> None:
        if errors:
            raise errors.pop(0)

    target.before_push = trouble
    rig.source.put(invoice("10", "1", "110.00", remaining="110.00"))
    assert rig.run().unknown == 1
    rig.pass_time(seconds=LAG)
    assert rig.run().rejected == 1
    assert rig.run(retry=True).rejected == 1
    rig.source.put(invoice("10", "1", "120.00", remaining="120.00"))
    assert rig.run().status == "succeeded"
    assert (errors, target.holdings()[INVOICE]["amount"]) == ([], 12000)
