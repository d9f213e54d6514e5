"""What happens between ticks and runs? Real ticks, real threads; `run` stands where the application's `sync` goes."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from duebridge.core.connector import Schedule
from duebridge.core.edge.logs import configure
from duebridge.core.engine.report import Report
from duebridge.core.errors import AlreadyRunning, AuthError, ConfigError, RunError
from duebridge.core.scheduler import Scheduler, Standing

from .conftest import Make, Until

SECOND = Schedule(every="1s")
HOUR = Schedule(every="1h")
Find = Callable[[Scheduler, str], Standing]


class Runs:
    """Counts runs, and holds each until `release` is set; `overlaps` counts two of one connection at once."""

    def __init__(self) -> None:
        self.began: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.overlaps = 0
        self.release = threading.Event()
        self.outcome: Callable[[str], Report] = lambda name: Report(name, 1)

    def __call__(self, name: str, _halting: threading.Event) -> Report:
        self.began[name] += 1
        self.under_way[name] += 1
        self.overlaps += self.under_way[name] > 1
        assert self.release.wait(30)
        self.under_way[name] -= 1
        self.ended[name] += 1
        return self.outcome(name)


@pytest.fixture
def runs() -> Runs:
    """Runs that end at once."""
    made = Runs()
    made.release.set()
    return made


@pytest.fixture
def held() -> Runs:
    """Runs that end when `release` is set."""
    return Runs()


def test_the_first_run_comes_at_once_and_the_next_at_its_interval(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    scheduler = started({"a": HOUR}, runs)
    until(lambda: standing(scheduler, "a").last_status == "succeeded")
    row = standing(scheduler, "a")
    assert runs.began == {"a": 1}
    assert row.state == "scheduled"
    assert row.next_run is not None
    assert timedelta(minutes=59) < row.next_run - datetime.now(UTC) <= timedelta(hours=1)


def test_a_daily_connection_waits_for_its_time(started: Make, runs: Runs, standing: Find) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    scheduler = started({"a": Schedule(daily=later.strftime("%H:%M"))}, runs)
    assert standing(scheduler, "a").next_run == later.replace(second=0, microsecond=0)
    assert not runs.began


def test_a_connection_without_a_schedule_runs_only_when_asked(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    scheduler = started({"a": None, "b": HOUR}, runs)
    until(lambda: runs.ended["b"] == 1)
    assert runs.began["a"] == 0
    assert standing(scheduler, "a").state == "manual"
    for number in (1, 2):
        assert scheduler.run_now("a")
        until(lambda number=number: runs.ended["a"] == number and standing(scheduler, "a").state == "manual")


def test_a_slow_run_is_never_joined_by_another_of_its_connection(
    started: Make, until: Until, held: Runs, standing: Find
) -> None:
    scheduler = started({"slow": SECOND, "quick": None}, held)
    until(lambda: standing(scheduler, "slow").missed >= 2)
    row = standing(scheduler, "slow")
    assert (row.state, held.began["slow"]) == ("running", 1)
    assert row.last_missed is not None
    assert not scheduler.run_now("slow")
    held.release.set()
    until(lambda: held.ended["slow"] >= 2)
    assert held.overlaps == 0


def test_ticks_missed_during_a_slow_run_are_not_made_up_for(
    started: Make, until: Until, held: Runs, standing: Find
) -> None:
    scheduler = started({"slow": SECOND}, held)
    until(lambda: standing(scheduler, "slow").missed >= 2)
    scheduler._engine.modify_job("slow", next_run_time=datetime.now(UTC) + timedelta(hours=1))
    held.release.set()
    until(lambda: standing(scheduler, "slow").state == "scheduled")
    assert (held.began["slow"], held.ended["slow"]) == (1, 1)


def test_a_tick_while_another_process_runs_the_connection_is_left_out_and_no_failure(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    def busy(name: str) -> Report:
        raise AlreadyRunning(f"{name} is being run by process 1")

    runs.outcome = busy
    scheduler = started({"a": SECOND}, runs)
    until(lambda: standing(scheduler, "a").missed >= 2 and standing(scheduler, "a").state == "scheduled")
    row = standing(scheduler, "a")
    assert (row.last_status, row.reason) == (None, "")
    assert row.last_missed is not None
    runs.outcome = lambda name: Report(name, 1)
    until(lambda: standing(scheduler, "a").last_status == "succeeded")


def test_hours_of_overdue_ticks_make_one_run_and_are_told(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    scheduler = started({"a": Schedule(every="10m")}, runs)
    until(lambda: runs.ended["a"] == 1)
    overdue = datetime.now(UTC) - timedelta(hours=5, minutes=5)
    scheduler._engine.modify_job("a", next_run_time=overdue)
    until(lambda: standing(scheduler, "a").missed == 1 and runs.ended["a"] == 2)
    row = standing(scheduler, "a")
    assert row.last_missed == overdue + timedelta(hours=5)
    assert row.next_run == overdue + timedelta(hours=5, minutes=10)
    assert runs.began["a"] == 2


def test_shutdown_waits_for_the_running_sync_and_starts_nothing_more(
    started: Make, until: Until, held: Runs, standing: Find
) -> None:
    scheduler = started({"slow": SECOND}, held)
    until(lambda: held.began["slow"] == 1)
    ending = threading.Thread(target=scheduler.shutdown)
    ending.start()
    ending.join(0.3)
    assert ending.is_alive()
    assert not scheduler.run_now("slow")
    assert standing(scheduler, "slow").state == "running"
    held.release.set()
    ending.join(20)
    assert not ending.is_alive()
    assert (held.began["slow"], held.ended["slow"]) == (1, 1)
    assert standing(scheduler, "slow").last_status == "succeeded"
    scheduler.shutdown()


def test_what_waits_for_a_free_thread_at_shutdown_does_not_start(started: Make, until: Until, held: Runs) -> None:
    names = [f"c{number}" for number in range(10)]
    scheduler = started(dict.fromkeys(names), held)
    for name in names:
        assert scheduler.run_now(name)
    until(lambda: sum(held.began.values()) == 8)
    ending = threading.Thread(target=scheduler.shutdown)
    ending.start()
    until(lambda: not scheduler.run_now(names[-1]))
    held.release.set()
    ending.join(20)
    assert not ending.is_alive()
    assert sum(held.began.values()) == sum(held.ended.values()) == 8


def test_a_run_that_ends_by_pausing_its_connection_does_not_hold_up_shutdown(
    started: Make, until: Until, held: Runs, standing: Find
) -> None:
    held.outcome = lambda name: Report(name, 1, status="failed", exit_code=3, error="the token was revoked")
    scheduler = started({"a": SECOND}, held)
    until(lambda: held.began["a"] == 1)
    ending = threading.Thread(target=scheduler.shutdown)
    ending.start()
    until(lambda: not scheduler.run_now("a"))
    held.release.set()
    ending.join(20)
    assert not ending.is_alive()
    assert standing(scheduler, "a").state == "paused"


def test_halting_reaches_the_running_sync(started: Make, until: Until, standing: Find) -> None:
    def run(name: str, halting: threading.Event) -> Report:
        assert halting.wait(30)
        return Report(name, 1, status="stopped", exit_code=1)

    scheduler = started({"a": HOUR}, run)
    until(lambda: standing(scheduler, "a").state == "running")
    scheduler.halting.set()
    scheduler.shutdown()
    assert standing(scheduler, "a").last_status == "stopped"


def refused(name: str) -> Report:
    return Report(name, 1, status="failed", exit_code=3, error="Pennylane refuses the token")


def raises_auth_error(name: str) -> Report:
    raise AuthError("Pennylane refuses the token")


@pytest.mark.parametrize("outcome", [refused, raises_auth_error])
def test_a_refused_credential_pauses_the_connection_until_a_person_has_seen_to_it(
    started: Make, until: Until, runs: Runs, standing: Find, outcome: Callable[[str], Report]
) -> None:
    runs.outcome = lambda name: outcome(name) if name == "a" else Report(name, 1)
    scheduler = started({"a": SECOND, "other": SECOND}, runs)
    until(lambda: runs.ended["other"] >= 3)
    row = standing(scheduler, "a")
    assert (row.state, row.next_run, row.last_status) == ("paused", None, "failed")
    assert row.reason == "Pennylane refuses the token"
    assert runs.began["a"] == 1

    runs.outcome = lambda name: Report(name, 1)
    assert scheduler.run_now("a")
    until(lambda: standing(scheduler, "a").state == "scheduled")
    until(lambda: runs.ended["a"] >= 3)
    assert standing(scheduler, "a").reason == ""


def test_a_manual_connection_whose_credential_is_mended_is_manual_again(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    runs.outcome = refused
    scheduler = started({"a": None}, runs)
    scheduler.run_now("a")
    until(lambda: standing(scheduler, "a").state == "paused")
    runs.outcome = lambda name: Report(name, 1)
    assert scheduler.run_now("a")
    until(lambda: standing(scheduler, "a").state == "manual")


def test_a_connection_that_cannot_be_used_as_configured_is_disabled(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    def outcome(name: str) -> Report:
        raise ConfigError("the target takes whole snapshots")

    runs.outcome = outcome
    scheduler = started({"a": SECOND}, runs)
    until(lambda: standing(scheduler, "a").state == "disabled")
    row = standing(scheduler, "a")
    assert (row.next_run, row.reason) == (None, "the target takes whole snapshots")


def test_a_schedule_that_cannot_be_read_disables_its_connection_alone(
    started: Make, until: Until, runs: Runs, standing: Find
) -> None:
    scheduler = started({"a": Schedule(cron="61 * * * *"), "b": HOUR}, runs)
    until(lambda: runs.ended["b"] == 1)
    assert standing(scheduler, "a").state == "disabled"
    assert "61" in standing(scheduler, "a").reason
    assert scheduler.run_now("a")
    until(lambda: runs.ended["a"] == 1 and standing(scheduler, "a").last_status == "succeeded")
    assert standing(scheduler, "a").state == "disabled"


@pytest.mark.parametrize("error", [RunError("host unreachable"), ValueError("a defect")])
def test_a_failing_connection_comes_back_at_its_next_tick_and_leaves_the_others_running(
    started: Make, until: Until, runs: Runs, standing: Find, error: Exception
) -> None:
    def outcome(name: str) -> Report:
        if name == "bad":
            raise error
        return Report(name, 1)

    runs.outcome = outcome
    scheduler = started({"bad": SECOND, "good": SECOND}, runs)
    until(lambda: runs.ended["bad"] >= 2 and runs.ended["good"] >= 2)
    until(lambda: standing(scheduler, "bad").last_status in {"failed", "crashed"})
    assert standing(scheduler, "bad").last_status == ("failed" if isinstance(error, RunError) else "crashed")
    assert standing(scheduler, "good").last_status == "succeeded"


def test_what_a_person_must_know_is_logged_to_stderr_alone(
    started: Make, until: Until, runs: Runs, standing: Find, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("info", form="json")

    def outcome(name: str) -> Report:
        if name == "crashing":
            raise ValueError("a defect")
        return refused(name)

    runs.outcome = outcome
    scheduler = started({"crashing": HOUR, "refused": HOUR, "by-hand": None}, runs)
    until(lambda: {standing(scheduler, name).last_status for name in ("crashing", "refused")} == {"crashed", "failed"})
    scheduler.shutdown()
    out, err = capsys.readouterr()
    lines = {(line["event"], line.get("connection")): line for line in map(json.loads, err.splitlines())}
    assert out == ""
    assert lines["scheduler started", None]["by_hand"] == ["by-hand"]
    assert "ValueError: a defect" in next(line["exception"] for (_, name), line in lines.items() if name == "crashing")
    assert "duebridge check" in lines["connection paused", "refused"]["next"]
    assert len(lines) == len(err.splitlines()) == 3


def test_an_unknown_connection_is_refused_with_the_known_ones(started: Make, runs: Runs) -> None:
    scheduler = started({"acme-upflow": None}, runs)
    with pytest.raises(ConfigError, match="acme-upflow"):
        scheduler.run_now("acme")


def test_nothing_configured_is_no_error(started: Make, runs: Runs) -> None:
    assert started({}, runs).status() == []


def test_a_status_can_be_asked_for_before_the_start_and_after_the_end(runs: Runs) -> None:
    scheduler = Scheduler({"a": HOUR}, runs)
    assert [row.next_run for row in scheduler.status()] == [None]
    scheduler.shutdown()
    assert [row.next_run for row in scheduler.status()] == [None]
