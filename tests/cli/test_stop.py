"""stop: who runs the connection is told, the run ends after the writes in flight, and so does a second sync at once."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

SECONDS = 60.0


@pytest.fixture
def running(stage) -> Iterator[subprocess.Popen[str]]:
    """A process whose run has begun to write, and will take long: ten requests a minute."""
    stage.config.write_text(stage.config.read_text().replace("1000000", "10"))
    process = stage.process("sync", "acme-upflow", "--json")
    deadline = time.monotonic() + SECONDS
    while not stage.journal("upflow", writes=True) and time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
        assert process.poll() is None, process.communicate()
    yield process
    process.kill()
    process.communicate()


def test_a_second_sync_says_who_runs_the_connection_and_how_to_stop_it(stage, running) -> None:
    result = stage.run("sync", "acme-upflow", "--json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"acme-upflow is being run by process {running.pid} on " in result.stderr
    assert "`duebridge stop acme-upflow` ends that one" in result.stderr
    assert [run["status"] for run in stage.json("runs", "acme-upflow")] == ["running"]


def test_a_stop_waits_for_the_end_and_the_next_run_makes_the_writes_that_are_left(stage, running) -> None:
    result = stage.run("stop", "acme-upflow")

    assert result.exit_code == 0
    assert f"asked process {running.pid} on " in result.stderr
    assert result.stdout == "acme-upflow: the run ended (stopped)\n"
    stdout, stderr = running.communicate(timeout=SECONDS)
    assert (running.returncode, json.loads(stdout)["status"]) == (1, "stopped")
    assert "Traceback" not in stderr
    halfway = stage.json("reconcile", "acme-upflow")["currencies"]
    assert any("writes_due" in side["explained"] for side in halfway.values())
    stage.configure()
    assert stage.json("sync", "acme-upflow")["status"] == "succeeded"
    sent = [row["body"]["externalId"] for row in stage.journal("upflow", writes=True)]
    assert len(sent) == len(set(sent))


def test_a_stop_that_only_asks_returns_at_once(stage, running) -> None:
    result = stage.run("stop", "acme-upflow", "--wait", "0")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(running.communicate(timeout=SECONDS)[0])["status"] == "stopped"


def test_a_run_that_cannot_end_in_time_is_told_so(stage, running) -> None:
    running.send_signal(signal.SIGSTOP)
    result = stage.run("stop", "acme-upflow", "--wait", "0.5")
    assert result.exit_code == 1
    assert "still running after 0.5 s" in result.stderr
    running.send_signal(signal.SIGCONT)
    assert json.loads(running.communicate(timeout=SECONDS)[0])["status"] == "stopped"


def test_nothing_to_stop_is_said_and_no_failure(stage) -> None:
    for _ in range(2):
        result = stage.run("stop", "acme-upflow")
        assert (result.exit_code, result.stdout) == (0, "acme-upflow: no run is under way\n")
        stage.json("sync", "acme-upflow")


def test_a_connection_that_is_not_configured_is_named(stage) -> None:
    result = stage.run("stop", "nobody")
    assert result.exit_code == 2
    assert "no connection 'nobody'" in result.stderr


def test_a_run_that_was_killed_is_shown_as_interrupted_after_the_next(stage, running) -> None:
    running.kill()
    running.wait()
    stage.configure()
    assert stage.json("sync", "acme-upflow")["status"] == "succeeded"
    shown = stage.run("runs", "acme-upflow").stdout
    assert "interrupted: its process ended" in " ".join(shown.split())
    newest, killed = stage.json("runs", "acme-upflow")
    assert (newest["status"], killed["status"], killed["report"]["kinds"]) == ("succeeded", "failed", {})
    assert killed["ended_at"] is not None
