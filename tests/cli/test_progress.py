"""Progress: a bar on a terminal, nothing of it on stdout."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

from duebridge.core.cli.progress import counts, progress
from duebridge.core.engine.report import Report

SECONDS = 60.0


def test_on_a_terminal_stdout_still_carries_the_json_alone(stage) -> None:
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [
                sys.executable,
                "-m",
                "duebridge.core.cli",
                "sync",
                "acme-upflow",
                "--json",
                "--config",
                str(stage.config),
            ],
            env={**os.environ, **stage.environ, "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=follower,
            timeout=SECONDS,
            check=True,
        )
        drawn = os.read(leader, 65536).decode()
    finally:
        os.close(leader)
        os.close(follower)

    assert json.loads(done.stdout)["status"] == "succeeded"
    assert "reading" in drawn
    assert "Traceback" not in drawn


def test_what_was_read_and_what_waits_is_counted_over_all_kinds() -> None:
    report = Report("acme", 1)
    report.count("customer", "planned")
    report.count("invoice", "planned")
    report.count("invoice", "skipped", "draft")

    assert counts(report) == (3, 2)


def test_watching_ends_with_the_block() -> None:
    with progress() as begun:
        begun(Report("acme", 1))
