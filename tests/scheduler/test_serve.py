"""From a tick to an acknowledgement, and from a signal to the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duebridge.core.app import App
from duebridge.core.connector import Schedule
from duebridge.core.scheduler import Scheduler, Standing, serve
from duebridge.core.store.store import Store
from duebridge.core.testing.ledger import credit_note, customer, invoice
from duebridge.core.testing.rig import Rig

from .conftest import Make, Until
from .serving import application

Serving = subprocess.Popen[bytes]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(f"sqlite:///{tmp_path / 'rig.db'}")
    yield made
    made.close()


def test_ticks_carry_records_to_the_target_and_later_changes_after_them(
    started: Make, until: Until, rig: Rig, standing: Callable[[Scheduler, str], Standing]
) -> None:
    rig.source.books["customers"]["7"] = customer("7")
    rig.source.books["documents"] |= {
        "30": invoice("30", "7"),
        "40": credit_note("40", "7", invoice_id="30"),
    }
    scheduler = started({"rig": Schedule(every="1s")}, lambda _name, _halting: rig.run())
    until(lambda: "ledger-invoice-30" in rig.target.held)
    until(lambda: standing(scheduler, "rig").last_status == "succeeded")
    assert set(rig.target.held) == {
        "ledger-customer-7",
        "ledger-invoice-30",
        "ledger-credit_note-40",
        "ledger-link-40",
    }
    rig.source.books["documents"]["31"] = invoice("31", "7")
    rig.source.changes.append(("documents", "31"))
    until(lambda: "ledger-invoice-31" in rig.target.held)


def how_runs_ended(folder: Path) -> list[str]:
    """The status of every run the served database remembers."""
    store = Store.open(f"sqlite:///{folder / 'served.db'}")
    try:
        return [run["status"] for run in store.runs()]
    finally:
        store.close()


@pytest.fixture
def serving(tmp_path: Path, until: Until) -> Iterator[Serving]:
    """A process that serves, its first run under way."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own file
        try:
            until((tmp_path / "began").exists)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_lets_the_running_sync_finish(
    serving: Serving, tmp_path: Path, number: signal.Signals
) -> None:
    serving.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        serving.wait(0.3)
    (tmp_path / "release").touch()
    out, err = serving.communicate(timeout=20)
    assert (serving.returncode, out) == (0, b"")
    assert (tmp_path / "endless-customer-7").exists()
    assert how_runs_ended(tmp_path) == ["succeeded"]
    assert b"running syncs" in err


def test_the_second_signal_asks_the_running_sync_to_end(serving: Serving, tmp_path: Path) -> None:
    serving.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        serving.wait(0.3)
    serving.send_signal(signal.SIGTERM)
    out, err = serving.communicate(timeout=20)
    assert (serving.returncode, out) == (0, b"")
    assert not (tmp_path / "endless-customer-7").exists()
    assert how_runs_ended(tmp_path) == ["stopped"]
    assert b"after the writes in flight" in err


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = application(tmp_path)
    yield opened
    opened.close()


def test_serving_from_another_thread_ends_with_its_event(app: App, tmp_path: Path, until: Until) -> None:
    stopping, codes = threading.Event(), list[int]()
    thread = threading.Thread(target=lambda: codes.append(serve(app, stopping)))
    thread.start()
    until((tmp_path / "began").exists)
    stopping.set()
    (tmp_path / "release").touch()
    thread.join(20)
    assert codes == [0]
    assert how_runs_ended(tmp_path) == ["succeeded"]


def test_signal_handlers_are_given_back(app: App, tmp_path: Path) -> None:
    (tmp_path / "release").touch()
    stopping = threading.Event()
    stopping.set()
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert serve(app, stopping) == 0
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
