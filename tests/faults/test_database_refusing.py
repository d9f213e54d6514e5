"""A database that is locked, read-only, out of reach or damaged: what is the operator told, does the next run go on?"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ..acceptance.comparison import check_what_arrived
from ..acceptance.interference import is_page
from ..acceptance.scene import NAME, OpenScene, Scene
from .conftest import Figure
from .database import check_sound

PATIENCE = 60.0
#: How long the runs here wait for another writer.
BUSY = "?timeout=0.2"

HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
db.rollback()
"""
#: Root reads and writes whatever the rights say; without these two capabilities it doesn't (capabilities(7)).
LAUNCHER = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.fixture
def ledger(open_scene: OpenScene) -> Scene:
    """A ledger of several pages, over a database that is waited for a moment."""
    scene = open_scene(customers=40, invoices=300)
    text = scene.yaml.read_text(encoding="utf-8")
    scene.yaml.write_text(text.replace("duebridge.db", f"duebridge.db{BUSY}"), encoding="utf-8")
    return scene


class Holder:
    """Another process that writes to the database, and takes its time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[str] | None = None

    def hold(self) -> None:
        """Take SQLite's write lock."""
        command = [sys.executable, "-c", HOLDER, str(self._path)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 - our own words
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"

    def let_go(self) -> None:
        """Give it back."""
        if self._process is not None:
            self._process.communicate(timeout=PATIENCE)
            self._process = None


@pytest.fixture
def holder(ledger: Scene) -> Iterator[Holder]:
    """A process that can hold the ledger's database."""
    made = Holder(ledger.folder / "duebridge.db")
    yield made
    made.let_go()


def hold_at_a_page(scene: Scene, holder: Holder) -> None:
    async def between(request: Request) -> Response | None:
        if is_page(request, "customer_invoices", later=True):
            scene.served.interference.between = None
            holder.hold()
        return None

    scene.served.interference.between = between


def hold_at_a_write(scene: Scene, holder: Holder) -> None:
    before = 90

    async def pause() -> None:
        nonlocal before
        before -= 1
        if before == 0:
            holder.hold()

    scene.served.upflow.pause = pause


@pytest.mark.parametrize("at", [hold_at_a_page, hold_at_a_write])
def test_a_database_locked_by_another_process_ends_the_run_and_the_next_completes_it(
    ledger: Scene, holder: Holder, at: Callable[[Scene, Holder], None], figure: Figure
) -> None:
    at(ledger, holder)

    run = ledger.sync()

    assert (run.report["status"], run.exit_code) == ("incomplete", 1)
    assert "database is locked" in run.report["error"]
    assert str(ledger.folder / "duebridge.db") in run.report["error"]
    assert "another process" in run.report["error"]
    assert "run again" in run.report["error"]
    holder.let_go()
    check_sound(ledger)
    ledger.synced()
    check_what_arrived(ledger, "fix")
    assert ledger.synced().upflow == []
    figure(f"write lock held past the busy time, {at.__name__}", "incomplete, exit 1, sound, next run completes")


def command(scene: Scene, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `duebridge WORDS`, as somebody for whom the rights of files count, root or not."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LAUNCHER, "-m", "duebridge.core.cli", "--config", str(scene.yaml), *words],
        env={**os.environ, **scene.environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def check_told(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with `code`, and says these words, without a traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr


def test_a_lock_held_from_the_start_is_told_by_every_command_that_writes_and_by_no_other(
    ledger: Scene, holder: Holder
) -> None:
    ledger.synced()
    holder.hold()

    check_told(command(ledger, "sync", NAME, "--json"), 1, "database is locked", "another process", "duebridge.db")
    for looking in (["records", NAME], ["runs"], ["plan", NAME], ["explain", NAME, "customer", "1"]):
        assert "locked" not in command(ledger, *looking).stderr


@contextmanager
def with_rights(scene: Scene, *, file: int, folder: int) -> Iterator[None]:
    """The database file and its folder have these rights while the block runs."""
    (scene.folder / "duebridge.db").chmod(file)
    scene.folder.chmod(folder)
    try:
        yield
    finally:
        scene.folder.chmod(0o700)
        (scene.folder / "duebridge.db").chmod(0o600)


def test_a_read_only_database_file_is_told_with_what_to_do(ledger: Scene) -> None:
    ledger.synced()
    with with_rights(ledger, file=0o400, folder=0o700):
        check_told(command(ledger, "sync", NAME), 1, "readonly", "duebridge.db", "right to write", "run again")
    check_sound(ledger)
    assert ledger.synced().upflow == []


def test_a_folder_without_room_for_the_log_beside_the_database_is_told(ledger: Scene) -> None:
    ledger.synced()
    with with_rights(ledger, file=0o600, folder=0o500):
        check_told(command(ledger, "sync", NAME), 2, "duebridge.db", "right to write", "folder")
    check_sound(ledger)
    assert ledger.synced().upflow == []


@pytest.mark.parametrize("words", [["sync", NAME, "--full"], ["records", NAME, "--json"], ["plan", NAME]])
def test_a_damaged_database_is_told_without_a_traceback(ledger: Scene, words: list[str]) -> None:
    ledger.synced()
    path = ledger.folder / "duebridge.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 4096):
        if b"pennylane-" in content[start : start + 4096]:  # a page of records
            content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)

    done = command(ledger, *words)

    assert done.returncode == 1
    assert "malformed" in done.stderr
    assert "put back a backup" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_told(ledger: Scene) -> None:
    (ledger.folder / "duebridge.db").write_bytes(b"a letter to grandmother, " * 400)

    check_told(command(ledger, "sync", NAME), 2, "duebridge.db", "no SQLite database")


def test_a_busy_time_that_is_no_number_is_told(ledger: Scene) -> None:
    text = ledger.yaml.read_text(encoding="utf-8")
    ledger.yaml.write_text(text.replace(BUSY, "?timeout=long"), encoding="utf-8")

    check_told(command(ledger, "sync", NAME), 2, "timeout is a number of seconds")
