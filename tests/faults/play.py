"""A ledger, a desk and the bench that carries from one to the other, with faults on order between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from duebridge.core.engine.report import Report
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.testing import Bench, Fault, OrderedFaults, carbon, faults
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from .desks import PENNYLANE, Desk, Held, unpaced, writes

#: Runs until everything is settled, at most: a half of all answers lost takes about six.
MOST_RUNS = 15

Row = dict[str, Any]


@dataclass
class Play:
    """What a proof does and sees. `shown` counts, run by run, the records listed as unknown while some were."""

    url: str
    desk: Desk
    bench: Bench
    http: httpx.Client
    faults: OrderedFaults
    shown: list[int] = field(default_factory=list)

    def order(self, *rules: Fault, seed: int = 1) -> None:
        """Order faults at the desk's stand-in; none without rules."""
        named = (rule.model_copy(update={"product": self.desk.name}) for rule in rules)
        self.faults.order(*named, seed=seed)

    def settle(self, between: Callable[[], object] = lambda: None) -> list[Report]:
        """Run until everything is settled; a run that leaves something unknown must show it, and count right."""

        def look() -> None:
            self.shown.append(len(self.bench.records("unknown")))
            between()

        reports = self.bench.until_settled(MOST_RUNS, look)
        assert reports[-1].status == "succeeded", reports[-1].as_json()
        assert all(report.consistent() and report.status == "incomplete" for report in reports[:-1])
        assert not self.bench.records("unknown")
        return reports

    def held(self) -> Mapping[str, Held]:
        """What the desk holds."""
        return self.desk.held(self.url)

    def writes(self) -> list[Row]:
        """The writes that reached the desk."""
        return writes(self.url, self.desk.name)

    def lost(self) -> Counter[str]:
        """How many writes the desk made whose answer nobody got, by method."""
        return Counter(row["method"] for row in self.writes() if row.get("acted") and row["acted"] < 300)

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
def playing(desk: Desk, folder: Path, *, customers: int, invoices: int, **more: Any) -> Iterator[Play]:
    """Serve a ledger of this size and `desk`, and open a bench between them; `more` are the connection's keys."""
    registry = Registry.load(strict=True)
    registry.register(carbon, "carbon")
    ledger = PennylaneSandbox(SandboxOptions(customers=customers, invoices=invoices, limits="off"))
    with running_sandbox([ledger, *desk.products()]) as sandbox, httpx.Client(timeout=60) as http:
        unpaced(sandbox.url)
        source = {"connector": "pennylane", "token": PENNYLANE, "base_url": f"{sandbox.url}/pennylane"}
        target = desk.block(sandbox.url)
        with Bench(folder, registry, source=source, target=target, **more) as bench, faults(sandbox.url) as ordered:
            yield Play(sandbox.url, desk, bench, http, ordered)
