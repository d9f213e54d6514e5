"""How does a test run a connection between stand-ins: the real application, without waiting between attempts?

with running_sandbox([...]) as sandbox, Bench(folder, registry, source={...}, target={...}) as bench:
    reports = bench.until_settled()
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from duebridge.core.app import App, utc_now
from duebridge.core.edge.config import load_configuration
from duebridge.core.engine.report import Report
from duebridge.core.registry import Registry

NAME = "bench"


class Bench(AbstractContextManager["Bench"]):
    """One connection named `bench`, configured by a YAML file in `folder`; each `sync` is one run of the application.

    `source` and `target` are the connectors' blocks (`connector` and settings), `more` the connection's own keys, and
    `now` the clock of every run.
    """

    def __init__(
        self,
        folder: Path,
        registry: Registry,
        *,
        source: Mapping[str, Any],
        target: Mapping[str, Any],
        database: str = "sqlite:///bench.db",
        now: Callable[[], datetime] = utc_now,
        **more: Any,
    ) -> None:
        """Write the YAML file and open the database. Raises `ConfigError` like the command line."""
        connection = {"source": dict(source), "target": dict(target), "schedule": "manual", **more}
        self.config = folder / "duebridge.yaml"
        self.config.write_text(json.dumps({"database": database, "connections": {NAME: connection}}), encoding="utf-8")
        self.app = App(load_configuration(self.config, registry, {}), registry, now=now, sleep=_not_at_all)

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.app.close()

    def sync(self, *, full: bool = False, retry: bool = False) -> Report:
        """Run the connection once, as `duebridge sync` does with the options `--full` and `--retry`."""
        return self.app.sync(NAME, full=full, retry=retry)

    def until_settled(self, most: int = 10, between: Callable[[], object] = lambda: None) -> list[Report]:
        """Run until a run succeeds, `most` times at most, calling `between` before each further one; return all."""
        return list(self.runs(most, between))

    def runs(self, most: int = 10, between: Callable[[], object] = lambda: None) -> Iterator[Report]:
        """Yield the report of each run of `until_settled`."""
        yield (report := self.sync())
        for _ in range(most - 1):
            if report.status == "succeeded":
                return
            between()
            yield (report := self.sync())

    def records(self, outcome: str) -> list[dict[str, Any]]:
        """Return the records of this outcome, as `duebridge records --outcome` lists them."""
        return list(self.app.records(NAME, outcome=outcome))


def _not_at_all(seconds: float) -> None:
    """Pauses between attempts take no time."""
