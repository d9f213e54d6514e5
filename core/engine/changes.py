"""What a plan changes in the store: the row to keep, whether a write is due, and how the record counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from duebridge.core.connector import RELEASE_PHASE, REMOVAL_PHASE, Write
from duebridge.core.engine.planning import Planned
from duebridge.core.records import Invoice
from duebridge.core.store.records import Stored

Outcome = Literal["planned", "created", "updated", "unchanged", "skipped", "rejected", "unknown", "deleted", "gone", ""]

_OUTCOMES: Mapping[str, Outcome] = {"sync": "unchanged", "skip": "skipped", "reject": "rejected"}


class Change(NamedTuple):
    """A row to store, whether it has a write due, and its outcome as far as this half of the run can tell."""

    row: dict[str, Any]
    due: bool
    outcome: Outcome
    same: bool


def change_record(planned: Planned, stored: Stored | None, writes: Mapping[str, Write], *, removes: bool) -> Change:
    """Return what planning a record changes. `removes`: what is held at the target must go, should it be skipped.

    A payload equal to the last accepted one is not due, unless an attempt's outcome is unknown.
    """
    held = stored is not None and stored.held
    if planned.decision.verdict == "sync":
        return _wanted(planned, stored, writes)
    if held and removes:
        assert stored is not None  # noqa: S101 - `held` says so
        phase = REMOVAL_PHASE * 2 - writes[planned.kind].phase
        return _change(planned, stored, payload=None, fingerprint=None, due=True, phase=phase)
    payload, fingerprint = (stored.last_accepted, stored.accepted_fingerprint) if stored is not None else (None, None)
    return _change(planned, stored, payload=payload, fingerprint=fingerprint, due=False, phase=0)


def change_part(planned: Planned, stored: Stored | None, writes: Mapping[str, Write]) -> Change:
    """Return what planning a part changes: one accepted earlier that differs is released first, if it must be."""
    return _wanted(planned, stored, writes)


def withdraw_part(stored: Stored, writes: Mapping[str, Write]) -> dict[str, Any] | None:
    """Return the values that withdraw a part no longer wanted, or None when the target holds nothing of it."""
    if not stored.held:
        return None
    write = writes[stored.write]
    return {
        "payload": None,
        "fingerprint": None,
        "accepted": stored.last_accepted,
        "due": True,
        "phase": RELEASE_PHASE if write.release else write.phase,
        "retry_at": None,
        "attempts": 0,
    }


def _wanted(planned: Planned, stored: Stored | None, writes: Mapping[str, Write]) -> Change:
    write = writes[planned.write]
    accepted = stored.accepted_fingerprint if stored is not None else None
    due = planned.fingerprint != accepted or (stored is not None and stored.uncertain)
    release = due and write.release and stored is not None and stored.held
    phase = RELEASE_PHASE if release else write.phase
    return _change(planned, stored, payload=planned.payload, fingerprint=planned.fingerprint, due=due, phase=phase)


def _change(
    planned: Planned, stored: Stored | None, *, payload: str | None, fingerprint: str | None, due: bool, phase: int
) -> Change:
    decision = planned.decision
    accepted = None
    if stored is not None and stored.accepted_fingerprint is not None and stored.accepted_fingerprint != fingerprint:
        accepted = stored.last_accepted
    same = _same(planned, stored, fingerprint, due=due, phase=phase)
    postponed = same and stored is not None  # the target refused exactly this: its retry stays when it was
    row = {
        "key": planned.key,
        "kind": planned.kind,
        "id": planned.id,
        "part": planned.part,
        "customer_id": planned.customer_id,
        "root": planned.root,
        "verdict": decision.verdict,
        "code": decision.code,
        "reason": decision.why if decision.verdict == "reject" else stored.reason if postponed and stored else None,
        "reference": planned.reference or (stored.reference if stored is not None else None),
        "write": planned.write or (stored.write if stored is not None else ""),
        "payload": payload,
        "fingerprint": fingerprint,
        "accepted": accepted,
        "phase": phase,
        "due": due,
        "after_a": planned.after[0] if planned.after else None,
        "after_b": planned.after[1] if len(planned.after) > 1 else None,
        "open": isinstance(planned.record, Invoice) and planned.record.open,
        "retry_at": stored.retry_at if postponed and stored else None,
        "attempts": 0,
    }
    return Change(row, due, _outcome(planned, stored, due=due, same=same), same)


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
