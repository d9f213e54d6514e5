"""A ledger, a desk and the bench that carries from one to the other, with faults on order between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from duebridge.core.edge.limits import without_pace
from duebridge.core.engine.report import Report
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.testing import Bench, Fault, OrderedFaults, carbon, faults

from .desks import PENNYLANE, Desk, Held, unheard, writes
from .ledgers import PENNYLANE as PENNYLANE_LEDGER
from .ledgers import Ledger

#: Runs until everything is settled, at most: a half of all answers lost takes about six.
MOST_RUNS = 15

Row = dict[str, Any]


class Clock:
    """The time of the application and of the desk's stand-in: the real one, moved by what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def seconds(self) -> float:
        return self().timestamp()


@dataclass
class Play:
    """What a proof does and sees: `reports` of all runs, and what was `shown` as unknown before each further one."""

    url: str
    desk: Desk
    bench: Bench
    http: httpx.Client
    faults: OrderedFaults
    clock: Clock
    reports: list[Report] = field(default_factory=list)
    shown: list[dict[str, Row]] = field(default_factory=list)
    #: What happens before each further run.
    between: Callable[[], object] = lambda: None

    def order(self, *rules: Fault, seed: int = 1) -> None:
        """Order faults at the desk's stand-in; none without rules."""
        named = (rule.model_copy(update={"product": self.desk.name}) for rule in rules)
        self.faults.order(*named, seed=seed)

    def settle(self, between: Callable[[], object] = lambda: None) -> list[Report]:
        """Run until everything is settled; a run that leaves something unknown must show it, and count right."""
        reports: list[Report] = []

        def look() -> None:
            self.shown.append(self.unknown())
            self.between()
            between()

        for report in self.bench.runs(MOST_RUNS, look):
            reports.append(report)
            assert report.consistent(), report.as_json()
            # a run that ends early has not asked about all there is
            assert report.unknown <= len(self.unknown_records()), report.as_json()
        assert reports[-1].status == "succeeded", reports[-1].as_json()
        assert {report.status for report in reports[:-1]} <= {"incomplete"}
        self.reports += reports
        return reports

    def unknown(self) -> dict[str, Row]:
        """What is listed as of unknown outcome: records and parts, by reference."""
        rows = self.bench.app.records("bench", outcome="unknown", parts=True)
        return {row["reference"]: row for row in rows if row["uncertain"]}

    def unknown_records(self) -> set[tuple[str, str]]:
        """The records among them, and those whose parts are: (kind, id)."""
        return {(row["kind"], row["id"]) for row in self.unknown().values()}

    def held(self) -> Mapping[str, Held]:
        """What the desk holds."""
        return self.desk.held(self.url)

    def writes(self) -> list[Row]:
        """The writes that reached the desk."""
        return writes(self.url, self.desk.name)

    def creates(self) -> int:
        """How many POSTs reached the desk."""
        return sum(row["method"] == "POST" for row in self.writes())

    def lost(self) -> Counter[str]:
        """How many writes the desk made whose answer nobody got, by method."""
        return Counter(row["method"] for row in self.writes() if unheard(row))

    def ledger(self, collection: str) -> list[Row]:
        """Everything Pennylane lists under `collection`."""
        rows: list[Row] = []
        query: dict[str, Any] = {"sort": "id", "limit": 100}
        while True:
            headers = {"Authorization": f"Bearer {PENNYLANE}"}
            path = f"{self.url}/pennylane/api/external/v2/{collection}"
            page = self.http.get(path, params=query, headers=headers).json()
            rows += page["items"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's own endpoints."""
        answer = self.http.request(method, f"{self.url}/_sandbox/{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def playing(
    desk: Desk, folder: Path, *, customers: int, invoices: int, ledger: Ledger = PENNYLANE_LEDGER, **more: Any
) -> Iterator[Play]:
    """Serve a ledger of this size and `desk`, and open a bench between them; `more` are the connection's keys."""
    clock, registry = Clock(), Registry.load(strict=True)
    registry.register(carbon, "carbon")
    read = ledger.sandbox(SandboxOptions(customers=customers, invoices=invoices, limits="off"))
    with (
        running_sandbox([read, desk.product(clock.seconds)]) as sandbox,
        httpx.Client(timeout=60) as http,
        without_pace(),
    ):
        source, target = ledger.block(sandbox.url), desk.block(sandbox.url)
        with (
            Bench(folder, registry, source=source, target=target, now=clock, **more) as bench,
            faults(sandbox.url) as o,
        ):
            yield Play(sandbox.url, desk, bench, http, o, clock)
