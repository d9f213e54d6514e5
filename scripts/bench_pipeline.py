"""The pipeline of the benchmark: a first sync of Pennylane's source into Upflow's rules, pushed in process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from duebridge.core.connector import Account, Ack, Delivery, Json, Services
from duebridge.core.edge.http import Http, HttpFactory
from duebridge.core.edge.limits import WindowLimiter
from duebridge.core.engine.report import Report
from duebridge.core.engine.sync import Policy, Sync
from duebridge.core.store.leases import FencedStore, take
from duebridge.core.store.memory import StoredMemory
from duebridge.core.store.store import Store
from duebridge.plugins.pennylane.settings import PennylaneSettings
from duebridge.plugins.pennylane.source import PennylaneSource
from duebridge.targets.upflow.settings import UpflowSettings
from duebridge.targets.upflow.target import UpflowTarget


class CountingTarget(UpflowTarget):
    """Upflow's rules, mappings and settlements with a push that only counts."""

    lock: ClassVar[threading.Lock] = threading.Lock()
    pushed: ClassVar[int] = 0

    def check(self) -> Account:
        """Say who we are without asking."""
        return Account("bench", "bench")

    def context(self) -> dict[str, Json]:
        """Know the six custom fields without asking."""
        names = ["Customer Type", "Plan Item", "Notes", "Reference", "Payment conditions", "Recipient"]
        return {"custom_fields": names}

    def push(self, delivery: Delivery) -> Ack:
        """Count one record."""
        with self.lock:
            type(self).pushed += 1
        return Ack(delivery.reference)


class Unpaced(HttpFactory):
    """HTTP without pacing: the benchmark measures work, not waiting."""

    def __call__(self, base_url: str, **options: Any) -> Http:
        """Return a client that may go at any rate."""
        return super().__call__(base_url, **options | {"limiter": WindowLimiter(requests=1_000_000, seconds=1.0)})


def run_pipeline(url: str, database: Path) -> int:
    """Run a first sync; return how many records were pushed."""
    opened = Store.open(f"sqlite:///{database}")
    connection_id = opened.connection_id("bench")
    store = FencedStore(opened, take(opened, "bench", connection_id, seconds=3600))
    run = store.begin_run(connection_id, datetime.now(UTC))
    report = Report("bench", run)
    services = Services(Unpaced(), StoredMemory(store, connection_id, "source"), report.note, lambda: datetime.now(UTC))
    source = PennylaneSource(PennylaneSettings(token=SecretStr("bench-token"), base_url=url), services)
    target = CountingTarget(
        UpflowSettings(api_key=SecretStr("bench-key"), api_secret=SecretStr("bench-secret")), services
    )
    Sync(
        store,
        "bench",
        source,
        target,
        Policy(),
        now=lambda: datetime.now(UTC),
        stopping=threading.Event(),
        requests=lambda: {"source": 0, "target": 0},
    ).run(report, connection_id)
    source.close()
    store.close()
    if report.status != "succeeded":
        raise SystemExit(f"the pipeline ended {report.status}: {report.error}")
    return CountingTarget.pushed
