"""What does a test of the main job see? The products' own GET endpoints, the sandbox's journal, and the run's report.

A scene is a folder with a YAML file, whose one connection `acme-upflow` carries the ledger at Pennylane's stand-in to
the desk at Upflow's. Nothing of the store is looked into.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.edge.limits import Limiter
from duebridge.core.engine.report import Report
from duebridge.core.registry import Registry
from duebridge.core.sandbox.running import RunningSandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

from .interference import Interference

Row = dict[str, Any]

NAME = "acme-upflow"
SECRETS = {
    "PENNYLANE_TOKEN": "sandbox-pennylane",
    "UPFLOW_API_KEY": "sandbox-upflow-key",
    "UPFLOW_API_SECRET": "sandbox-upflow-secret",
}
CONFIGURATION = """\
database: sqlite:///duebridge.db
connections:
  acme-upflow:
    company: Acme SAS
    source: {{connector: pennylane, token: "${{PENNYLANE_TOKEN}}", base_url: {url}/pennylane}}
    target:
      connector: upflow
      api_key: "${{UPFLOW_API_KEY}}"
      api_secret: "${{UPFLOW_API_SECRET}}"
      base_url: {url}/upflow
{target}{connection}"""
#: Far more than a machine makes: what is measured is not the pace.
UNPACED = "requests_per_minute: 1000000"


class Clock:
    """The time of the application and of Pennylane's stand-in: the real one, moved by what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def today(self) -> date:
        return self().date()


@dataclass(frozen=True)
class Served:
    """Stand-ins that answer, the clock they read, and what may come between them and who asks.

    `budget` keeps the source unpaced where limits are off.
    """

    running: RunningSandbox
    pennylane: PennylaneSandbox
    upflow: UpflowSandbox
    clock: Clock
    interference: Interference
    budget: Limiter | None


@dataclass(frozen=True)
class Run:
    """One sync: its report as `sync --json` has it, and what each product was asked meanwhile (journal rows)."""

    report: Row
    exit_code: int
    pennylane: list[Row]
    upflow: list[Row]

    @property
    def writes(self) -> list[tuple[str, str, str]]:
        """(method, path below /v1/, externalId) of everything but reads at Upflow, sorted."""
        rows = (row for row in self.upflow if row["method"] != "GET")
        return sorted((row["method"], below(row["path"]), (row["body"] or {}).get("externalId", "")) for row in rows)


def below(path: str) -> str:
    """The part of a path after its version."""
    return path.partition("/v1/")[2] or path.partition("/v2/")[2]


@dataclass
class Scene:
    """The folder, the stand-ins, and the environment the YAML file takes its secrets from."""

    served: Served
    folder: Path
    registry: Registry
    http: httpx.Client
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def url(self) -> str:
        return self.served.running.url

    @property
    def yaml(self) -> Path:
        return self.folder / "duebridge.yaml"

    @property
    def clock(self) -> Clock:
        return self.served.clock

    # --- our side

    def configure(self, *, target: str = "", connection: str = "", pace: str = UNPACED) -> None:
        """Write the YAML file, with more lines in the target's block and the connection's."""
        text = CONFIGURATION.format(
            url=self.url,
            target="".join(f"      {line}\n" for line in (pace + "\n" + target).splitlines()),
            connection="".join(f"    {line}\n" for line in connection.splitlines()),
        )
        self.yaml.write_text(text, encoding="utf-8")

    def sync(
        self, *, full: bool = False, accept_mass_change: bool = False, stopping: threading.Event | None = None
    ) -> Run:
        """Read the YAML file, run its connection once by the scene's clock, and let everything go again."""
        before = len(self.journal())
        app = App(load_configuration(self.yaml, self.registry, self.environ), self.registry, now=self.clock)
        try:
            report = app.sync(NAME, full=full, accept_mass_change=accept_mass_change, stopping=stopping)
        finally:
            app.close()
        return self._run(report, before)

    def synced(self, **options: Any) -> Run:
        """A sync that must succeed, with nothing rejected or left open."""
        run = self.sync(**options)
        assert run.report["status"] == "succeeded", run.report
        assert adds_up(run.report), run.report
        assert all(kind["rejected"] == kind["unknown"] == 0 for kind in run.report["kinds"].values()), run.report
        return run

    def _run(self, report: Report, before: int) -> Run:
        rows = self.journal()[before:]
        sides = ([row for row in rows if row["product"] == name] for name in ("pennylane", "upflow"))
        return Run(report.as_json(), report.exit_code, *sides)

    # --- the sandbox's own endpoints

    def journal(self) -> list[Row]:
        """Every product request since the reset, oldest first."""
        return self._json("GET", "/_sandbox/journal")  # type: ignore[no-any-return]

    def make(self, collection: str, **values: Any) -> Row:
        """Add an object to the ledger, by Pennylane's own field names."""
        return self._json("POST", f"/_sandbox/pennylane/{collection}", json=values)  # type: ignore[no-any-return]

    def change(self, collection: str, id: int, *, event: str = "record", **values: Any) -> Row:
        """Change an object of the ledger; `event="none"` leaves no trace of it in the change feed."""
        path = f"/_sandbox/pennylane/{collection}/{id}"
        return self._json("PATCH", path, json=values, params={"event": event})  # type: ignore[no-any-return]

    def remove(self, collection: str, id: int, *, event: str = "record") -> None:
        """Remove an object from the ledger."""
        self._json("DELETE", f"/_sandbox/pennylane/{collection}/{id}", params={"event": event})

    def switch(self, **settings: Any) -> None:
        """Turn switches of Pennylane's stand-in."""
        self._json("PUT", "/_sandbox/settings/pennylane", json=settings)

    # --- what the products tell

    def ledger(self, collection: str) -> list[Row]:
        """Everything Pennylane lists under `customers`, `customer_invoices` or `ledger_accounts`."""
        headers = {"Authorization": f"Bearer {SECRETS['PENNYLANE_TOKEN']}"}
        rows: list[Row] = []
        query: dict[str, Any] = {"sort": "id", "limit": 100}
        while True:
            page = self._json("GET", f"/pennylane/api/external/v2/{collection}", params=query, headers=headers)
            rows += page["items"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def desk(self, collection: str) -> dict[str, Row]:
        """Everything Upflow lists under `customers`, `invoices`, `credit_notes` or `payments`, by externalId."""
        rows: list[Row] = []
        while True:
            page = self.upflow(collection, offset=len(rows), limit=500)
            rows += next(value for value in page.values() if isinstance(value, list))
            if len(rows) >= page["total"]:
                break
        assert len({row["externalId"] for row in rows}) == len(rows), "something is at Upflow twice"
        return {row["externalId"]: row for row in rows}

    def upflow(self, path: str, **query: Any) -> Any:
        """What Upflow answers at `path`."""
        headers = {"X-Api-Key": SECRETS["UPFLOW_API_KEY"], "X-Api-Secret": SECRETS["UPFLOW_API_SECRET"]}
        return self._json("GET", f"/upflow/v1/{path}", params=query, headers=headers)

    def invoice(self, id: int) -> Row:
        """The invoice of this Pennylane id at Upflow."""
        return self.desk("invoices")[f"pennylane-invoice-{id}"]

    def customer(self, id: int) -> Row:
        """The customer of this Pennylane id at Upflow."""
        return self.desk("customers")[f"pennylane-customer-{id}"]

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, self.url + path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def adds_up(report: Mapping[str, Any]) -> bool:
    """Whether every record read has one outcome, kind by kind."""
    outcomes = ("created", "updated", "unchanged", "rejected", "unknown")
    return all(
        kind["read"] == sum(kind[name] for name in outcomes) + sum(kind["skipped"].values())
        for kind in report["kinds"].values()
    )


def total(run: Run, outcome: str) -> int:
    """How many records of all kinds had this outcome."""
    kinds = run.report["kinds"].values()
    return sum(sum(kind[outcome].values()) if outcome == "skipped" else kind[outcome] for kind in kinds)


OpenScene = Callable[..., Scene]
