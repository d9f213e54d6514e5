"""What a sync would change, field by field, writing nothing outside the copy it works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from pydantic_core import from_json

from duebridge.core.connector import RELEASE_PHASE, SnapshotTarget, Source, Target
from duebridge.core.engine.contexts import remembered_context
from duebridge.core.engine.guard import Guard
from duebridge.core.engine.intake import Intake
from duebridge.core.engine.needed import wait_until_needed
from duebridge.core.engine.needs import needs_of
from duebridge.core.engine.place import stay
from duebridge.core.engine.planners import planner_for
from duebridge.core.engine.planning import writes_of
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.reading import Reading
from duebridge.core.engine.replay import Replay, decisions, replayed
from duebridge.core.engine.report import Report
from duebridge.core.engine.start import begin
from duebridge.core.engine.writing import doubt_interrupted
from duebridge.core.store.records import Stored
from duebridge.core.store.store import Store
from duebridge.core.tables.mapping import flatten


@dataclass(frozen=True, slots=True)
class Preview:
    """The changes a sync would make, and the counts it would report."""

    connection: str
    changes: list[dict[str, Any]]
    report: Report
    replay: Replay | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the preview under its public names (`plan --json`)."""
        return {
            "connection": self.connection,
            "changes": self.changes,
            "kinds": {kind: tally.as_json() for kind, tally in self.report.kinds.items()},
            "notes": list(self.report.notes),
            **(self.replay.as_json() if self.replay is not None else {}),
        }


def preview(
    store: Store,
    connection_id: int,
    source: Source,
    target: Target,
    policy: Policy,
    report: Report,
    *,
    now: datetime,
    with_stored: bool,
    stopping: Event,
) -> Preview:
    """Plan into `store`, a copy, and return what would be written. Raises what reading raises.

    `with_stored` asks nothing: both ends must be unable to.
    """
    stay(store, connection_id, report.connection, target)
    kinds = tuple(kind.kind for kind in target.rules)
    doubt_interrupted(store, connection_id, report.run, writes_of(target), now)
    context = remembered_context(store, connection_id, target, report) if with_stored else target.context()
    guard = Guard(store, connection_id, report, policy.guard, answer="foresee")
    if not with_stored:
        account = source.check()
        guard.meet(account)
        begin(store, connection_id, account, now)
    planner = planner_for(store, connection_id, source, target, context, policy, report)
    intake = Intake(planner, source.canonical, writes_of(target), report, connection_id)
    reading = Reading(
        store,
        connection_id,
        report.run,
        source,
        intake,
        report,
        guard,
        needs=needs_of(target),
        rhythm=policy.rhythm,
        now=now,
        stopping=stopping,
    )
    before = decisions(store, connection_id, kinds) if with_stored else {}
    reading.replan(kinds)
    if not with_stored:
        reading.read(kinds, full=target.complete, anew=isinstance(target, SnapshotTarget))
    wait_until_needed(store, connection_id, writes_of(target), report)
    guard.weigh_plan()
    with store.reading() as db:
        changes = [_change(row) for row in store.records(db, connection_id).all_due()]
    replay = None
    if with_stored:
        missing = reading.never_read(kinds)
        replay = replayed(store, connection_id, kinds, before=before, changes=changes, missing=missing, intake=intake)
    _foresee(report, changes)
    return Preview(report.connection, changes, report, replay)


def _change(row: Stored) -> dict[str, Any]:
    before = _fields(row.last_accepted)
    after = _fields(row.payload)
    action = "delete" if row.payload is None else "update" if row.held else "create"
    return {
        "kind": row.kind,
        "id": row.id,
        **({"part": row.part} if row.part else {}),
        "action": action,
        "fields": {
            name: [before.get(name), after.get(name)]
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        },
        **({"released_first": True} if row.phase == RELEASE_PHASE else {}),
        **({"last_outcome": _trouble(row)} if row.uncertain or row.outcome in ("rejected", "unknown") else {}),
    }


def _trouble(row: Stored) -> dict[str, Any]:
    return {"outcome": row.outcome, "reason": row.reason, "uncertain": bool(row.uncertain)}


def _fields(payload: str | None) -> dict[str, Any]:
    return dict(_leaves(from_json(payload))) if payload is not None else {}


def _leaves(payload: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in payload.items():
        yield from ((field.target, field.value) for field in flatten(name, "", value))


def _foresee(report: Report, changes: list[dict[str, Any]]) -> None:
    """Turn the counts of planned records into what they would become."""
    mains = {(change["kind"], change["id"]): change["action"] for change in changes if "part" not in change}
    for kind, tally in report.kinds.items():
        planned = tally.outcomes["planned"]
        created = sum(1 for (changed, _), action in mains.items() if changed == kind and action == "create")
        created = min(created, planned)
        tally.outcomes["created"] += created
        tally.outcomes["updated"] += planned - created
        tally.outcomes["planned"] = 0
