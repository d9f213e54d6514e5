"""One run of a connection: read everything, guard, write everything, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from duebridge.core.connector import RecordTarget, SnapshotTarget, Source, Target
from duebridge.core.engine.calm import calm_collector
from duebridge.core.engine.contexts import remember_context
from duebridge.core.engine.guard import Answer, Guard
from duebridge.core.engine.intake import Intake
from duebridge.core.engine.needed import wait_until_needed
from duebridge.core.engine.needs import needs_of, plan_hash
from duebridge.core.engine.place import stay
from duebridge.core.engine.planners import planner_for
from duebridge.core.engine.planning import Planner, writes_of
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.publishing import Publishing
from duebridge.core.engine.reading import Reading
from duebridge.core.engine.report import Report
from duebridge.core.engine.retrying import Retrying
from duebridge.core.engine.start import begin
from duebridge.core.engine.writing import Writing, doubt_interrupted
from duebridge.core.errors import AuthError, ConfigError, DueBridgeError, Implausible, RunError
from duebridge.core.store.store import Store

#: Stored plans were not all made with the same.
_MIXED = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a person asked of one run.

    `full` reads everything; `retry` reads nothing in general, and tries again what had trouble, alone;
    `accept_mass_change` overrides the guard.
    """

    full: bool = False
    retry: bool = False
    accept_mass_change: bool = False


USUAL = Asking()


class Sync:
    """Carries one connection's records from source to target, once."""

    def __init__(
        self,
        store: Store,
        connection: str,
        source: Source,
        target: Target,
        policy: Policy,
        *,
        now: Callable[[], datetime],
        stopping: Event,
        requests: Callable[[], Mapping[str, int]],
    ) -> None:
        """Keep the run's parts; `requests` tells how many were made per side."""
        self._store = store
        self._name = connection
        self._source = source
        self._target = target
        self._policy = policy
        self._now = now
        self._stopping = stopping
        self._requests = requests

    def run(self, report: Report, connection_id: int, asked: Asking = USUAL) -> Report:
        """Fill `report` with what the run did. Never raises a `DueBridgeError`: it becomes the report's status."""
        began = time.monotonic()
        answer: Answer = "accept" if asked.accept_mass_change else "stop"
        guard = Guard(self._store, connection_id, report, self._policy.guard, answer=answer)
        try:
            with calm_collector():
                doubt_interrupted(self._store, connection_id, report.run, writes_of(self._target), self._now())
                retrying = self._read(report, connection_id, guard, asked)
                wait_until_needed(self._store, connection_id, writes_of(self._target), report)
                guard.weigh_plan()
                self._deliver(report, connection_id, retrying, asked)
        except Implausible as error:
            report.fail(error, "stopped")
        except AuthError as error:
            report.fail(error, "failed")
        except RunError as error:
            report.fail(error, "stopped" if self._stopping.is_set() else "incomplete")
        except DueBridgeError as error:
            report.fail(error, "failed")
        else:
            _conclude(report, stopped=self._stopping.is_set())
        if report.status != "inconsistent" and not report.adds_up():
            _contradict(report)
        report.seconds = time.monotonic() - began
        report.requests = dict(self._requests())
        return report

    def _read(self, report: Report, connection_id: int, guard: Guard, asked: Asking) -> Retrying | None:
        if asked.retry and isinstance(self._target, SnapshotTarget):
            raise ConfigError(f"{self._target.title} takes whole snapshots: leave --retry out, every run sends all")
        stay(self._store, connection_id, report.connection, self._target)
        now = self._now()
        if not asked.retry:
            account = self._source.check()
            guard.meet(account)
            begin(self._store, connection_id, account, now)
        if self._policy.on_delete == "delete" and not self._target.deletes:
            report.note(f"{self._target.title} takes nothing away: what is gone is reported, whatever `on_delete` says")
        context = self._target.context()
        kinds = tuple(kind.kind for kind in self._target.rules)
        for kind in kinds:
            report.tally(kind)  # a kind of which nothing was read shows its zeros
        planner = planner_for(self._store, connection_id, self._source, self._target, context, self._policy, report)
        intake = Intake(planner, self._source.canonical, writes_of(self._target), report, connection_id)
        reading = Reading(
            self._store,
            connection_id,
            report.run,
            self._source,
            intake,
            report,
            guard,
            needs=needs_of(self._target),
            rhythm=self._policy.rhythm,
            now=now,
            stopping=self._stopping,
        )
        remember_context(self._store, connection_id, context)
        made_with = plan_hash(self._target, context, self._made_with(planner))
        if asked.retry:
            self._forget_hash_if_changed(connection_id, made_with)
            retrying = Retrying(self._store, connection_id, self._source, intake, reading, report, guard)
            retrying.plan(kinds)
            return retrying
        self._replan_if_changed(reading, connection_id, made_with, kinds)
        full = asked.full or self._target.complete
        reading.read(kinds, full=full, anew=isinstance(self._target, SnapshotTarget))
        return None

    def _replan_if_changed(self, reading: Reading, connection_id: int, made_with: str, kinds: tuple[str, ...]) -> None:
        if self._store.plan_hash(connection_id) == made_with:
            return
        self._forget_hash_if_changed(connection_id, made_with)
        reading.replan(kinds)
        self._store.save_plan_hash(connection_id, made_with)

    def _forget_hash_if_changed(self, connection_id: int, made_with: str) -> None:
        """Before some plans are made anew: were the others left as they are, no hash would be true of all of them."""
        if self._store.plan_hash(connection_id) not in (made_with, _MIXED):
            self._store.save_plan_hash(connection_id, _MIXED)

    def _deliver(self, report: Report, connection_id: int, retrying: Retrying | None, asked: Asking) -> None:
        if isinstance(self._target, SnapshotTarget):
            publishing = Publishing(self._store, connection_id, self._target, report, now=self._now)
            publishing.publish(accept_mass_change=asked.accept_mass_change)
        elif isinstance(self._target, RecordTarget):
            try:
                only = retrying.to_write() if retrying is not None else None
                self._write(report, connection_id, self._target, only)
            finally:
                if retrying is not None:
                    retrying.conclude()

    def _write(self, report: Report, connection_id: int, target: RecordTarget, only: Sequence[int] | None) -> None:
        Writing(
            self._store,
            connection_id,
            report.run,
            self._source,
            target,
            writes_of(target),
            report,
            excluded=self._policy.excluded,
            now=self._now,
            stopping=self._stopping,
        ).write(only)

    def _made_with(self, planner: Planner) -> dict[str, object]:
        return {
            "source": planner.source,
            "start": planner.start,
            "on_delete": self._policy.on_delete,
            "decide_on": list(self._policy.decide_on),
            "excluded": sorted(self._policy.excluded),
        }


def _conclude(report: Report, *, stopped: bool) -> None:
    if stopped:
        report.status, report.exit_code = "stopped", 1
    elif report.unknown:
        report.status, report.exit_code = "incomplete", 1
        report.error = f"{report.unknown} writes have an unknown outcome; the next run settles them"
    elif not report.consistent():
        _contradict(report)


def _contradict(report: Report) -> None:
    advice = "the counts don't add up; please report this with the output of `duebridge runs --json`"
    report.error = f"{report.error}; and {advice}" if report.error else advice
    report.status, report.exit_code = "inconsistent", report.exit_code or 1
