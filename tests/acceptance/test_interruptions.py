"""What if a run ends in the middle? What was read stays, the next run goes on, and nothing is written twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from .comparison import check_what_arrived
from .interference import is_page
from .scene import NAME, Row, Scene, below

PATIENCE = 30.0
Pages = list[str]


def pages_of(rows: list[Row], path: str) -> Pages:
    """The queries of the pages asked of one list."""
    return [row["query"] for row in rows if below(row["path"]) == path]


def refuse_pages(scene: Scene, path: str, *, after: int) -> None:
    """Let the first `after` pages of a list pass, and refuse the later ones."""
    passed = 0

    async def between(request: Request) -> Response | None:
        nonlocal passed
        if not request.url.path.endswith(f"/v2/{path}"):
            return None
        passed += 1
        return None if passed <= after else Response('{"error": "Unprocessable"}', 422, media_type="application/json")

    scene.served.interference.between = between


def test_a_crawl_that_fails_goes_on_at_the_page_it_had_reached(usual: Scene) -> None:
    refuse_pages(usual, "customer_invoices", after=2)
    failed = usual.sync()
    assert (failed.report["status"], failed.exit_code) == ("incomplete", 1)
    assert failed.writes == []

    usual.served.interference.between = None
    resumed = usual.synced()

    assert len(pages_of(failed.pennylane, "customer_invoices")) == 3
    assert len(pages_of(resumed.pennylane, "customer_invoices")) == 1
    assert pages_of(resumed.pennylane, "customers") == []
    assert any("interrupted goes on" in note for note in resumed.report["notes"])
    check_what_arrived(usual, "fix")
    assert usual.synced().upflow == []


def test_an_interrupted_crawl_takes_nothing_for_deleted(usual: Scene) -> None:
    usual.configure(connection="on_delete: delete")
    usual.synced()
    refuse_pages(usual, "customer_invoices", after=1)

    failed = usual.sync(full=True)

    assert failed.report["status"] == "incomplete"
    assert failed.writes == []
    assert all(kind["gone"] == kind["deleted"] == 0 for kind in failed.report["kinds"].values())
    usual.served.interference.between = None
    usual.synced()
    check_what_arrived(usual, "fix")


def test_what_was_deleted_between_the_halves_of_a_crawl_is_told_by_the_feed(usual: Scene) -> None:
    usual.configure(connection="on_delete: delete")
    usual.synced()
    refuse_pages(usual, "customer_invoices", after=2)
    usual.sync(full=True)
    usual.served.interference.between = None
    usual.remove("customer_invoices", usual.ledger("customer_invoices")[0]["id"])

    usual.synced()
    usual.synced()

    check_what_arrived(usual, "fix")


def test_a_run_told_to_stop_while_it_reads_stops_after_the_page_and_the_next_completes(usual: Scene) -> None:
    stopping = threading.Event()

    async def between(request: Request) -> Response | None:
        if is_page(request, "customer_invoices", later=True):
            stopping.set()
        return None

    usual.served.interference.between = between
    stopped = usual.sync(stopping=stopping)
    assert (stopped.report["status"], stopped.exit_code) == ("stopped", 1)
    assert stopped.writes == []

    usual.served.interference.between = None
    usual.synced()
    check_what_arrived(usual, "fix")


class Held:
    """Lets the first `free` of something pass, then tells that another came, and holds it until `release` is set."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.came = threading.Event()
        self.release = threading.Event()

    async def wait(self) -> None:
        self.free -= 1
        if self.free >= 0:
            return
        self.came.set()
        while not self.release.is_set():
            await asyncio.sleep(0.01)


def kill_when(scene: Scene, came: threading.Event) -> None:
    """Start `duebridge sync` as a process of its own, and kill it once `came` is set."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "duebridge.core.cli", "--config", str(scene.yaml), "sync", NAME],
        env={**os.environ, **scene.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert came.wait(PATIENCE), "it never came so far"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)


def hold_a_page(scene: Scene, held: Held) -> None:
    async def between(request: Request) -> Response | None:
        if is_page(request, "customer_invoices", later=True):
            await held.wait()
        return None

    scene.served.interference.between = between


def hold_a_write(scene: Scene, held: Held) -> None:
    scene.served.upflow.pause = held.wait


@pytest.mark.parametrize(("hold", "free"), [(hold_a_page, 1), (hold_a_write, 120)])
def test_after_a_killed_process_the_next_run_completes_without_a_second_copy_of_anything(
    usual: Scene, hold: Callable[[Scene, Held], None], free: int
) -> None:
    held = Held(free)
    hold(usual, held)
    kill_when(usual, held.came)
    held.release.set()
    usual.served.interference.between = None

    run = usual.synced()

    check_what_arrived(usual, "fix")
    assert len(pages_of(run.pennylane, "customer_invoices")) <= 3
    assert usual.served.upflow.overlapping_writes == []
    assert usual.synced().upflow == []
