"""What the scheduler's tests share: waiting for something to become true, and schedulers that end with the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from duebridge.core.connector import Schedule
from duebridge.core.engine.report import Report
from duebridge.core.scheduler import Scheduler, Standing

Run = Callable[[str, threading.Event], Report]
Make = Callable[[Mapping[str, Schedule | None], Run], Scheduler]
Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def until() -> Until:
    """Return a function that polls a condition, and fails the test when it stays false for 20 seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within 20 seconds"
            pause.wait(0.01)

    return wait


@pytest.fixture
def started() -> Iterator[Make]:
    """Return a maker of started schedulers; each is shut down, its runs asked to end, after the test."""
    made: list[Scheduler] = []

    def make(schedules: Mapping[str, Schedule | None], run: Run) -> Scheduler:
        scheduler = Scheduler(schedules, run)
        made.append(scheduler)
        scheduler.start()
        return scheduler

    yield make
    for scheduler in made:
        scheduler.halting.set()
        scheduler.shutdown()


@pytest.fixture
def standing() -> Callable[[Scheduler, str], Standing]:
    """Return a function that finds one connection's row."""
    return lambda scheduler, name: next(row for row in scheduler.status() if row.connection == name)
