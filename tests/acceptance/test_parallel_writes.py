"""How many writes are under way at once, for whom, and how many in a minute?"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable

from .comparison import check_what_arrived
from .scene import Row, Run, Scene

SECONDS = 30.0
LINKED = ("invoices", "creditNotes", "payments")


class Meter:
    """Makes every write last a while, and counts how many are under way."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = self.most = 0

    async def pause(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1


def test_five_writes_at_most_are_under_way_and_never_two_for_one_customer(usual: Scene) -> None:
    meter = Meter(0.004)
    usual.served.upflow.pause = meter.pause

    run = usual.synced()

    assert usual.served.upflow.overlapping_writes == []
    assert 3 <= meter.most <= 5
    assert {row["status"] for row in run.upflow} <= {200, 201}


def test_nothing_is_written_before_what_it_refers_to(usual: Scene) -> None:
    usual.served.upflow.pause = Meter(0.004).pause

    run = usual.synced()

    made: set[str] = set()
    for row in run.upflow:
        body = row["body"] or {}
        named = [body.get("customer"), *(each for name in LINKED for each in body.get(name, ()))]
        assert {each["externalId"] for each in named if each} <= made, row
        made.add(body.get("externalId", ""))


def test_requests_per_minute_holds_the_rest_back_and_a_stop_is_noticed_meanwhile(usual: Scene) -> None:
    gc.collect()  # a client of an earlier test, with its budget for the same key, may still be lying about
    usual.configure(pace="requests_per_minute: 30")
    stopping, runs = threading.Event(), list[Run]()
    thread = threading.Thread(target=lambda: runs.append(usual.sync(stopping=stopping)))
    thread.start()
    try:
        wait_for(lambda: len(at_upflow(usual)) >= 30)
        end = time.monotonic() + 2.0
        wait_for(lambda: len(at_upflow(usual)) > 30 or time.monotonic() > end)
    finally:
        stopping.set()
        thread.join(SECONDS)

    assert len(at_upflow(usual)) == 30
    assert (runs[0].report["status"], runs[0].report["requests"]["target"]) == ("stopped", 30)
    gc.collect()
    usual.configure()
    usual.synced()
    check_what_arrived(usual, "fix")


def at_upflow(scene: Scene) -> list[Row]:
    return [row for row in scene.journal() if row["product"] == "upflow"]


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happened() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
