"""A connection of five customers, run in this process or in one of its own; each write waits while FOLDER/hold exists.

desk.py FOLDER DATABASE SECONDS  one run under a lease of SECONDS; stdout gets {"status", "error"}, FOLDER/sent a line
                                 "PROCESS REFERENCE" for each write that left, FOLDER/begun exists once one has begun
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from duebridge.core.api import Account, Ack, Delivery, Services, Settings, Source, Target, hookimpl
from duebridge.core.app import App
from duebridge.core.cli.stopping import stoppable
from duebridge.core.edge.config import load_configuration
from duebridge.core.engine.report import Report
from duebridge.core.errors import DueBridgeError
from duebridge.core.leasing import LeaseTerms
from duebridge.core.registry import Registry
from duebridge.core.testing.ledger import LedgerSource, customer
from duebridge.core.testing.receivables import ReceivablesTarget

NAME = "acme"
CUSTOMERS = 5
USUAL = 180.0
YAML = """
connections:
  acme: {source: {connector: five}, target: {connector: waiting}, schedule: manual}
"""


class Plugin:
    """A source of five customers, and a target that waits before each write."""

    def __init__(self, folder: Path) -> None:
        class Five(LedgerSource):
            name: ClassVar[str] = "five"

            def __init__(self, settings: Settings, services: Services) -> None:
                super().__init__(settings, services)
                self.put(*(customer(str(n)) for n in range(CUSTOMERS)))

        class Waiting(ReceivablesTarget):
            name: ClassVar[str] = "waiting"
            parallel: ClassVar[int] = 1

            def check(self) -> Account:
                self.services.memory.put("checked", [1])
                return super().check()

            def context(self) -> Mapping[str, Any]:
                return {"seen": self.services.memory.get("checked")}

            def push(self, delivery: Delivery) -> Ack:
                (folder / "begun").touch()
                while (folder / "hold").exists():
                    time.sleep(0.01)
                with (folder / "sent").open("a", encoding="utf-8") as sent:
                    sent.write(f"{os.getpid()} {delivery.reference}\n")
                self.services.memory.put("last", delivery.reference)
                return super().push(delivery)

        self.source, self.target = Five, Waiting

    @hookimpl
    def register_sources(self) -> list[type[Source]]:
        """Offer the source."""
        return [self.source]

    @hookimpl
    def register_targets(self) -> list[type[Target]]:
        """Offer the target."""
        return [self.target]


def terms(seconds: float) -> LeaseTerms:
    """A lease renewed and looked after as much more often as it is shorter."""
    return LeaseTerms(seconds, renew_every=seconds / 6, look_every=min(0.2, seconds / 10))


class Desk:
    """The folder, the database, and the ways to run the connection."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.database = database
        self._opened: list[App] = []
        self._processes: list[subprocess.Popen[str]] = []
        self.yaml = folder / "desk.yaml"
        self.yaml.write_text(f"database: {json.dumps(database)}\n{YAML}", encoding="utf-8")

    def close(self) -> None:
        """Let every write go, end every process, close every application."""
        self.let_go()
        for process in self._processes:
            process.kill()
            process.communicate()
        for app in self._opened:
            app.close()

    def app(self, seconds: float = USUAL) -> App:
        """The application as a process of its own would open it."""
        registry = Registry()
        registry.register(Plugin(self.folder), "tests")
        app = App(load_configuration(self.yaml, registry, {}), registry, lease=terms(seconds))
        self._opened.append(app)
        return app

    def run(self, seconds: float = USUAL) -> Report:
        """Run the connection here."""
        return self.app(seconds).sync(NAME)

    def process(self, seconds: float = USUAL) -> subprocess.Popen[str]:
        """Run the connection in a process of its own."""
        command = [sys.executable, __file__, str(self.folder), self.database, str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        self._processes.append(process)
        return process

    def hold(self) -> None:
        """Let the next write begin, and wait."""
        (self.folder / "begun").unlink(missing_ok=True)
        (self.folder / "hold").touch()

    def begun(self) -> bool:
        """Whether a write has begun since `hold`."""
        return (self.folder / "begun").exists()

    def let_go(self) -> None:
        """Let every write go."""
        (self.folder / "hold").unlink(missing_ok=True)

    def sent(self, process: int | None = None) -> list[str]:
        """The references of what left, of all processes or one, in order."""
        path = self.folder / "sent"
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return [reference for pid, reference in lines if process in (None, int(pid))]

    def runs(self) -> list[tuple[str, str]]:
        """(status, error) of every run, oldest first."""
        rows = self.app().runs(NAME)
        return [(row["status"], (row["report"] or {}).get("error") or "") for row in reversed(rows)]


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a process of ours says of its run."""
    stdout, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr, stderr
    answer: dict[str, Any] = json.loads(stdout)
    return answer


def main(folder: str, database: str, seconds: str) -> int:
    """Run once, and say how it ended."""
    app = Desk(Path(folder), database).app(float(seconds))
    try:
        with stoppable() as stopping:
            report = app.sync(NAME, stopping=stopping)
        status, why, code = str(report.status), report.error, report.exit_code
    except DueBridgeError as error:
        status, why, code = type(error).__name__, str(error), error.exit_code
    finally:
        app.close()
    print(json.dumps({"status": status, "error": why}))  # noqa: T201 - this is what it says to the test
    return code


def in_thread(work: Any) -> threading.Thread:
    """Start `work` beside the test."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
