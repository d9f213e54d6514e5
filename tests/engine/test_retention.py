"""What is pruned by age, and what never is."""

from datetime import timedelta
from typing import Any

import pytest

from duebridge.core.connector import Ack, Delivery
from duebridge.core.errors import RecordError, UnknownOutcome
from duebridge.core.store.records import listing
from duebridge.core.store.retention import Prunable, Retention
from duebridge.core.testing import Rig, credit_note, customer, invoice

KEEP = timedelta(days=90)


def prune(rig: Rig) -> Prunable | None:
    return Retention(rig.store, rig.connection_id, KEEP).prune_daily(rig.now)


def run_numbers(rig: Rig) -> list[int]:
    return sorted(run["id"] for run in rig.store.runs(rig.connection_id, limit=1000))


def rows(rig: Rig) -> dict[str, dict[str, Any]]:
    with rig.store.reading() as db:
        return {row["key"]: dict(row) for row in listing(db, rig.connection_id, parts=True)}


def refusing(*references: str, error: Exception) -> Any:
    def refuse(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error

    return refuse


def nothing(delivery: Delivery) -> None:
    """A hook that lets everything pass."""


def test_runs_older_than_the_age_go_and_younger_ones_stay(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.pass_time(days=50)
    second = rig.run().run
    rig.pass_time(days=50)
    third = rig.run().run
    found = prune(rig)
    assert found is not None
    assert len(found.runs) == 1
    assert run_numbers(rig) == [second, third]


def test_the_newest_run_stays_however_old_it_is(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    newest = rig.run().run
    rig.pass_time(days=4000)
    prune(rig)
    assert run_numbers(rig) == [newest]


@pytest.mark.parametrize("error", [RecordError("number is taken"), UnknownOutcome("no answer")])
def test_runs_that_open_rows_refer_to_stay_and_so_do_the_rows_with_their_reason(rig: Rig, error: Exception) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refusing("ledger-invoice-10", error=error)
    first = rig.run().run
    rig.pass_time(days=100)
    rig.source.fail_before_page = 0  # nothing is dealt with again
    rig.source.pages = 0
    last = rig.run().run
    before = rows(rig)
    prune(rig)
    assert run_numbers(rig) == [first, last]
    assert rows(rig)["invoice:10"] == before["invoice:10"]
    assert before["invoice:10"]["reason"] == str(error)


def test_the_run_of_a_process_that_died_while_writing_stays_until_it_is_known(rig: Rig) -> None:
    rig.source.put(customer("1"))

    def die(delivery: Delivery) -> None:
        raise KeyboardInterrupt

    rig.target.after_push = die
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    died = run_numbers(rig)
    rig.pass_time(days=100)
    rig.store.begin_run(rig.connection_id, rig.now)
    prune(rig)
    assert died[0] in run_numbers(rig)


def test_records_gone_at_the_source_that_the_target_does_not_hold_go_with_their_age(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", draft=True), invoice("11", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    rig.source.remove("documents", "11")
    rig.run()
    rig.pass_time(days=80)
    rig.run()
    prune(rig)
    assert set(rows(rig)) == {"customer:1", "invoice:10", "invoice:11"}
    rig.pass_time(days=20)
    rig.run()
    prune(rig)
    assert set(rows(rig)) == {"customer:1", "invoice:11"}  # the target holds invoice 11


def test_what_was_removed_at_the_target_is_forgotten_with_its_parts_and_comes_back_as_new(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    rig.run()
    for id in ("10", "11"):
        rig.source.remove("documents", id)
    rig.run()
    rig.pass_time(days=100)
    rig.run()
    prune(rig)
    assert set(rows(rig)) == {"customer:1"}
    rig.source.put(invoice("10", "1"))
    assert rig.run().status == "succeeded"
    assert rig.target.log == [("create", "ledger-invoice-10")]


def test_a_removal_that_is_refused_or_unknown_keeps_its_row(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    rig.source.remove("documents", "11")
    rig.target.before_push = refusing("ledger-invoice-10", error=RecordError("the month is closed"))
    rig.target.after_push = refusing("ledger-invoice-11", error=UnknownOutcome("no answer"))
    rig.run()
    rig.pass_time(days=100)
    rig.store.begin_run(rig.connection_id, rig.now)
    prune(rig)
    assert {"invoice:10", "invoice:11"} <= set(rows(rig))


def test_notes_of_old_writes_go_and_what_was_accepted_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    push = rig.target.push
    monkeypatch.setattr(rig.target, "push", lambda delivery: Ack(push(delivery).target_id, ("a contact left out",)))
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.pass_time(days=100)
    rig.source.put(customer("2"))
    rig.run(full=True)
    before = rows(rig)
    assert before["customer:1"]["notes"] == "a contact left out"
    prune(rig)
    after = rows(rig)
    assert [key for key, row in after.items() if row["notes"]] == ["customer:2"]
    forgotten = {"notes": None, "reason": None}
    assert {key: row | forgotten for key, row in after.items()} == {key: row | forgotten for key, row in before.items()}
    assert rig.run(full=True).status == "succeeded"
    assert rig.target.log == []


def test_pruning_is_done_once_a_day(rig: Rig) -> None:
    rig.source.put(customer("1"))
    for _ in range(3):
        rig.run()
    rig.pass_time(days=100)
    rig.run()
    assert prune(rig) is not None
    assert prune(rig) is None
    rig.pass_time(hours=23)
    assert prune(rig) is None
    rig.pass_time(hours=1)
    assert prune(rig) == Prunable([], [], [])


def test_a_day_that_a_wrong_clock_put_ahead_is_not_waited_for(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.pass_time(days=4000)
    assert prune(rig) is not None
    rig.pass_time(days=-4000)
    assert prune(rig) is not None


def test_another_connection_in_the_same_database_is_left_alone(rig: Rig) -> None:
    other = rig.store.connection_id("other")
    run = rig.store.begin_run(other, rig.now)
    rig.source.put(customer("1"))
    rig.run()
    rig.pass_time(days=100)
    rig.run()
    prune(rig)
    assert [each["id"] for each in rig.store.runs(other)] == [run]


def test_thousands_of_old_rows_are_pruned_in_small_transactions(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duebridge.core.store.retention._CHUNK", 7)
    rig.source.put(customer("1"), *[invoice(str(n), "1", draft=True) for n in range(100, 130)])
    rig.run()
    for n in range(100, 130):
        rig.source.remove("documents", str(n))
    for _ in range(20):
        rig.run()
    rig.pass_time(days=100)
    rig.run()
    found = prune(rig)
    assert found is not None
    assert (len(found.records), len(found.runs)) == (30, 21)
    assert set(rows(rig)) == {"customer:1"}
    assert len(run_numbers(rig)) == 1
