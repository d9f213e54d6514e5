"""Where do the killed runs play: stand-ins that can be put back to where they were, and folders that can be too.

The ledger is always Pennylane's stand-in; the desk is what the scene writes to.
"""

from __future__ import annotations

import copy
import itertools
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.plugins.pennylane.sandbox.control import Control

from ...acceptance.interference import Interference
from ...acceptance.scene import NAME, Clock, Row, Scene, Served
from ..desks import PENNYLANE
from .databases import Database, Rows
from .desks import KilledDesk
from .driver import Driver, Ended, Kill

OPTIONS = SandboxOptions(customers=8, invoices=28, seed=3, limits="off")
PATIENCE = 30.0


class UnderWay:
    """Knows how many requests the stand-ins are working on."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = threading.Condition()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Stand before `app`."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            self._move(1)
            try:
                await app(scope, receive, send)
            finally:
                self._move(-1)

        return counted

    def wait_for_none(self) -> None:
        """Return when everything that came in was dealt with."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._number == 0, PATIENCE)

    def _move(self, by: int) -> None:
        with self._changed:
            self._number += by
            self._changed.notify_all()


@dataclass(frozen=True)
class Moment:
    """What stood at both stand-ins, in the folder and in the database; and what the desk was sent so far."""

    ledger: dict[str, Any]
    desk: Any
    files: Path
    database: Any
    sent: list[Row]


@dataclass
class Stage:
    """A ledger, a desk, a folder with a YAML file, and a driver that runs `duebridge` there."""

    driver: Driver
    desk: KilledDesk
    database: Database
    scene: Scene
    under_way: UnderWay
    root: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def folder(self) -> Path:
        return self.scene.folder

    def configure(self, target: Mapping[str, Any], connection: Mapping[str, Any]) -> None:
        """Write the YAML file, with more keys in the target's block and the connection's."""
        url = self.scene.url
        source = {"connector": "pennylane", "token": PENNYLANE, "base_url": f"{url}/pennylane"}
        block = {"source": source, "target": {**self.desk.block(url), **self.desk.options, **target}, **connection}
        written = {"database": "${DATABASE}", "connections": {NAME: block}}
        self.scene.yaml.write_text(json.dumps(written), encoding="utf-8")

    def clear(self) -> None:
        """Both stand-ins as at their start, an empty folder, the real time."""
        self.scene.http.post(f"{self.scene.url}/_sandbox/reset").raise_for_status()
        self.scene.clock.ahead = timedelta()
        if self.folder != self.root:
            shutil.rmtree(self.folder)
        self.scene.folder = self.root / str(next(self._numbers))
        self.folder.mkdir()
        self.database.clear()
        self.desk.open(self.scene.url)

    def sync(self, kill: Kill) -> Ended:
        """Run the connection; return when the stand-ins are done with what they were sent."""
        ahead = self.scene.clock.ahead.total_seconds()
        environ = {"DATABASE": self.database.address(self.folder)}
        ended = self.driver.sync(self.folder, NAME, self.desk.name, environ, ahead=ahead, kill=kill)
        self.scene.journal()  # answered after what came in before it has begun
        self.under_way.wait_for_none()
        return ended

    def sent(self) -> list[Row]:
        """What the desk was sent since the last `clear` or `put_back`, and took."""
        return [row for row in self.scene.journal() if self.desk.took(row)]

    def keep(self) -> Moment:
        """Remember how everything stands."""
        files = self.root / f"kept-{next(self._numbers)}"
        shutil.copytree(self.folder, files)
        return Moment(self.keep_ledger(), self.desk.keep(), files, self.database.keep(), self.sent())

    def keep_ledger(self) -> dict[str, Any]:
        """Remember what the ledger holds."""
        return self._copied({"state": self.scene.served.pennylane.state})

    def put_back(self, moment: Moment) -> None:
        """Make everything stand as it did, in a folder of its own."""
        self.clear()
        shutil.copytree(moment.files, self.folder, dirs_exist_ok=True)
        self.database.put_back(moment.database)
        self.put_back_ledger(moment.ledger)
        self.desk.put_back(moment.desk)

    def put_back_ledger(self, kept: dict[str, Any]) -> None:
        """Make the ledger hold what it held."""
        ledger = self.scene.served.pennylane
        ledger.state = self._copied(kept)["state"]
        ledger.control = Control(ledger.state, ledger.is_silent)

    def _copied(self, kept: dict[str, Any]) -> dict[str, Any]:
        clock = self.scene.clock
        return copy.deepcopy(kept, {id(clock): clock})

    def ask(self, question: str) -> Rows:
        """What the database answers."""
        return self.database.ask(self.folder, question)


@contextmanager
def staged(driver: Driver, desk: KilledDesk, database: Database, root: Path) -> Iterator[Stage]:
    """Serve a small ledger and `desk`, everything below `root`."""
    clock, under_way = Clock(), UnderWay()
    ledger = PennylaneSandbox(OPTIONS, clock=clock)
    product: Any = desk.serve(clock)
    with running_sandbox([ledger, product], inside=[under_way.wrap]) as running, httpx.Client(timeout=60) as http:
        served = Served(running, ledger, product, clock, Interference(), None)
        desk.http = http
        yield Stage(driver, desk, database, Scene(served, root, Registry.load(), http), under_way, root)
