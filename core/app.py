"""The composition root: configuration, registry and store become runs, plans and answers.

The command line and the scheduler enter here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from duebridge.core.connector import Account, Services, Source, Target
from duebridge.core.edge.config import Configuration, ConnectionConfig
from duebridge.core.edge.http import HttpFactory
from duebridge.core.edge.logs import bound, logger
from duebridge.core.engine.exclusions import ExcludedCustomers, Exclusions
from duebridge.core.engine.explaining import explain
from duebridge.core.engine.guard import Limits
from duebridge.core.engine.listing import list_records
from duebridge.core.engine.planners import planner_for
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.preview import Preview, preview
from duebridge.core.engine.reading import Rhythm
from duebridge.core.engine.reconcile import Reconciliation, reconcile
from duebridge.core.engine.report import Report
from duebridge.core.engine.start import Reach, begin, first_day, start_of
from duebridge.core.engine.sync import Asking, Sync
from duebridge.core.errors import ConfigError, DueBridgeError, RunError
from duebridge.core.leasing import Asked, Hold, LeaseTerms, ask_to_stop, leased
from duebridge.core.registry import Registry
from duebridge.core.store.memory import PassingMemory, StoredMemory
from duebridge.core.store.retention import Retention
from duebridge.core.store.store import Store


def utc_now() -> datetime:
    """Return the current instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """A connection's two connectors, built for one use, and how many requests each side has made."""

    source: Source
    target: Target
    requests: Callable[[], dict[str, int]]


class App:
    """Everything one process needs to run the configured connections."""

    def __init__(
        self,
        configuration: Configuration,
        registry: Registry,
        store: Store | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        lease: LeaseTerms | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Open the configured database unless `store` is given; `now` is the clock of every run, `lease` its hold.

        `sleep` takes the seconds between two attempts of a request; by default they are waited for, and a stop ends it.
        """
        self.configuration = configuration
        self.registry = registry
        self.store = store if store is not None else Store.open(configuration.database)
        self._now = now
        self._lease = lease or LeaseTerms()
        self._sleep = sleep
        self._log = logger()

    def close(self) -> None:
        """Release the database."""
        self.store.close()

    def connection(self, name: str) -> ConnectionConfig:
        """Return the configured connection `name`. Raises `ConfigError` naming those there are."""
        try:
            return self.configuration.connections[name]
        except KeyError:
            known = ", ".join(self.configuration.connections) or "none"
            raise ConfigError(f"there is no connection {name!r} in {self.configuration.path}; known: {known}") from None

    def target_class(self, name: str) -> type[Target]:
        """Return the class that serves the target of the connection `name`. Raises `ConfigError` like `connection`."""
        config = self.connection(name)
        return self.registry.targets[config.target_name].chosen(config.target)

    def sync(
        self,
        name: str,
        *,
        full: bool = False,
        retry: bool = False,
        accept_mass_change: bool = False,
        stopping: threading.Event | None = None,
        begun: Callable[[Report], None] | None = None,
    ) -> Report:
        """Run the connection `name` once and return its report; the report is kept whatever happens.

        `full` reads everything; `retry` tries again what was rejected or is unknown, alone, and reads nothing else;
        `accept_mass_change` overrides the guard. `begun` is given the report at the start, to watch its counts move.
        Raises `AlreadyRunning` when a run of the connection is under way, in whatever process.
        """
        config = self.connection(name)
        connection_id = self.store.connection_id(name)
        asked = Asking(full=full, retry=retry, accept_mass_change=accept_mass_change)
        with leased(self.store, name, connection_id, self._lease, stopping or threading.Event()) as hold:
            report = Report(name, hold.begin_run(name, connection_id, self._now()))
            if begun is not None:
                begun(report)
            with bound(connection=name, run=report.run):
                try:
                    self._run(config, connection_id, report, hold, asked)
                except DueBridgeError as error:
                    report.fail(error, "failed")
                except BaseException:
                    report.status = "failed"
                    raise
                finally:
                    if report.overridden:
                        self._log.warning("guard overridden", accepted=report.overridden)
                    hold.conclude(report, self._now())
                    self._log.info("run finished", status=report.status, seconds=round(report.seconds, 3))
            self._prune(hold.store, connection_id)
        self.registry.hook.run_finished(connection=name, report=report)
        return report

    def _prune(self, store: Store, connection_id: int) -> None:
        """Forget what is settled and old, once a day. Failing at that fails no run: the next one does it."""
        try:
            Retention(store, connection_id, self.configuration.keep).prune_daily(self._now())
        except RunError as error:
            self._log.warning("nothing was pruned", error=str(error))

    def _run(self, config: ConnectionConfig, connection_id: int, report: Report, hold: Hold, asked: Asking) -> None:
        with self.paired(config, hold.store, connection_id, report, hold.stopping, hold) as pair:
            Sync(
                hold.store,
                config.name,
                pair.source,
                pair.target,
                self.policy(config),
                now=self._now,
                stopping=hold.stopping,
                requests=pair.requests,
            ).run(report, connection_id, asked)

    def stop(self, name: str) -> Asked | None:
        """Ask the run of `name` under way, in whatever process, to stop; None when there is none."""
        connection_id = self.store.known_connection(self.connection(name).name)
        return ask_to_stop(self.store, connection_id) if connection_id is not None else None

    def plan(self, name: str, *, with_stored: bool = False) -> Preview:
        """Return what a sync of `name` would change; works on a copy, so nothing is written anywhere.

        `with_stored` plans what was last read again by today's rules, without any request.
        """
        config = self.connection(name)
        if with_stored and self.store.known_connection(name) is None:
            raise never_run(name)
        stopping = threading.Event()
        with TemporaryDirectory(prefix="duebridge-plan-") as folder:
            copy = Store.open(f"sqlite:///{Path(folder) / 'plan.db'}")
            try:
                connection_id = self._copied(name, copy)
                report = Report(name, 0)
                with self.paired(config, copy, connection_id, report, stopping, offline=with_stored) as pair:
                    return preview(
                        copy,
                        connection_id,
                        pair.source,
                        pair.target,
                        self.policy(config),
                        report,
                        now=self._now(),
                        with_stored=with_stored,
                        stopping=stopping,
                    )
            finally:
                copy.close()

    def check(self, name: str) -> dict[str, Account]:
        """Ask both products of `name` who we are; the first time, this is the day the connection starts.

        Raises `AuthError`, `RunError` or `ConfigError` with what to do.
        """
        config = self.connection(name)
        connection_id = self.store.connection_id(name)
        with self.paired(config, self.store, connection_id, Report(name, 0), threading.Event()) as pair:
            accounts = {"source": pair.source.check(), "target": pair.target.check()}
            day = begin(self.store, connection_id, accounts["source"], self._now())
            first_day(name, type(pair.target), self.policy(config).reach, day)
        return accounts

    def start(self, name: str) -> date | None:
        """Return the day the connection `name` began: when it was first checked or run; None before that."""
        connection_id = self.store.known_connection(self.connection(name).name)
        return start_of(self.store, connection_id) if connection_id is not None else None

    def explain(self, name: str, kind: str, id: str) -> dict[str, Any]:
        """Tell why the record goes or stays and where its fields come from, by what was last read."""
        config = self.connection(name)
        connection_id = self.store.known_connection(name)
        memory_of, report = connection_id if connection_id is not None else 0, Report(name, 0)
        with self.paired(config, self.store, memory_of, report, threading.Event()) as pair:
            context = pair.target.context() if connection_id is not None else {}
            policy = self.policy(config)
            planner = planner_for(self.store, memory_of, pair.source, pair.target, context, policy, report)
            return explain(self.store, connection_id, name, planner, kind, id)

    def records(
        self, name: str, *, kind: str | None = None, outcome: str | None = None, parts: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield what became of each record of `name`; see `list_records`."""
        target = self.target_class(name)
        return list_records(self.store, self._read_connection(name), target, kind=kind, outcome=outcome, parts=parts)

    def rejected(self, name: str) -> int:
        """Return how many records of `name` are rejected, in whatever run; none before the first read."""
        connection_id = self.store.known_connection(self.connection(name).name)
        if connection_id is None or not self.store.has_read(connection_id):
            return 0
        return sum(1 for _ in self.records(name, outcome="rejected"))

    def runs(self, name: str | None = None) -> list[Mapping[str, Any]]:
        """Return the latest runs, of one connection or of all, newest first."""
        if name is None:
            return self.store.runs()
        known = self.store.known_connection(self.connection(name).name)
        return self.store.runs(known) if known is not None else []

    def reconcile(self, name: str) -> Reconciliation:
        """Compare what is outstanding at both ends, by what was last read and what the target tells now."""
        config = self.connection(name)
        connection_id = self._read_connection(name)
        with self.paired(config, self.store, connection_id, Report(name, 0), threading.Event()) as pair:
            return reconcile(self.store, connection_id, pair.target)

    def exclusions(self, name: str) -> Exclusions:
        """Return which customers are kept out of the connection `name`, to be listed or changed."""
        config = self.connection(name)
        return Exclusions(self.store, config.name, config.exclude_customers, str(self.configuration.path))

    def policy(self, config: ConnectionConfig) -> Policy:
        """Return how the connection wants its runs."""
        excluded = self.exclusions(config.name).customers()
        return Policy(
            rhythm=Rhythm(config.full_every, config.refresh_open),
            on_delete=config.on_delete,
            decide=self.registry.decider(config.name, *([ExcludedCustomers(excluded)] if excluded else [])),
            excluded=excluded,
            guard=Limits(config.guard.share, config.guard.min),
            reach=Reach(config.since, config.history),
        )

    @contextmanager
    def paired(
        self,
        config: ConnectionConfig,
        store: Store,
        connection_id: int,
        report: Report,
        stopping: threading.Event,
        hold: Hold | None = None,
        *,
        offline: bool = False,
    ) -> Iterator[Pair]:
        """Build the connection's source and target, and close them afterwards.

        What they remember is kept only under a `hold`, which also says until when they may send something; `offline`
        ones can't ask anything.
        """
        until = hold.until if hold is not None else lambda: inf
        factories = {
            side: HttpFactory(sleep=self._sleep, stopping=stopping, until=until, offline=offline)
            for side in ("source", "target")
        }
        memory = StoredMemory if hold is not None else PassingMemory

        def services(side: str) -> Services:
            return Services(factories[side], memory(store, connection_id, side), report.note, self._now)

        source = self.registry.sources[config.source_name](config.source, services("source"))
        target = self.target_class(config.name)(config.target, services("target"))
        try:
            target.admit(config.source_name)
            yield Pair(source, target, lambda: {side: factory.requests for side, factory in factories.items()})
        finally:
            source.close()
            target.close()

    def _read_connection(self, name: str) -> int:
        """Return the row number of a connection of which something was read. Raises `ConfigError` before that."""
        connection_id = self.store.known_connection(name)
        if connection_id is None or not self.store.has_read(connection_id):
            raise never_run(name)
        return connection_id

    def _copied(self, name: str, copy: Store) -> int:
        connection_id = self.store.known_connection(name)
        if connection_id is None:
            return copy.connection_id(name)
        return self.store.copy_connection(connection_id, copy)


def never_run(name: str) -> ConfigError:
    """Return the error for asking about records before the first run."""
    return ConfigError(f"{name} has read nothing yet; run `duebridge sync {name}` first")
