"""The second half of a run: what is due goes to the target, batch by batch, and what became of it is kept.

claim -> intend (committed) -> push -> settle (committed)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from duebridge.core.connector import RecordTarget, Write, key_of
from duebridge.core.engine.lanes import Lanes, Result
from duebridge.core.engine.planning import phase_of
from duebridge.core.engine.report import Report
from duebridge.core.store.records import Accepted, Claimed, Records, Settled
from duebridge.core.store.store import Store

#: A batch is what is at stake when the process dies: its size follows the target's pace, between these bounds.
SMALLEST_BATCH, LARGEST_BATCH = 20, 500
_BATCH_SECONDS = 2.0
_FIRST_RETRY = timedelta(minutes=10)
_LAST_RETRY = timedelta(hours=24)


class Writing:
    """Writes what is due for one run."""

    def __init__(
        self,
        store: Store,
        connection_id: int,
        run: int,
        target: RecordTarget,
        writes: Mapping[str, Write],
        report: Report,
        *,
        now: Callable[[], datetime],
        stopping: Event,
    ) -> None:
        """Keep what writing depends on."""
        self._store = store
        self._id = connection_id
        self._run = run
        self._target = target
        self._writes = writes
        self._report = report
        self._now = now
        self._stopping = stopping

    def write(self) -> None:
        """Make every write that is due. Raises the error that stops a run, after settling what was under way."""
        self._doubt_open_intents()
        lanes = Lanes(self._target, self._writes, self._stopping)
        try:
            self._write_batches(lanes)
        finally:
            lanes.close()

    def _write_batches(self, lanes: Lanes) -> None:
        size = SMALLEST_BATCH
        since = (-1, 0)
        while not self._stopping.is_set():
            batch = self._claim(size, since)
            if not batch:
                return
            began = time.monotonic()
            results = lanes.push(batch)
            self._settle(results)
            last = batch[-1]
            since = (last.phase, last.n)
            size = _next_size(size, time.monotonic() - began)
            for result in results:
                if result.verdict == "untried" and result.error is not None:
                    raise result.error

    def _doubt_open_intents(self) -> None:
        with self._store.transaction() as db:
            Records(db, self._id).doubt_intents(self._run)

    def _claim(self, size: int, since: tuple[int, int]) -> list[Claimed]:
        with self._store.transaction() as db:
            records = Records(db, self._id)
            batch = records.claim(size, now=self._now().timestamp(), since=since)
            records.intend(batch, run=self._run)
        return batch

    def _settle(self, results: Sequence[Result]) -> None:
        with self._store.transaction() as db:
            records = Records(db, self._id)
            owners = self._owners(records, results)
            accepted: list[Accepted] = []
            others: list[Settled] = []
            for result in results:
                if result.verdict == "accepted" and result.operation in ("create", "update"):
                    accepted.append(self._accepted(result))
                else:
                    others.extend(self._otherwise(result))
                if not result.row.part:
                    self._count(result, owners)
            for result in sorted(results, key=lambda result: result.verdict != "accepted"):
                if result.row.part:
                    self._count_part(result, owners)
            records.settle([result.row for result in results], accepted, others)
            records.mark({key: outcome for key, (outcome, _, changed) in owners.items() if changed}, run=self._run)
            records.drop([r.row.n for r in results if r.verdict == "accepted" and r.row.part and r.row.payload is None])

    def _accepted(self, result: Result) -> Accepted:
        row, ack = result.row, result.ack
        assert ack is not None  # noqa: S101 - accepted results carry it
        for note in ack.notes:
            self._report.note(f"{row.kind} {row.id}: {note}")
        notes = "\n".join(ack.notes) or None
        target_id = ack.target_id or row.target_id
        return Accepted(
            row.fingerprint, target_id, row.phase, _outcome(result), self._run, self._now().timestamp(), notes, row.n
        )

    def _otherwise(self, result: Result) -> list[Settled]:
        row = result.row
        values: dict[str, Any] = {"run": self._run}
        if result.verdict == "accepted":
            values |= self._taken_back(row) | {"accepted": None, "accepted_fingerprint": None, "uncertain": False}
        elif result.verdict == "unknown":
            values |= {"uncertain": True, "outcome": "unknown", "reason": str(result.error)}
        elif result.verdict == "refused":
            values |= {
                "outcome": "rejected",
                "reason": str(result.error),
                "attempts": row.attempts + 1,
                "retry_at": self._now().timestamp() + _delay(row.attempts).total_seconds(),
                "uncertain": False,
            }
        elif result.verdict == "blocked" and not row.part:
            values |= {"outcome": "skipped", "code": "customer_not_sent"}
        else:
            return []
        return [Settled(row.n, values)]

    def _taken_back(self, row: Claimed) -> dict[str, Any]:
        if row.payload is not None:  # a released part: it is written again in its own phase
            return {"phase": phase_of(self._target, row.write), "attempts": 0}
        return {"due": False, "target_id": None, "outcome": "deleted", "attempts": 0, "payload": None}

    def _owners(self, records: Records, results: Sequence[Result]) -> dict[str, tuple[str, str, bool]]:
        """Return for each part's record: its outcome so far in this run, its code, and whether that changed."""
        keys = {key_of(result.row.kind, result.row.id) for result in results if result.row.part}
        if not keys:
            return {}
        return {
            key: (row.outcome if row.run == self._run else "", row.code, False)
            for key, row in records.by_key(keys).items()
        }

    def _count(self, result: Result, owners: dict[str, tuple[str, str, bool]]) -> None:
        row, outcome = result.row, _outcome(result)
        if not outcome:
            return
        if outcome == "deleted":
            self._report.aside(row.kind, "deleted")
            return
        code = "customer_not_sent" if outcome == "skipped" else ""
        if row.run == self._run:
            self._report.move(row.kind, (row.outcome, row.code), (outcome, code))
        else:
            self._report.count(row.kind, outcome, code)
        if row.key in owners:
            owners[row.key] = (outcome, code, False)

    def _count_part(self, result: Result, owners: dict[str, tuple[str, str, bool]]) -> None:
        key = key_of(result.row.kind, result.row.id)
        if key not in owners:
            return
        before, code, _ = owners[key]
        after = _owner_outcome(before, result)
        if after == before:
            return
        if before:
            self._report.move(result.row.kind, (before, code), (after, code))
        else:
            self._report.count(result.row.kind, after, code)
        owners[key] = (after, code, True)


def _outcome(result: Result) -> str:
    if result.verdict == "accepted":
        return {"create": "created", "update": "updated", "delete": "deleted", "release": ""}[result.operation]
    return {"unknown": "unknown", "refused": "rejected", "blocked": "skipped", "untried": ""}[result.verdict]


def _owner_outcome(before: str, result: Result) -> str:
    if result.verdict == "accepted":
        if before in ("created", "updated", "skipped", "gone"):
            return before
        # a trouble noted earlier stays, unless this very part was the one in trouble
        return before if before in ("rejected", "unknown") and result.row.outcome != before else "updated"
    if result.verdict in ("refused", "unknown"):
        return _outcome(result)
    if result.verdict == "blocked" and before == "planned":
        return "unchanged"
    return before


def _delay(attempts: int) -> timedelta:
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempts, 10)
    return min(doubled, _LAST_RETRY)


def _next_size(size: int, seconds: float) -> int:
    if seconds > _BATCH_SECONDS * 2:
        return max(SMALLEST_BATCH, size // 2)
    if seconds < _BATCH_SECONDS / 2:
        return min(LARGEST_BATCH, size * 2)
    return size
