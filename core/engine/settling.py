"""What becomes of a row, and of the record it counts under, once its write was tried. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from duebridge.core.connector import RELEASE_PHASE, Write
from duebridge.core.engine.lanes import Result
from duebridge.core.errors import Withheld
from duebridge.core.store.records import LONGEST_WAIT, REMOVAL, Accepted, Claimed

#: A refused write is tried again after twenty minutes, then after twice as long each time, a day at most.
_FIRST_RETRY = timedelta(minutes=10)
_LAST_RETRY = timedelta(seconds=LONGEST_WAIT)

_ACCEPTED = {"create": "created", "update": "updated", "delete": "deleted", "release": ""}
_OTHERWISE = {
    "unknown": "unknown",
    "refused": "rejected",
    "withheld": "skipped",
    "blocked": "skipped",
    "untried": "",
}
#: What a record is counted as, for good, whatever becomes of its parts.
_SETTLED = ("created", "updated", "skipped", "gone", "deleted")
_TROUBLES = ("rejected", "unknown")


class Standing(NamedTuple):
    """How a part's record counts so far in this run: "" when it has not been counted."""

    outcome: str
    code: str
    changed: bool = False


def outcome_of(result: Result) -> str:
    """Return what the row's record counts as; "" when that doesn't change."""
    return _ACCEPTED[result.operation] if result.verdict == "accepted" else _OTHERWISE[result.verdict]


def code_of(result: Result) -> str:
    """Return the code a skipped record counts under; "" for any other outcome."""
    if isinstance(result.error, Withheld):
        return result.error.code
    return waits_for(result.row) if result.verdict == "blocked" else ""


def taken(result: Result, run: int, now: float) -> Accepted:
    """Return the row of a create or update the target took at `now` (seconds since the epoch)."""
    row, ack = result.row, result.ack
    assert ack is not None  # noqa: S101 - accepted results carry it
    notes = "\n".join(ack.notes) or None
    return Accepted(row.fingerprint, result.target_id, row.phase, _ACCEPTED[result.operation], run, now, notes, row.n)


def settled(result: Result, writes: Mapping[str, Write], run: int, now: float) -> dict[str, Any] | None:
    """Return the values to set on the row of any other result, or None when nothing about it changes."""
    row = result.row
    if result.verdict == "accepted":
        return {"run": run, "accepted": None, "accepted_fingerprint": None, "uncertain": False} | _given_up(row, writes)
    if result.verdict == "unknown":
        return {"run": run} | in_doubt(row, str(result.error), writes, now)
    if result.verdict == "refused":
        return {
            "run": run,
            "outcome": "rejected",
            "reason": str(result.error),
            "attempts": row.attempts + 1,
            "retry_at": now + retry_after(row.attempts).total_seconds(),
        } | _known_after_refusal(result)
    if result.verdict == "withheld":
        kept_back = {"outcome": "skipped", "code": code_of(result), "reason": str(result.error)}
        return {"run": run, "retry_at": now + LONGEST_WAIT} | kept_back | _known_after_refusal(result)
    if result.verdict == "blocked" and not row.part:
        return {"run": run, "outcome": "skipped", "code": code_of(result)}
    return None


def waits_for(row: Claimed) -> str:
    """Return the code of a record that could not be written for want of another one.

    A credit note that goes with its invoice alone waits for that, which waits for the customer.
    """
    return "no_invoice" if row.after_b is not None else "customer_not_sent"


def in_doubt(row: Claimed, why: str, writes: Mapping[str, Write], now: float) -> dict[str, Any]:
    """Return the values of a row whose write may have happened by `now` (seconds since the epoch).

    What may be at the target now is kept with it, and when a search is sure to show it.
    """
    lag = writes[row.write].settles_after
    values: dict[str, Any] = {"uncertain": True, "outcome": "unknown", "reason": why}
    values["retry_at"] = now + lag if lag else None
    if row.payload is None or row.phase == RELEASE_PHASE:
        return values
    return values | {"accepted": _either(row.accepted, row.payload)}


def still_open(result: Result) -> bool:
    """Whether it stays unknown what the target holds of the row."""
    if result.verdict in ("refused", "withheld"):
        return result.row.uncertain and not result.looked
    return result.verdict == "unknown" or (result.row.uncertain and result.verdict in ("blocked", "untried"))


def found_again(row: Claimed) -> dict[str, Any]:
    """Return the values of a row the target turned out to hold, by what was last sent of it."""
    return {"accepted_fingerprint": row.attempted or REMOVAL, "accepted": row.accepted or "{}", "uncertain": False}


def retry_after(attempts: int) -> timedelta:
    """How long a write refused `attempts` times before waits."""
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempts + 1, 10)
    return min(doubled, _LAST_RETRY)


def owner_after(standing: Standing, result: Result) -> Standing:
    """Return how a record counts once a part of it was tried."""
    outcome = _owner_outcome(standing.outcome, result)
    return standing if outcome == standing.outcome else Standing(outcome, standing.code, changed=True)


def _known_after_refusal(result: Result) -> dict[str, Any]:
    """What is known once a write was refused: an earlier attempt may still have happened, unless one looked."""
    if result.found is not None:
        target_id = result.found.target_id or result.row.target_id
        return {"target_id": target_id} | found_again(result.row)
    if result.looked:  # nothing was there, and nothing was taken
        return {"uncertain": False, "accepted": None, "accepted_fingerprint": None, "target_id": None}
    return {}


def _either(held: str | None, sent: str) -> str:
    """The fields that `held` or `sent` (JSON text) has: after a lost answer the target may hold any of them."""
    return sent if held is None else to_json(_merged(from_json(held), from_json(sent))).decode()


def _merged(held: Any, sent: Any) -> Any:
    if isinstance(held, dict) and isinstance(sent, dict):
        return held | {name: _merged(held.get(name), value) for name, value in sent.items()}
    if isinstance(held, list) and isinstance(sent, list):
        return [item for item in held if item not in sent] + sent
    return sent


def _given_up(row: Claimed, writes: Mapping[str, Write]) -> dict[str, Any]:
    if row.payload is not None:  # a released part: it is written again in its own phase
        return {"phase": writes[row.write].phase, "attempts": 0, "target_id": None}
    return {"due": False, "target_id": None, "outcome": "deleted", "attempts": 0, "payload": None}


def _owner_outcome(before: str, result: Result) -> str:
    if result.verdict == "accepted":
        if before in _SETTLED:
            return before
        # a trouble noted earlier stays, unless this very part was the one in trouble
        return before if before in _TROUBLES and result.row.outcome != before else "updated"
    if result.verdict in ("refused", "unknown"):
        return _OTHERWISE[result.verdict]
    return "unchanged" if result.verdict in ("blocked", "withheld") and before == "planned" else before
