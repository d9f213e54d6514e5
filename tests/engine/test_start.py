"""What was issued before a connection carries documents stays out, and what was sent once is followed to its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest

from duebridge.core.connector import Account, Settings
from duebridge.core.engine.report import Report
from duebridge.core.engine.start import Reach, begin, start_of
from duebridge.core.records import Customer, Invoice, Record
from duebridge.core.tables.paths import TableError
from duebridge.core.tables.rules import Decision, Rule, Rules, send, skip
from duebridge.core.testing import ReceivablesTarget, Rig, credit_note, customer, invoice


class NewAlone(ReceivablesTarget):
    """A target that takes what is new alone."""

    from_start: ClassVar[bool] = True


class OpenAlone(ReceivablesTarget):
    """A target that takes no settled invoice it never held; and no credit notes."""

    rules: ClassVar[Mapping[type[Record], Rules]] = {
        Customer: ReceivablesTarget.rules[Customer],
        Invoice: Rules(
            Invoice,
            skip("settled", "Nothing is expected on it", until_sent=True, paid=True),
            send("paid", "Settled at the source", paid=True, reads="paid"),
            otherwise=send("open", "Money is expected on it", reads="open"),
        ),
    }


def target(rig: Rig, kind: type[ReceivablesTarget]) -> ReceivablesTarget:
    made = kind(Settings(), rig.services)
    rig.target = made
    return made


def skipped(report: Report) -> Mapping[str, int]:
    return report.as_json()["kinds"]["invoice"]["skipped"]


def put_history(rig: Rig) -> None:
    rig.source.put(
        customer("1"),
        invoice("old", "1", issued_on="2025-06-01"),
        invoice("recent", "1", issued_on="2026-02-10"),
        invoice("new", "1", issued_on="2026-03-02"),
    )


def sent(made: ReceivablesTarget) -> set[str]:
    return {key.removeprefix("ledger-invoice-") for key in made.held if key.startswith("ledger-invoice-")}


def test_a_target_of_what_is_new_gets_nothing_issued_before_the_first_run(rig: Rig) -> None:
    put_history(rig)
    made = target(rig, NewAlone)

    report = rig.run()

    assert sent(made) == {"new"}
    assert skipped(report) == {"before_start": 2}
    assert any("issued before 2026-03-02 are left out" in note for note in report.notes)


def test_other_targets_get_everything(rig: Rig) -> None:
    put_history(rig)
    rig.run()
    assert sent(rig.target) == {"old", "recent", "new"}


def test_the_first_day_stays_though_time_goes_on(rig: Rig) -> None:
    made = target(rig, NewAlone)
    rig.run()
    rig.pass_time(days=20)
    put_history(rig)

    rig.run()

    assert sent(made) == {"new"}


def test_since_reaches_back_from_the_start_not_from_today(rig: Rig) -> None:
    made = target(rig, NewAlone)
    rig.set_policy(reach=Reach(since=timedelta(days=30)))
    put_history(rig)
    rig.run()
    rig.pass_time(days=60)

    report = rig.run(full=True)

    assert sent(made) == {"recent", "new"}
    assert skipped(report) == {"before_start": 1}


def test_since_holds_for_every_target(rig: Rig) -> None:
    rig.set_policy(reach=Reach(since=date(2026, 1, 1)))
    put_history(rig)
    rig.run()
    assert sent(rig.target) == {"recent", "new"}


def test_more_than_thirty_days_back_are_refused_without_a_write(rig: Rig) -> None:
    made = target(rig, NewAlone)
    rig.set_policy(reach=Reach(since=date(2026, 1, 1)))
    put_history(rig)

    report = rig.run()

    assert (report.status, report.exit_code) == ("failed", 2)
    assert "`history: all`" in str(report.error)
    assert made.held == {}


def test_all_of_the_history_goes_when_it_is_asked_for_and_is_announced(rig: Rig) -> None:
    made = target(rig, NewAlone)
    rig.set_policy(reach=Reach(history="all"))
    put_history(rig)

    report = rig.run()

    assert sent(made) == {"old", "recent", "new"}
    assert any("however old" in note for note in report.notes)


def test_what_was_sent_is_followed_when_the_reach_is_shortened(rig: Rig) -> None:
    put_history(rig)
    rig.run()
    rig.set_policy(reach=Reach(since=date(2026, 3, 1)))
    rig.source.put(
        invoice("old", "1", issued_on="2025-06-01", paid=True), invoice("older", "1", issued_on="2025-01-01")
    )

    report = rig.run()

    assert sent(rig.target) == {"old", "old-fix", "recent", "new"}
    assert skipped(report) == {"before_start": 1}


def test_the_start_is_the_day_at_the_company(rig: Rig) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    paris = Account("1", "Acme", timezone="Europe/Paris")

    assert begin(rig.store, rig.connection_id, paris, late) == date(2026, 3, 3)
    assert start_of(rig.store, rig.connection_id) == date(2026, 3, 3)
    assert begin(rig.store, rig.connection_id, paris, late + timedelta(days=9)) == date(2026, 3, 3)


def test_a_settled_invoice_stays_out_unless_it_was_sent_while_open(rig: Rig) -> None:
    made = target(rig, OpenAlone)
    rig.source.put(customer("1"), invoice("paid", "1", paid=True), invoice("open", "1"))
    first = rig.run()
    rig.source.put(invoice("open", "1", paid=True))

    report = rig.run()

    assert skipped(first) == {"settled": 1}
    assert sent(made) == {"open", "open-fix"}
    assert report.as_json()["kinds"]["invoice"]["updated"] == 1
    rig.pass_time(days=2)
    assert skipped(rig.run(full=True)) == {"settled": 1}


def test_a_kind_the_target_does_not_take_is_left_out_with_that_reason(rig: Rig) -> None:
    target(rig, OpenAlone)
    rig.source.put(customer("1"), invoice("1", "1"), credit_note("2", "1"))

    report = rig.run()

    assert report.status == "succeeded"
    assert report.as_json()["kinds"]["credit_note"]["skipped"] == {"not_taken": 1}


def test_an_until_sent_rule_may_not_be_the_last() -> None:
    with pytest.raises(TableError, match="until_sent"):
        Rules(Invoice, otherwise=Rule(Decision("skip", "settled", "Nothing is expected on it", until_sent=True), {}))
