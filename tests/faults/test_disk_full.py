"""The disk is full in the middle of a page, an intent, a settlement: is it said, is the file sound, does it resume?

Full in two ways: SQLite may not add a page (`PRAGMA max_page_count`), and the process may not let a file grow
(RLIMIT_FSIZE), which fails every write of a `duebridge sync` from one moment on.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event
from starlette.requests import Request
from starlette.responses import Response

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.engine.report import Report
from duebridge.core.leasing import LeaseTerms, leased
from duebridge.core.store.store import Store

from ..acceptance.comparison import check_what_arrived
from ..acceptance.interference import is_page
from ..acceptance.scene import NAME, OpenScene, Scene
from .conftest import Figure
from .database import ask, check_sound

PATIENCE = 60.0


@pytest.fixture
def ledger(open_scene: OpenScene) -> Scene:
    """A ledger of several pages, which is written in several batches."""
    return open_scene(customers=40, invoices=400)


@dataclass
class Disk:
    """Gives a store's database no page more from the `nth` statement that begins with `words` on."""

    words: str
    nth: int
    full: bool = False
    failed: list[str] = field(default_factory=list)

    def hold(self, store: Store) -> None:
        """Watch the statements of `store`."""
        event.listen(store._engine, "before_cursor_execute", self._before)
        event.listen(store._engine, "handle_error", self._error)

    def _before(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.nth -= statement.startswith(self.words)
        self.full = self.full or self.nth == 0
        if self.full:
            (count,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {count}")

    def _error(self, context: Any) -> None:
        self.failed.append(str(context.statement))


MOMENTS = {
    "mid page": ("INSERT INTO records", 3),
    "mid intent": ("INSERT INTO intents", 4),
    "mid settle": ("UPDATE records SET accepted_fingerprint", 2),
    "at the first page": ("INSERT INTO records", 1),
}


def run_over(scene: Scene, disk: Disk) -> Report:
    """A run whose database is on `disk`."""
    configuration = load_configuration(scene.yaml, scene.registry, scene.environ)
    store = Store.open(configuration.database)
    disk.hold(store)
    app = App(configuration, scene.registry, store, now=scene.clock)
    try:
        return app.sync(NAME)
    finally:
        app.close()


def check_told(scene: Scene, message: str | None) -> None:
    """The message says what, where, and what to do."""
    assert message is not None
    assert str(scene.folder / "duebridge.db") in message
    assert "make room" in message or "look at the disk" in message
    assert "run again" in message
    assert "Traceback" not in message


def check_resumed(scene: Scene) -> None:
    """The next run, with room, ends where an undisturbed one ends; what was settled isn't sent again."""
    check_sound(scene)
    settled = {key for (key,) in ask(scene, "SELECT reference FROM records WHERE accepted_fingerprint IS NOT NULL")}

    resumed = scene.synced()

    assert settled & {key for _, _, key in resumed.writes} == set()
    check_what_arrived(scene, "fix")
    assert ask(scene, "SELECT n FROM intents") == []
    assert ask(scene, "SELECT id FROM runs WHERE ended_at IS NULL") == []
    assert scene.synced().upflow == []
    check_sound(scene)


@pytest.mark.parametrize("moment", MOMENTS)
def test_without_a_page_left_the_run_says_so_and_the_next_completes_it(
    ledger: Scene, moment: str, figure: Figure
) -> None:
    disk = Disk(*MOMENTS[moment])

    report = run_over(ledger, disk)

    assert disk.failed[0].startswith(disk.words)
    assert (report.status, report.exit_code) == ("incomplete", 1)
    check_told(ledger, report.error)
    assert "database or disk is full" in (report.error or "")
    written = [row for row in ledger.journal() if row["product"] == "upflow" and row["method"] != "GET"]
    assert (written == []) == (moment in ("mid page", "at the first page"))
    if moment == "mid settle":
        assert ask(ledger, "SELECT count(*) FROM intents") > [(0,)]
    check_resumed(ledger)
    figure(f"no page left {moment}", "incomplete, exit 1; integrity_check ok; completed by the next run, 0 duplicates")


def test_a_run_whose_end_cannot_be_kept_says_so_and_is_not_called_succeeded(ledger: Scene) -> None:
    store = Store.open(f"sqlite:///{ledger.folder / 'duebridge.db'}")
    connection_id = store.connection_id(NAME)
    disk = Disk("UPDATE runs", 1)
    with leased(store, NAME, connection_id, LeaseTerms(), threading.Event()) as hold:
        report = Report(NAME, hold.begin_run(NAME, connection_id, ledger.clock()), notes=["x" * 20_000])
        disk.hold(store)

        hold.conclude(report, ledger.clock())

    store.close()
    assert disk.failed[0].startswith("UPDATE runs")
    assert (report.status, report.exit_code) == ("incomplete", 1)
    check_told(ledger, report.error)
    assert "could not be kept" in report.notes[-1]
    check_sound(ledger)


@dataclass
class Gate:
    """Lets `free` of something pass, then tells that another came, and holds it until `release`."""

    free: int
    came: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    async def wait(self) -> None:
        """Pass, or wait."""
        self.free -= 1
        if self.free < 0:
            self.came.set()
            while not self.release.is_set():
                await asyncio.sleep(0.01)


def gate_pages(scene: Scene, gate: Gate) -> None:
    async def between(request: Request) -> Response | None:
        if is_page(request, "customer_invoices", later=True):
            await gate.wait()
        return None

    scene.served.interference.between = between


def gate_writes(scene: Scene, gate: Gate) -> None:
    scene.served.upflow.pause = gate.wait


def starved(scene: Scene, gate: Gate) -> tuple[int, dict[str, Any], str]:
    """Run `duebridge sync --json`; once `gate` holds a request of it, no file of it may grow. Code, stdout, stderr."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "duebridge.core.cli", "--config", str(scene.yaml), "sync", NAME, "--json"],
        env={**os.environ, **scene.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert gate.came.wait(PATIENCE), "it never came so far"
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, hard))
    finally:
        gate.release.set()
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, json.loads(out), err


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux sets another process's limits")
@pytest.mark.parametrize(
    ("hold", "free"),
    [
        (gate_pages, 1),
        (gate_writes, 90),
        *(pytest.param(gate_pages, free, marks=pytest.mark.proof) for free in (0, 2)),
        *(pytest.param(gate_writes, free, marks=pytest.mark.proof) for free in (0, 1, 25, 150, 250, 330)),
    ],
)
def test_a_process_whose_files_may_not_grow_says_so_and_the_next_completes_it(
    ledger: Scene, hold: Callable[[Scene, Gate], None], free: int, figure: Figure
) -> None:
    gate = Gate(free)
    hold(ledger, gate)

    code, report, err = starved(ledger, gate)
    ledger.served.interference.between = None

    assert (code, report["status"]) == (1, "incomplete")
    check_told(ledger, report["error"])
    assert any("could not be kept" in note for note in report["notes"])
    assert report["error"] in err
    assert "Traceback" not in err
    check_resumed(ledger)
    what = "page" if hold is gate_pages else "write"
    figure(f"RLIMIT_FSIZE while {what} {free + 1} is under way", "exit 1, sound file, next run completes, 0 duplicates")
