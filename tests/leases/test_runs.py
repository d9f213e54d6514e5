"""Runs of one connection that meet: told apart, taken over, stopped; nothing is sent twice and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from duebridge.core.app import App
from duebridge.core.engine.report import Report
from duebridge.core.errors import AlreadyRunning
from duebridge.core.leasing import leased
from duebridge.core.store import leases
from duebridge.core.store.processes import Process
from duebridge.core.store.store import Store

from .conftest import Until
from .desk import CUSTOMERS, NAME, Desk, in_thread, terms, told

ALL = sorted(f"five-customer-{n}" for n in range(CUSTOMERS))
SHORT = 3.0
certain = pytest.mark.skipif(not Process.this().machine, reason="this system doesn't tell processes apart")


def write_under_way(desk: Desk, until: Until, seconds: float = 180.0) -> subprocess.Popen[str]:
    """A process whose run waits in its first write."""
    desk.hold()
    process = desk.process(seconds)
    until(desk.begun)
    return process


def refused(app: App) -> str:
    """What a run that may not begin is told."""
    with pytest.raises(AlreadyRunning) as told_so:
        app.sync(NAME)
    return str(told_so.value)


@contextmanager
def app_run(app: App, stopping: threading.Event) -> Iterator[threading.Event]:
    """Hold the connection as a run does; yields what tells that run to stop."""
    connection_id = app.store.connection_id(NAME)
    with leased(app.store, NAME, connection_id, terms(180.0), stopping) as hold:
        yield hold.stopping


def settled_intents(store: Store) -> bool:
    with store.reading() as db:
        return not db.exec_driver_sql("SELECT n FROM intents").all()


def test_a_second_run_is_told_who_runs_and_leaves_no_trace(desk: Desk, until: Until) -> None:
    process = write_under_way(desk, until)
    assert f"process {process.pid}" in refused(desk.app())
    assert desk.runs() == [("running", "")]
    desk.let_go()
    assert told(process) == {"status": "succeeded", "error": None}
    assert sorted(desk.sent()) == ALL
    assert desk.runs() == [("succeeded", "")]


def test_two_runs_of_one_process_are_kept_apart_too(desk: Desk, until: Until) -> None:
    desk.hold()
    reports: list[Report] = []
    thread = in_thread(lambda: reports.append(desk.run()))
    until(desk.begun)
    refused(desk.app())
    desk.let_go()
    thread.join(20)
    assert [report.status for report in reports] == ["succeeded"]


@certain
def test_after_a_killed_run_the_next_begins_at_once_and_the_killed_one_has_failed(desk: Desk, until: Until) -> None:
    process = write_under_way(desk, until)
    process.kill()
    desk.let_go()
    process.communicate()

    report = desk.run()

    assert report.status == "succeeded"
    (first, why), second = desk.runs()
    assert (first, second) == ("failed", ("succeeded", ""))
    assert why.startswith("interrupted: its process ended")
    assert sorted(desk.sent()) == ALL


def test_intents_tell_the_lease_and_the_attempt_they_were_made_under(desk: Desk, store: Store, until: Until) -> None:
    desk.run()
    with store.transaction() as db:
        db.exec_driver_sql("UPDATE records SET due = TRUE, attempts = 3")
    process = write_under_way(desk, until)
    with store.reading() as db:
        intents = db.exec_driver_sql("SELECT fence, attempt FROM intents").all()
    assert [tuple(row) for row in intents] == CUSTOMERS * [(2, 4)]
    desk.let_go()
    assert told(process)["status"] == "succeeded"


def test_a_run_that_wakes_after_another_took_over_sends_nothing_and_keeps_nothing(
    desk: Desk, store: Store, until: Until
) -> None:
    process = write_under_way(desk, until, SHORT)
    process.send_signal(signal.SIGSTOP)
    assert f"process {process.pid}" in refused(desk.app())
    desk.let_go()
    until(lambda: leases.held(store, store.connection_id(NAME)).expired)
    taken_over = desk.run()
    known = desk.runs()

    process.send_signal(signal.SIGCONT)
    answer = told(process)

    assert taken_over.status == "succeeded"
    assert (answer["status"], process.returncode) == ("failed", 1)
    assert "another run took over" in answer["error"]
    assert desk.sent(process.pid) == ["five-customer-0"], "more than the write in flight was made"
    assert desk.runs() == known
    assert [status for status, _ in known] == ["failed", "succeeded"]
    assert store.remembered(store.connection_id(NAME), "target", "last") == f"five-customer-{CUSTOMERS - 1}"
    assert settled_intents(store)


def test_a_run_held_up_past_its_lease_that_nobody_took_ends_and_keeps_what_it_did(
    desk: Desk, store: Store, until: Until
) -> None:
    process = write_under_way(desk, until, SHORT)
    process.send_signal(signal.SIGSTOP)
    until(lambda: leases.held(store, store.connection_id(NAME)).expired)
    time.sleep(0.1)  # the database began to count a little before the process did
    desk.let_go()
    process.send_signal(signal.SIGCONT)
    answer = told(process)

    assert (answer["status"], process.returncode) == ("incomplete", 1)
    assert "held up for longer than the 3 s of its lease" in answer["error"]
    assert desk.sent() == ["five-customer-0"]
    assert settled_intents(store)
    assert desk.run().status == "succeeded"
    assert sorted(desk.sent()) == ALL


def test_a_write_longer_than_the_lease_does_not_lose_it(desk: Desk, store: Store, until: Until) -> None:
    process = write_under_way(desk, until, SHORT)
    end = time.monotonic() + 2 * SHORT
    until(lambda: time.monotonic() > end)
    refused(desk.app())
    desk.let_go()
    assert told(process)["status"] == "succeeded"
    assert sorted(desk.sent()) == ALL


def test_a_stop_finishes_the_write_in_flight_and_leaves_the_others_to_the_next_run(
    desk: Desk, store: Store, until: Until
) -> None:
    process = write_under_way(desk, until)
    asked = desk.app().stop(NAME)
    assert asked is not None
    assert f"process {process.pid}" in asked.who
    assert asked.ended(0.5) is None
    began = time.monotonic()
    desk.let_go()

    assert asked.ended(20) == "stopped"
    assert time.monotonic() - began < 5
    assert told(process) == {"status": "stopped", "error": None}
    assert process.returncode == 1
    assert desk.sent() == ["five-customer-0"]
    assert settled_intents(store)
    assert desk.runs() == [("stopped", "")]
    outcomes = {row["id"]: (row["outcome"], row["due"]) for row in desk.app().records(NAME, kind="customer")}
    assert outcomes.pop("0") == ("created", False)
    assert {due for _, due in outcomes.values()} == {True}
    assert desk.run().status == "succeeded"
    assert sorted(desk.sent()) == ALL


def test_a_stop_reaches_a_waiting_run_within_two_seconds(desk: Desk, until: Until) -> None:
    waited: list[float] = []

    def wait_for_ever(app: App) -> None:
        stopping = threading.Event()
        with app_run(app, stopping) as stop:
            began = time.monotonic()
            assert stop.wait(20)
            waited.append(time.monotonic() - began)

    app = desk.app()
    thread = in_thread(lambda: wait_for_ever(app))
    until(lambda: app.stop(NAME))
    thread.join(20)
    assert waited
    assert waited[0] < 2


def test_a_stop_of_the_whole_process_reaches_a_waiting_run_at_once(desk: Desk) -> None:
    stopping = threading.Event()
    with app_run(desk.app(), stopping) as stop:
        assert not stop.wait(0.01)
        threading.Timer(0.1, stopping.set).start()
        began = time.monotonic()
        assert stop.wait(20)
        assert time.monotonic() - began < 2
        assert stop.is_set()
    assert stopping.is_set()


def test_a_run_asked_to_stop_does_not_stop_the_others_of_its_process(desk: Desk, until: Until) -> None:
    stopping, app = threading.Event(), desk.app()
    with app_run(app, stopping) as stop:
        assert app.stop(NAME) is not None
        assert stop.wait(5)
    assert not stopping.is_set()


def test_there_is_nothing_to_stop_before_between_and_after_runs(desk: Desk) -> None:
    app = desk.app()
    assert app.stop(NAME) is None
    desk.run()
    assert app.stop(NAME) is None


@certain
def test_there_is_nothing_to_stop_once_the_process_is_gone(desk: Desk, until: Until) -> None:
    process = write_under_way(desk, until)
    asked = desk.app().stop(NAME)
    process.kill()
    process.communicate()
    assert asked is not None
    assert asked.ended(20) == ""
    assert desk.app().stop(NAME) is None


def test_looking_needs_no_lease_and_remembers_nothing(desk: Desk, store: Store, until: Until) -> None:
    process = write_under_way(desk, until)
    app = desk.app()
    assert app.check(NAME)["target"].id == "desk-1"
    assert app.plan(NAME).connection == NAME
    assert app.explain(NAME, "customer", "1")["verdict"] == "sync"
    assert len(list(app.records(NAME))) == CUSTOMERS
    assert [run["status"] for run in app.runs(NAME)] == ["running"]
    assert store.remembered(store.connection_id(NAME), "target", "checked") is None
    desk.let_go()
    assert told(process)["status"] == "succeeded"
