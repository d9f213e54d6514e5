"""One run of a connection at a time, whoever asks; a holder that wakes up late can neither send nor store.

Oracles: the stand-ins' journal, what Upflow holds, and the runs as `duebridge runs --json` lists them.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from duebridge.core.errors import AlreadyRunning
from duebridge.core.registry import Registry

from ..acceptance.comparison import check_what_arrived
from ..acceptance.conftest import serving
from ..acceptance.scene import NAME, Row, Scene
from .conftest import Figure

PATIENCE = 60.0
LEASE = 4.0
Process = subprocess.Popen[str]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A ledger with 30 customers and 150 rows in its invoice list, and stand-ins of its own."""
    with serving(customers=30, invoices=150) as served, httpx.Client(timeout=60) as http:
        made = Scene(served, tmp_path, Registry.load(), http)
        made.configure(connection="schedule: {every: 1s}")
        yield made


@pytest.fixture
def start(scene: Scene) -> Iterator[Callable[..., Process]]:
    """Return what starts a command of ours as a process; those still there at the end are killed."""
    started: list[Process] = []

    def begin(*command: str) -> Process:
        environ = {**os.environ, **scene.environ}
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *command], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def until(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"{what}: it did not happen within {PATIENCE:g} s"
        time.sleep(0.02)


class Door:
    """Lets the first `free` writes at Upflow pass and holds the others, until it is opened."""

    def __init__(self, scene: Scene, free: int) -> None:
        self.free = free
        self.came = threading.Event()
        self.opened = threading.Event()
        scene.served.upflow.pause = self._wait

    async def _wait(self) -> None:
        self.free -= 1
        if self.free >= 0:
            return
        self.came.set()
        while not self.opened.is_set():
            await asyncio.sleep(0.01)


def listed_runs(scene: Scene) -> list[Row]:
    """The runs as the command lists them, oldest first."""
    command = [sys.executable, "-m", "duebridge.core.cli", "--config", str(scene.yaml), "runs", "--json"]
    found = subprocess.run(  # noqa: S603 - our own program
        command, env={**os.environ, **scene.environ}, capture_output=True, text=True, check=True
    )
    return list(reversed(json.loads(found.stdout)))


def overlapping(runs: list[Row]) -> int:
    """How many runs began before the one before had ended."""
    return sum(later["began_at"] < earlier["ended_at"] for earlier, later in pairwise(runs))


def writes(scene: Scene) -> list[Row]:
    return [row for row in scene.journal() if row["product"] == "upflow" and row["method"] != "GET"]


def sent_twice(scene: Scene) -> dict[str, int]:
    """Writes of one reference more than once: nothing changes in the ledger, so each is needed once."""
    sent = Counter(f"{row['method']} {row['path']} {json.dumps(row['body'], sort_keys=True)}" for row in writes(scene))
    return {write: number for write, number in sent.items() if number > 1}


@pytest.mark.slow
def test_two_schedulers_and_three_syncs_at_once_make_one_run_at_a_time(
    scene: Scene, start: Callable[..., Process], figure: Figure
) -> None:
    door = Door(scene, free=20)
    command = ("-m", "duebridge.core.cli", "--config", str(scene.yaml))
    schedulers = [start(*command, "serve") for _ in range(2)]
    syncs = [start(*command, "sync", NAME, "--json") for _ in range(3)]

    until(door.came.is_set, "a run writes")
    until(lambda: sum(process.poll() is not None for process in syncs) >= 2, "the other syncs are told")
    told = [process for process in syncs if process.poll() is not None]
    for process in told:
        stdout, stderr = process.communicate()
        assert (process.returncode, stdout) == (1, "")
        assert f"{NAME} is being run by process" in stderr
        assert "Traceback" not in stderr
    assert len(listed_runs(scene)) == 1
    door.opened.set()
    until(lambda: len(listed_runs(scene)) >= 5, "the schedulers go on")
    for process in schedulers:
        process.send_signal(signal.SIGTERM)
    logs = [process.communicate(timeout=PATIENCE)[1] for process in schedulers]
    rest = [process.communicate(timeout=PATIENCE) for process in syncs if process not in told]

    runs = listed_runs(scene)
    assert [process.returncode for process in schedulers] == [0, 0]
    for stdout, stderr in rest:  # a scheduler may have had the run: then the third sync is told so too
        assert json.loads(stdout)["status"] == "succeeded" if stdout else f"{NAME} is being run by process" in stderr
    assert any("tick left out, another process runs the connection" in log for log in logs)
    assert not any("Traceback" in log for log in logs)
    assert {run["status"] for run in runs} == {"succeeded"}
    assert overlapping(runs) == 0
    assert scene.served.upflow.overlapping_writes == []
    assert sent_twice(scene) == {}
    check_what_arrived(scene, "fix")
    figure(
        "two schedulers and three syncs of one connection at once",
        f"{len(runs)} runs, 0 of them at the same time; {len(told)} syncs told who runs it; "
        f"{len(writes(scene))} writes, 0 made twice",
    )


def answered_meanwhile(scene: Scene) -> Callable[[Process], None]:
    """Stop a holder while its writes are at the product; their answers lie there when it wakes."""
    door = Door(scene, free=25)

    def pause(process: Process) -> None:
        until(door.came.is_set, "a write is held")
        process.send_signal(signal.SIGSTOP)
        door.opened.set()

    return pause


def told_to_wait_meanwhile(scene: Scene) -> Callable[[Process], None]:
    """Stop a holder while it waits to repeat writes the product asked for later."""
    came = threading.Event()
    passed = 0

    async def between(request: Request) -> Response | None:
        nonlocal passed
        if request.method == "GET" or "/upflow/" not in request.url.path:
            return None
        passed += 1
        if passed <= 25:
            return None
        came.set()
        return JSONResponse({"message": "Too many requests"}, 429, {"retry-after": "2"})

    scene.served.interference.between = between

    def pause(process: Process) -> None:
        until(came.is_set, "a write is refused for a while")
        # What was refused is on its way back to the holder, which then waits two seconds: stop it in there.
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)
        scene.served.interference.between = None

    return pause


def busy_until_taken(scene: Scene) -> tuple[int, Row]:
    """Ask for a run until one is given; return how often we were told to wait, and its report."""
    told = 0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return told, scene.sync().report
        except AlreadyRunning:
            told += 1
            time.sleep(0.1)
    raise AssertionError("the lease never ended")


@pytest.mark.parametrize(
    "moment",
    [answered_meanwhile, pytest.param(told_to_wait_meanwhile, marks=pytest.mark.proof)],
    ids=lambda moment: moment.__name__,
)
def test_a_holder_stopped_past_its_lease_sends_nothing_and_stores_nothing_when_it_goes_on(
    scene: Scene,
    start: Callable[..., Process],
    figure: Figure,
    moment: Callable[[Scene], Callable[[Process], None]],
) -> None:
    pause = moment(scene)
    paused = start(str(Path(__file__).with_name("short_lease.py")), str(scene.yaml), NAME, str(LEASE))
    pause(paused)
    before = len(writes(scene))

    told, report = busy_until_taken(scene)

    assert told > 0, "the lease of a holder that is only stopped was not waited for"
    assert report["status"] == "succeeded"
    check_what_arrived(scene, "fix")
    after, known = len(scene.journal()), listed_runs(scene)
    by_the_next = len(writes(scene)) - before

    paused.send_signal(signal.SIGCONT)
    stdout, stderr = paused.communicate(timeout=PATIENCE)

    assert "Traceback" not in stderr
    assert paused.returncode == 1
    answer = json.loads(stdout)
    assert answer["status"] == "failed"
    assert "no sign of life for the 4 s of its lease, and another run took over" in answer["error"]
    assert len(scene.journal()) == after, "something left after the holder woke up"
    assert listed_runs(scene) == known
    assert [run["status"] for run in known] == ["failed", "succeeded"]
    assert known[0]["report"]["error"].startswith("interrupted: ")
    assert overlapping(known) == 0
    check_what_arrived(scene, "fix")
    assert scene.synced().upflow == [], "something the stopped holder did is still open"
    figure(
        f"holder SIGSTOPped past its lease ({moment.__name__.replace('_', ' ')})",
        f"told to wait {told} times, then taken over; {by_the_next} writes by the next holder, "
        "0 requests and 0 rows by the stopped one after it woke; 0 duplicates, 0 lost",
    )


def test_a_killed_holder_is_not_waited_for(scene: Scene, start: Callable[..., Process], figure: Figure) -> None:
    door = Door(scene, free=25)
    killed = start("-m", "duebridge.core.cli", "--config", str(scene.yaml), "sync", NAME)
    until(door.came.is_set, "a write is held")
    killed.kill()
    killed.wait()
    door.opened.set()
    began = time.monotonic()

    run = scene.synced()

    seconds = time.monotonic() - began
    assert run.report["status"] == "succeeded"
    assert seconds < 90, "the lease of a dead process was waited for"
    check_what_arrived(scene, "fix")
    figure("holder SIGKILLed under a lease of 180 s", f"the next run succeeded after {seconds:.1f} s; 0 duplicates")
