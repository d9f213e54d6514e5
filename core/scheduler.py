"""When does each connection run, and what happens to its schedule after a run?

    configuration -> one job per connection (memory only) -> tick -> run(name, halting) -> Report -> Standing

docs/decisions/0005-scheduler.md says why it behaves as it does.
"""

from __future__ import annotations

import logging
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

# APScheduler ships no types (3.11); what comes from it is annotated where it enters.
from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_SUBMITTED,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from duebridge.core.connector import Schedule
from duebridge.core.crontab import Crontab, crontab
from duebridge.core.edge.logs import logger
from duebridge.core.errors import AlreadyRunning, AuthError, ConfigError, DueBridgeError

if TYPE_CHECKING:
    from duebridge.core.app import App
    from duebridge.core.engine.report import Report

#: How many connections run at once; a run is mostly waiting, and one SQLite file takes one writer at a time.
MOST_AT_ONCE = 8
#: First runs start this far apart, so that a restart doesn't begin every crawl at one instant.
STAGGER = timedelta(seconds=1)
#: A tick handled later than this counts as missed (it still runs, once).
LATE = timedelta(minutes=1)
#: How often the clock is looked at: a sleeping computer stops the timer threads wait on, not the clock. A signal that
#: comes just before the wait is seen at its end, so it is short.
PULSE_SECONDS = 1.0

State = Literal["scheduled", "running", "manual", "paused", "disabled"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one connection's schedule stands. Instants are UTC.

    `last_status` is the last report's status, or `crashed` after an unexpected error. `last_missed` is when a tick last
    fell on a run still under way, here or in another process (nothing is made up for it), or was handled late; `missed`
    counts both.
    `reason` says why it is paused or disabled.
    """

    connection: str
    state: State
    next_run: datetime | None = None
    last_status: str | None = None
    last_ended: datetime | None = None
    last_missed: datetime | None = None
    missed: int = 0
    reason: str = ""


class Scheduler:
    """Runs connections on their schedules, from threads of its own."""

    def __init__(self, schedules: Mapping[str, Schedule | None], run: Callable[[str, threading.Event], Report]) -> None:
        """Keep a schedule per connection (None: only when asked); `run(name, halting)` is one run of a connection.

        `halting` is the event that asks running syncs to end after the writes in flight.
        """
        self.halting = threading.Event()
        self._schedules = dict(schedules)
        self._run = run
        self._log = logger()
        self._standings = {name: Standing(name, "manual") for name in schedules}
        self._running: set[str] = set()
        self._closing = False
        # Nothing of APScheduler is called while this is held: its listeners take it inside APScheduler's own locks.
        self._changed = threading.Condition()
        self._engine = _engine(len(schedules))
        self._engine.add_listener(self._heard, EVENT_JOB_SUBMITTED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR)

    @classmethod
    def of(cls, app: App) -> Scheduler:
        """Return a scheduler for the connections `app` is configured with."""
        connections = app.configuration.connections
        return cls(
            {
                name: given if isinstance(given := connections[name].schedule, Schedule) else None
                for name in connections
            },
            lambda name, halting: app.sync(name, stopping=halting),
        )

    def start(self) -> None:
        """Begin to tick. Interval connections run at once, a second apart; the others at their next time of day."""
        self._engine.start()
        first = datetime.now(UTC)
        for name, schedule in self._schedules.items():
            if schedule is not None:
                self._schedule(name, schedule, first)
                first += STAGGER
        rows = self.status()
        self._log.info(
            "scheduler started",
            next_runs={row.connection: row.next_run.isoformat() for row in rows if row.next_run is not None},
            by_hand=[row.connection for row in rows if row.state == "manual"],
        )

    def status(self) -> list[Standing]:
        """Return how every connection stands, in the order of the configuration."""
        with self._changed:
            rows = [
                replace(row, state="running" if row.connection in self._running else row.state)
                for row in self._standings.values()
            ]
        return [replace(row, next_run=self._next_run(row.connection)) for row in rows]

    def run_now(self, name: str) -> bool:
        """Make `name` due at once; lifts a pause. False when it is running already, or we are shutting down.

        Raises `ConfigError` for a connection that isn't configured.
        """
        if name not in self._standings:
            raise ConfigError(f"there is no connection {name!r}; known: {', '.join(self._standings) or 'none'}")
        with self._changed:
            if self._closing or name in self._running:
                return False
        now = datetime.now(UTC)
        if self._engine.get_job(name) is None:
            self._add(name, DateTrigger(now, UTC), now)
        else:
            self._engine.modify_job(name, next_run_time=now)
        return True

    def wake(self) -> None:
        """Look at the clock again."""
        self._engine.wakeup()

    def shutdown(self) -> None:
        """Start nothing more, and return when the running syncs have finished; safe to call again."""
        with self._changed:
            self._closing = True
        if not self._engine.running:
            return
        self._engine.pause()
        # Waited for here: APScheduler waits with its job store locked, which a run that ends by pausing its job needs.
        with self._changed:
            self._changed.wait_for(lambda: not self._running)
        self._engine.shutdown()

    def _schedule(self, name: str, schedule: Schedule, first: datetime) -> None:
        try:
            trigger = trigger_of(schedule)
        except ConfigError as error:
            self._note(name, state="disabled", reason=str(error))
            self._log.error("connection disabled", connection=name, error=str(error))
            return
        self._note(name, state="scheduled")
        self._add(name, trigger, first if schedule.every is not None else trigger.get_next_fire_time(None, first))

    def _add(self, name: str, trigger: BaseTrigger, due: datetime) -> None:
        self._engine.add_job(
            self._tick, trigger, args=(name,), id=name, name=name, next_run_time=due, replace_existing=True
        )

    def _tick(self, name: str) -> None:
        with self._changed:
            if self._closing:
                return
            self._running.add(name)
        try:
            report = self._run(name, self.halting)
            self._settle(name, report.status, report.exit_code, report.error or "")
        except AlreadyRunning as elsewhere:
            self._leave_out(name, str(elsewhere))
        except DueBridgeError as error:
            self._settle(name, "failed", error.exit_code, str(error))
        finally:
            with self._changed:
                self._running.discard(name)
                self._changed.notify_all()

    def _leave_out(self, name: str, why: str) -> None:
        """Another process runs it: its run carries over what this tick would have."""
        self._missed(name, datetime.now(UTC))
        self._note(name, **self._resting(name))
        self._log.info("tick left out, another process runs the connection", connection=name, why=why)

    def _settle(self, name: str, status: str, exit_code: int, why: str) -> None:
        ended: dict[str, Any] = {"last_status": status, "last_ended": datetime.now(UTC)}
        if exit_code == AuthError.exit_code:
            self._hold(name, "paused", why, "correct the credentials or reconnect, prove them with `duebridge check`")
            self._note(name, **ended, state="paused", reason=why)
        elif exit_code == ConfigError.exit_code:
            self._hold(name, "disabled", why, "correct the configuration")
            self._note(name, **ended, state="disabled", reason=why)
        else:
            if exit_code:
                self._log.warning("run did not succeed", connection=name, status=status, error=why)
            self._note(name, **ended, **self._resting(name))

    def _hold(self, name: str, state: str, why: str, advice: str) -> None:
        if self._engine.get_job(name) is not None:
            self._engine.pause_job(name)
        self._log.error(
            f"connection {state}",
            connection=name,
            error=why,
            next=f"{advice}, then start `duebridge serve` again",
        )

    def _resting(self, name: str) -> dict[str, Any]:
        """Return the state a run that ended well leaves; a schedule that can't be read stays disabled."""
        if self._engine.get_job(name) is not None:
            return {"state": "scheduled", "reason": ""}
        return {"state": "manual", "reason": ""} if self._schedules[name] is None else {}

    def _next_run(self, name: str) -> datetime | None:
        job = self._engine.get_job(name)
        due: datetime | None = getattr(job, "next_run_time", None)
        return None if due is None else due.astimezone(UTC)

    def _note(self, name: str, **changes: Any) -> None:
        with self._changed:
            self._standings[name] = replace(self._standings[name], **changes)

    def _missed(self, name: str, due: datetime) -> None:
        with self._changed:
            self._note(name, last_missed=due.astimezone(UTC), missed=self._standings[name].missed + 1)

    def _heard(self, event: Any) -> None:
        """Take an event of APScheduler's, in whatever thread it happens."""
        name: str = event.job_id
        if event.code == EVENT_JOB_ERROR:
            self._note(name, last_status="crashed", last_ended=datetime.now(UTC))
            self._log.error("run crashed; the next one comes as scheduled", connection=name, exc_info=event.exception)
            return
        due: datetime = event.scheduled_run_times[-1]
        if event.code == EVENT_JOB_MAX_INSTANCES:
            self._missed(name, due)
            self._log.info("tick left out, the run before it is still under way", connection=name, due=due.isoformat())
        elif (late := datetime.now(UTC) - due) > LATE:
            self._missed(name, due)
            self._log.warning("tick handled late, run once", connection=name, late_seconds=round(late.total_seconds()))


def _engine(connections: int) -> BackgroundScheduler:
    # The events tell the same, with the connection's name and in our words.
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(max(1, min(MOST_AT_ONCE, connections)))},
        # No grace time: a tick that comes late is never dropped, and however many are overdue they make one run.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
    )


def serve(app: App, stopping: threading.Event | None = None) -> int:
    """Run every connection on its schedule until `stopping` is set or the process is told to end; return 0.

    The first SIGINT or SIGTERM lets running syncs finish, the second ends them after the writes in flight.
    """
    stopping = stopping or threading.Event()
    scheduler = Scheduler.of(app)
    with _signals(stopping, scheduler.halting):
        scheduler.start()
        try:
            while not stopping.wait(PULSE_SECONDS):
                scheduler.wake()
        finally:
            scheduler.shutdown()
    return 0


@contextmanager
def _signals(stopping: threading.Event, halting: threading.Event) -> Iterator[None]:
    """Turn the first signal into `stopping`, the next into `halting`; only the main thread can listen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler may interrupt the very wait whose lock `Event.set` needs; a simple queue is safe to put to from there.
    signals: SimpleQueue[int | None] = SimpleQueue()

    def handler(number: int, _frame: FrameType | None) -> None:
        signals.put(number)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    watcher = threading.Thread(target=_obey, args=(signals, stopping, halting), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
        signals.put(None)
        watcher.join()


def _obey(signals: SimpleQueue[int | None], stopping: threading.Event, halting: threading.Event) -> None:
    log = logger()
    while (number := signals.get()) is not None:
        if stopping.is_set():
            log.warning("stopping after the writes in flight", signal=signal.Signals(number).name)
            halting.set()
        else:
            log.info("stopping when the running syncs have finished; repeat to end them", signal=number)
            stopping.set()


# --- when: schedules as instants ---

_LONGEST_SECONDS = 366 * 86400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class WallClock(BaseTrigger):  # type: ignore[misc]  # untyped where it comes from
    """A `Crontab` as APScheduler's trigger; its own CronTrigger loses days around daylight saving."""

    def __init__(self, crontab: Crontab) -> None:
        """Come when `crontab` does."""
        self._crontab = crontab

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the instant after `previous_fire_time`, or after `now` when there was none."""
        return self._crontab.after(previous_fire_time or now)


def trigger_of(schedule: Schedule) -> BaseTrigger:
    """Return what tells APScheduler the instants of `schedule`. Raises `ConfigError` saying what can't be read."""
    if schedule.every is not None:
        return IntervalTrigger(seconds=_seconds(schedule.every), timezone=UTC)
    if schedule.daily is not None:
        hour, minute = _time_of_day(schedule.daily)
        return WallClock(crontab(f"{minute} {hour} * * *", schedule.timezone))
    if schedule.cron is not None:
        return WallClock(crontab(schedule.cron, schedule.timezone))
    raise ConfigError("a schedule needs one of every, daily, cron")


def _seconds(duration: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", duration.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 1 <= seconds <= _LONGEST_SECONDS:
        raise ConfigError(
            f"every {duration!r} can't be used; write a number with s, m, h or d, such as 10m, a year at most"
        )
    return seconds


def _time_of_day(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if match is None:
        raise ConfigError(f"daily {text!r} is no time of day; write hours and minutes, such as 06:00")
    return int(match[1]), int(match[2])
