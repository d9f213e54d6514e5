"""demo and sandbox: what a newcomer sees, in a process of its own."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.error import URLError
from urllib.request import urlopen

SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "duebridge.core.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def journal(port: int) -> list[dict[str, object]] | None:
    """What the sandbox was asked so far; None while it isn't up yet."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/_sandbox/journal") as answer:
            return list(json.loads(answer.read()))
    except URLError:
        return None


def wait_for(process: subprocess.Popen[str], condition: Callable[[], bool], what: str) -> None:
    """Look again and again while the process runs, a twentieth of a second between two looks."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
        assert process.poll() is None, process.communicate()


def test_demo_once_ends_with_what_went_and_an_explained_bridge() -> None:
    with started("demo", "--once") as process:
        stdout, stderr = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, stderr
    assert re.search(r"customer +40 +40", stdout)
    assert "Archived invoices stay out" in stdout
    assert "outstanding at the source" in stdout
    assert "paid at the source" in stdout
    assert set(re.findall(r"unexplained +(\S+)", stdout)) == {"0", "0.00", "0.000"}
    for name in ("acme-upflow", "acme-billabex", "acme-afakto", "studio-pennylane"):
        assert re.search(rf"{name} +succeeded( +\d+){{5}} +agree", stdout), name
    for name in ("acme-fincome", "acme-fincome-workbook"):
        assert re.search(rf"{name} +succeeded( +\d+){{5}} +no balances there", stdout), name
    assert "Traceback" not in stderr


def test_demo_once_can_be_told_its_port_and_size(stage) -> None:
    port = free_port()

    result = stage.bare("demo", "--once", "--port", str(port), "--customers", "5", "--invoices", "30")

    assert result.exit_code == 0
    assert f"http://127.0.0.1:{port}" in result.stderr
    assert re.search(r"customer +5 +5", result.stdout)


def test_demo_runs_its_connections_until_interrupted() -> None:
    port = free_port()
    with started("demo", "--port", str(port), "--customers", "2", "--invoices", "8") as process:

        def wrote() -> bool:
            return any(row["method"] == "POST" for row in journal(port) or ())

        wait_for(process, wrote, "nothing was written")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, stderr
    assert stdout == ""
    assert f"http://127.0.0.1:{port}/upflow" in stderr
    assert "Traceback" not in stderr


def test_sandbox_serves_every_product_until_interrupted() -> None:
    port = free_port()
    with started("sandbox", "--port", str(port), "--customers", "2", "--invoices", "4", "--limits", "off") as process:
        wait_for(process, lambda: journal(port) is not None, "the sandbox did not come up")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, stderr
    assert f"http://127.0.0.1:{port}/pennylane" in stderr
    assert "Traceback" not in stderr


def test_a_port_that_is_taken_is_told(stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        for command in (["sandbox"], ["demo"], ["demo", "--once"]):
            result = stage.bare(*command, "--port", port)
            assert result.exit_code == 2
            assert f"port {port}" in result.stderr
