"""`duebridge` with a PostgreSQL address in its YAML: each command in a process of its own, as it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox

from .server import PASSWORD, USER, Server

DATABASE = "database: postgresql://{user}:${{DB_PASSWORD}}@127.0.0.1:{port}/{database}\nconnections:\n"
CONNECTION = """\
  {name}:
    source: {{connector: pennylane, token: sandbox-pennylane, base_url: "{url}/pennylane"}}
    target:
      connector: upflow
      api_key: sandbox-upflow-key
      api_secret: sandbox-upflow-secret
      base_url: "{url}/upflow"
      requests_per_minute: 1000000
    schedule: manual
"""
SECONDS = 60
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The address of both products' stand-ins, holding little data."""
    options = SandboxOptions(customers=10, invoices=60, limits="off")
    with running_sandbox([product(options) for product in Registry.load().sandboxes.values()]) as running:
        yield running.url


@pytest.fixture
def start(server: Server, database: str, sandbox: str, tmp_path: Path) -> Start:
    """Return what starts `duebridge ARGUMENTS --json` between the stand-ins as they are at their start."""
    with urlopen(Request(f"{sandbox}/_sandbox/reset", method="POST")):  # noqa: S310 - our own server
        pass
    text = DATABASE.format(user=USER, port=server.port, database=database.rpartition("/")[2])
    text += "".join(CONNECTION.format(name=name, url=sandbox) for name in ("one", "two"))
    config = tmp_path / "duebridge.yaml"
    config.write_text(text, encoding="utf-8")

    def begin(*arguments: str, password: str = PASSWORD) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "duebridge.core.cli", "--config", str(config), *arguments, "--json"],
            env={**os.environ, "DB_PASSWORD": password.replace(" ", "%20")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def answer(process: subprocess.Popen[str]) -> Any:
    """What a command that succeeds writes to stdout."""
    stdout, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, stdout + stderr
    return json.loads(stdout)


def references(url: str) -> list[str]:
    """Our references of the invoices Upflow holds."""
    keys = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}
    with urlopen(Request(f"{url}/upflow/v1/invoices?limit=200", headers=keys)) as found:  # noqa: S310 - our own server
        return [row["externalId"] for row in json.loads(found.read())["invoices"]]


def test_a_sync_and_every_listing_work_on_the_configured_database(start: Start) -> None:
    first = answer(start("sync", "one"))
    assert first["status"] == "succeeded"
    again = answer(start("sync", "one", "--full"))
    assert (again["status"], again["requests"]["target"]) == ("succeeded", 0)
    assert [run["status"] for run in answer(start("runs", "one"))] == ["succeeded", "succeeded"]
    records = answer(start("records", "one"))
    assert sum(kind["read"] for kind in first["kinds"].values()) == len(records)
    sent = next(row for row in records if row["kind"] == "invoice" and row["held"])
    assert answer(start("explain", "one", "invoice", sent["id"]))["verdict"] == "sync"
    assert answer(start("plan", "one"))["changes"] == []


def test_the_doctor_looks_at_the_server_and_what_it_holds(start: Start) -> None:
    answer(start("sync", "one"))
    found = answer(start("doctor"))
    assert (found["ok"], found["database"]["megabytes"] > 1) == (True, True)
    assert found["database"]["rows"]["records"] == found["connections"]["one"]["records"] > 60
    assert found["connections"]["one"]["last_run"]["status"] == "succeeded"
    assert PASSWORD not in json.dumps(found)


def test_a_retry_works_on_the_configured_database(start: Start) -> None:
    answer(start("sync", "one"))
    report = answer(start("sync", "one", "--retry"))
    assert report["notes"] == ["nothing to try again: no record is rejected and no outcome is unknown"]


def test_two_connections_synced_by_two_processes_at_once_both_succeed(start: Start, sandbox: str) -> None:
    processes = [start("sync", name) for name in ("one", "two")]
    reports = [answer(process) for process in processes]
    assert [report["status"] for report in reports] == ["succeeded", "succeeded"]
    assert reports[0]["run"] != reports[1]["run"]
    assert reports[0]["kinds"]["invoice"]["read"] == reports[1]["kinds"]["invoice"]["read"]
    assert len(references(sandbox)) == len(set(references(sandbox))) > 0


def test_a_password_that_is_refused_ends_the_command_with_2_and_is_not_shown(start: Start) -> None:
    process = start("sync", "one", password="not-the-one")
    stdout, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "password authentication failed" in stderr
    assert "not-the-one" not in stdout + stderr
    assert "Traceback" not in stderr
