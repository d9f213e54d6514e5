"""A connection between an in-memory ledger and an in-memory desk, over a real store; each `run` is one sync."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from duebridge.core.connector import Services, Settings, Target
from duebridge.core.edge.http import HttpFactory
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.report import Report
from duebridge.core.engine.sync import Asking, Sync
from duebridge.core.store.memory import StoredMemory
from duebridge.core.store.store import Store
from duebridge.core.testing.ledger import LedgerSource
from duebridge.core.testing.receivables import ReceivablesTarget


class Rig:
    """One connection named `rig`. Time moves only when `pass_time` is called."""

    def __init__(self, database: str, policy: Policy | None = None) -> None:
        """Open the store at `database` (an SQLAlchemy address)."""
        self.store = Store.open(database)
        self.connection_id = self.store.connection_id("rig")
        self.policy = policy or Policy()
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
        self.stopping = threading.Event()
        self.services = Services(
            HttpFactory(), StoredMemory(self.store, self.connection_id, "source"), lambda _: None, lambda: self.now
        )
        self.source = LedgerSource(Settings(), self.services)
        self.target = ReceivablesTarget(Settings(), self.services)

    def close(self) -> None:
        """Release the store."""
        self.store.close()

    def pass_time(self, **duration: float) -> None:
        """Move the clock by a `timedelta(**duration)`."""
        self.now += timedelta(**duration)

    def set_policy(self, **changes: object) -> None:
        """Change the connection's policy from the next run on."""
        self.policy = replace(self.policy, **changes)  # type: ignore[arg-type]

    def run(
        self,
        target: Target | None = None,
        *,
        full: bool = False,
        retry: bool = False,
        accept_mass_change: bool = False,
    ) -> Report:
        """Run the connection once, to `target` or else to the desk, forgetting its log first; return the report."""
        self.target.log.clear()
        run = self.store.begin_run(self.connection_id, self.now)
        report = Report("rig", run)
        sync = Sync(
            self.store,
            "rig",
            self.source,
            target or self.target,
            self.policy,
            now=lambda: self.now,
            stopping=self.stopping,
            requests=lambda: {"source": self.source.pages, "target": len(self.target.log)},
        )
        asked = Asking(full=full, retry=retry, accept_mass_change=accept_mass_change)
        sync.run(report, self.connection_id, asked)
        self.store.end_run(run, self.now, report.status, report.as_json())
        return report
