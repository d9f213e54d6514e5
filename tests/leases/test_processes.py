"""A process is taken for gone only when that is certain."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from duebridge.core.store import processes
from duebridge.core.store.processes import Process

from .conftest import Until

pytestmark = pytest.mark.skipif(not Process.this().machine, reason="this system doesn't tell processes apart")

FIRST_THREAD_ENDS = """
import ctypes, threading
threading.Thread(target=threading.Event().wait).start()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its input."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def described(process: subprocess.Popen[bytes]) -> Process:
    """The process as it would describe itself."""
    return replace(Process.this(), pid=process.pid, started=processes._started(process.pid))


def test_a_process_is_not_gone_while_it_runs_or_is_stopped(child: subprocess.Popen[bytes]) -> None:
    assert not Process.this().gone()
    assert not described(child).gone()
    child.send_signal(signal.SIGSTOP)
    assert not described(child).gone()


def test_a_killed_process_is_gone_before_and_after_its_parent_notices(
    child: subprocess.Popen[bytes], until: Until
) -> None:
    it = described(child)
    child.kill()
    until(it.gone)
    assert child.returncode is None
    child.wait()
    assert it.gone()


def test_a_process_whose_first_thread_has_ended_is_not_gone_while_others_run(until: Until) -> None:
    with subprocess.Popen([sys.executable, "-c", FIRST_THREAD_ENDS]) as process:  # noqa: S603
        it = described(process)
        until(lambda: processes._fields(processes._PROC / str(process.pid) / "stat")[0] == "Z")
        assert not it.gone()
        process.kill()
        until(it.gone)


def test_a_number_given_out_again_is_another_process(child: subprocess.Popen[bytes]) -> None:
    it = described(child)
    assert replace(it, started=it.started - 1).gone()


@pytest.mark.parametrize("other", [{"host": "far-away"}, {"machine": "another boot"}, {"machine": ""}])
def test_a_process_of_another_machine_or_boot_may_still_run(
    child: subprocess.Popen[bytes], other: dict[str, str]
) -> None:
    it = replace(described(child), **other)
    child.kill()
    child.wait()
    assert not it.gone()
