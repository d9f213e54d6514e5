"""What a plan changes in the store: the row to keep, whether a write is due, and how the record counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from duebridge.core.connector import RELEASE_PHASE, REMOVAL_PHASE, Write
from duebridge.core.engine.planning import Planned
from duebridge.core.errors import RunError
from duebridge.core.records import Invoice
from duebridge.core.store.records import PlannedRow, Stored

Outcome = Literal["planned", "created", "updated", "unchanged", "skipped", "rejected", "unknown", "deleted", "gone", ""]

_OUTCOMES: Mapping[str, Outcome] = {"sync": "unchanged", "skip": "skipped", "reject": "rejected"}


class Change(NamedTuple):
    """What planning a record or part comes to: what it should hold, whether a write is due, how it counts so far.

    `same` says that planning it again came to what is stored.
    """

    planned: Planned
    stored: Stored | None
    payload: str | None
    fingerprint: str | None
    phase: int
    due: bool
    outcome: Outcome
    same: bool


def change_record(planned: Planned, stored: Stored | None, writes: Mapping[str, Write], *, removes: bool) -> Change:
    """Return what planning a record changes. `removes`: what is held at the target must go, should it be skipped.

    A payload equal to the last accepted one is not due, unless an attempt's outcome is unknown.
    """
    verdict = planned.decision.verdict
    if stored is None:
        if verdict == "sync":
            phase = writes[planned.write].phase
            return Change(planned, None, planned.payload, planned.fingerprint, phase, True, "planned", False)  # noqa: FBT003
        return Change(planned, None, None, None, 0, False, _OUTCOMES[verdict], False)  # noqa: FBT003
    if verdict == "sync":
        return _wanted(planned, stored, writes)
    if stored.held and removes:
        phase = REMOVAL_PHASE * 2 - writes[planned.kind].phase
        return _change(planned, stored, None, None, phase, due=True)
    return _change(planned, stored, stored.last_accepted, stored.accepted_fingerprint, 0, due=False)


def change_part(planned: Planned, stored: Stored | None, writes: Mapping[str, Write]) -> Change:
    """Return what planning a part changes: one accepted earlier that differs is released first, if it must be."""
    if stored is not None and stored.held and stored.reference != planned.reference:
        raise RunError(
            f"the target's part {planned.key} now has the reference {planned.reference}, but is held as "
            f"{stored.reference}: a part of another reference needs another name; report it to the connector's author"
        )
    return _wanted(planned, stored, writes)


def withdraw_part(stored: Stored, writes: Mapping[str, Write]) -> dict[str, Any] | None:
    """Return the values that withdraw a part no longer wanted, or None when the target holds nothing of it."""
    if not stored.held:
        return None
    write = writes[stored.write]
    return {
        "payload": None,
        "fingerprint": None,
        "accepted": _replaced(stored, None),
        "due": True,
        "phase": RELEASE_PHASE if write.release else write.phase,
        "retry_at": _waits_until(stored),
        "attempts": 0,
        "lapsed": True,
    }


def _wanted(planned: Planned, stored: Stored | None, writes: Mapping[str, Write]) -> Change:
    write = writes[planned.write]
    accepted = stored.accepted_fingerprint if stored is not None else None
    due = planned.fingerprint != accepted or (stored is not None and stored.uncertain)
    release = due and write.release and stored is not None and stored.held
    phase = RELEASE_PHASE if release else write.phase
    return _change(planned, stored, planned.payload, planned.fingerprint, phase, due=due)


def row_of(
    change: Change,
    connection_id: int,
    run: int,
    *,
    body: str | None,
    crawl: int,
    linked: bool,
    outcome: str | None = None,
) -> PlannedRow:
    """Return the row to store for `change`, read as `body` in `run` (and in the crawl `crawl`).

    `linked`: the target has accepted the record, or the record this part belongs to.
    """
    planned, stored, payload, fingerprint, phase, due, foreseen, same = change
    decision = planned.decision
    postponed = stored if same else None  # the target refused exactly this: its retry stays when it was
    reason = decision.why if decision.verdict == "reject" else postponed.reason if postponed is not None else None
    return PlannedRow(
        connection_id,
        planned.key,
        planned.kind,
        planned.id,
        planned.part,
        planned.customer_id,
        planned.root,
        body,
        isinstance(planned.record, Invoice) and planned.record.open,
        crawl,
        planned.gone,
        decision.verdict,
        decision.code,
        reason,
        planned.reference or (stored.reference if stored is not None else None),
        planned.write or (stored.write if stored is not None else ""),
        payload,
        fingerprint,
        _replaced(stored, fingerprint),
        phase,
        due,
        planned.after[0] if planned.after else None,
        planned.after[1] if len(planned.after) > 1 else None,
        0,
        postponed.retry_at if postponed is not None else _waits_until(stored),
        foreseen if outcome is None else outcome,
        run,
        linked and _lapses(change),
    )


def _waits_until(stored: Stored | None) -> float | None:
    """When a write whose answer was lost can be settled: whatever is planned meanwhile waits for it too."""
    waits = stored is not None and stored.uncertain and stored.outcome != "rejected"
    return stored.retry_at if waits and stored is not None else None


def _lapses(change: Change) -> bool:
    """Whether the guard has yet to let pass what becomes of a linked record, or of a part of one.

    What a run that passed has left to write, or no longer sends, is not asked about again.
    """
    planned, stored, _, fingerprint, _, due, _, _ = change
    before = stored is not None and bool(stored.lapsed)
    if due:
        waited = stored is not None and stored.due and stored.fingerprint == fingerprint
        return before if waited else True
    if planned.decision.verdict == "sync":
        return False
    return before or (stored is not None and stored.verdict == "sync")


def _replaced(stored: Stored | None, fingerprint: str | None) -> str | None:
    """The last accepted payload, while another is planned in its place; all that may be held, while that is unknown."""
    if stored is not None and stored.uncertain:
        return stored.accepted if stored.accepted is not None else stored.last_accepted
    if stored is None or stored.accepted_fingerprint is None or stored.accepted_fingerprint == fingerprint:
        return None
    return stored.last_accepted


def _change(
    planned: Planned, stored: Stored | None, payload: str | None, fingerprint: str | None, phase: int, *, due: bool
) -> Change:
    same = _same(planned, stored, fingerprint, due=due, phase=phase)
    return Change(
        planned, stored, payload, fingerprint, phase, due, _outcome(planned, stored, due=due, same=same), same
    )


def _same(planned: Planned, stored: Stored | None, fingerprint: str | None, *, due: bool, phase: int) -> bool:
    if stored is None:
        return False
    return (stored.verdict, stored.code, stored.fingerprint, stored.due) == (
        planned.decision.verdict,
        planned.decision.code,
        fingerprint,
        due,
    ) and (phase == stored.phase or not due)


def _outcome(planned: Planned, stored: Stored | None, *, due: bool, same: bool) -> Outcome:
    if due and planned.decision.verdict == "sync":
        refused = same and stored is not None and stored.outcome in ("rejected", "unknown")
        return stored.outcome if refused and stored else "planned"  # type: ignore[return-value]
    return _OUTCOMES[planned.decision.verdict]
