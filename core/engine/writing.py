"""The second half of a run: what is due goes to the target, batch by batch, and what became of it is kept.

claim -> intend (committed) -> push -> settle (committed)

An intent stays open for as long as it is unknown what the target holds of its row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Any

from duebridge.core.connector import RELEASE_PHASE, Ack, RecordTarget, Source, Write, key_of
from duebridge.core.engine.files import Files
from duebridge.core.engine.lanes import Lanes, Result, looks_first
from duebridge.core.engine.planning import GONE
from duebridge.core.engine.report import Report
from duebridge.core.engine.settling import (
    Standing,
    found_again,
    in_doubt,
    outcome_of,
    owner_after,
    settled,
    still_open,
    taken,
    waits_for,
)
from duebridge.core.engine.unwritten import count_unwritten
from duebridge.core.store.exclusions import excluded_customers
from duebridge.core.store.records import Claimed, Records, Settled, Stored
from duebridge.core.store.store import Store

#: A batch is what is at stake when the process dies: its size follows the target's pace, between these bounds.
SMALLEST_BATCH, LARGEST_BATCH = 20, 500
_BATCH_SECONDS = 2.0
_WRITTEN = ("create", "update")
#: A part whose object at the target went with the one it was tied to.
TIED_ANEW = {
    "due": True,
    "accepted": None,
    "accepted_fingerprint": None,
    "target_id": None,
    "uncertain": False,
    "retry_at": None,
}


class Writing:
    """Writes what is due for one run."""

    def __init__(
        self,
        store: Store,
        connection_id: int,
        run: int,
        source: Source,
        target: RecordTarget,
        writes: Mapping[str, Write],
        report: Report,
        *,
        excluded: frozenset[str] = frozenset(),
        now: Callable[[], datetime],
        stopping: Event,
    ) -> None:
        """Keep what writing depends on. `excluded` are the customers plans were made without.

        `source` gives the files of the documents written.
        """
        self._files = Files(store, connection_id, source)
        self._store = store
        self._excluded = excluded
        self._id = connection_id
        self._run = run
        self._target = target
        self._writes = writes
        self._report = report
        self._now = now
        self._stopping = stopping
        self._open: set[str] = set()

    def write(self, only: Sequence[int] | None = None) -> None:
        """Make every write that is due, or with `only` those of these rows, whether their next try is due or not.

        What a search may not show yet stays as it is. Raises the error that stops a run, after settling what was under
        way.
        """
        began = self._now().timestamp()
        lanes = Lanes(self._target, self._writes, self._stopping, self._files.of)
        try:
            self._write_batches(lanes, only)
            self._look_after_withdrawn(lanes)
        finally:
            lanes.close()
        self._count_waiting(began)

    def _write_batches(self, lanes: Lanes, only: Sequence[int] | None) -> None:
        size = SMALLEST_BATCH
        since = (-1, 0)
        while not self._stopping.is_set():
            batch = self._claim(size, since, only)
            if not batch:
                count_unwritten(self._store, self._id, self._report, self._excluded)
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

    def _claim(self, size: int, since: tuple[int, int], only: Sequence[int] | None) -> list[Claimed]:
        with self._store.transaction() as db:
            records = Records(db, self._id)
            excluded = self._excluded | excluded_customers(db, self._id)
            due = records.claim(size, now=self._now().timestamp(), since=since, only=only, excluded=excluded)
            batch = _apart(due)
            records.intend(batch, run=self._run, fence=self._store.fence)
        return batch

    def _look_after_withdrawn(self, lanes: Lanes) -> None:
        """Find out what became of writes whose record is no longer to be sent, where that can be asked."""
        with self._store.reading() as db:
            rows = Records(db, self._id).withdrawn(self._now().timestamp())
        for row in rows:
            if self._stopping.is_set():
                return
            if not looks_first(row, "update", self._writes):
                continue
            looking = lanes.look(row, "update")
            if looking.verdict == "untried" and looking.error is not None:
                raise looking.error
            if looking.verdict == "accepted":
                self._keep_found(row, looking.ack)
        self._note_withdrawn()

    def _keep_found(self, row: Claimed, found: Ack | None) -> None:
        values: dict[str, Any] = {"accepted_fingerprint": None, "accepted": None, "payload": None, "target_id": None}
        if found is not None:
            held = found_again(row)
            fingerprint = held["accepted_fingerprint"]
            values = {"accepted_fingerprint": fingerprint, "fingerprint": fingerprint, "payload": held["accepted"]}
            values |= {"accepted": None, "target_id": found.target_id or row.target_id}
        with self._store.transaction() as db:
            records = Records(db, self._id)
            records.settle([row.n], [], [Settled(row.n, values | {"uncertain": False})])

    def _note_withdrawn(self) -> None:
        with self._store.reading() as db:
            left = len(Records(db, self._id).withdrawn(float("inf")))
        if left:
            self._report.note(
                f"{left} records are no longer sent, and whether their last write was taken is not known: "
                f"see `duebridge records {self._report.connection} --outcome unknown`"
            )

    def _count_waiting(self, began: float) -> None:
        """Count as unknown what could not be settled yet when this run began to write."""
        with self._store.transaction() as db:
            records = Records(db, self._id)
            rows = records.by_key(records.waiting_to_settle(began))
            for row in rows.values():
                self._count_as_unknown(row)
            records.mark({key: "unknown" for key, row in rows.items() if not row.gone}, run=self._run)

    def _count_as_unknown(self, row: Stored) -> None:
        standing = self._standing(row)
        if row.gone or not standing.outcome:
            self._count_open(row.key)
        elif standing.outcome != "unknown":
            self._report.move(row.kind, (standing.outcome, standing.code), ("unknown", standing.code))

    def _count_open(self, key: str) -> None:
        """Count once that something of a record which is not among those read has an unknown outcome."""
        if key not in self._open:
            self._open.add(key)
            self._report.unsettled += 1

    def _settle(self, results: Sequence[Result]) -> None:
        now = self._now().timestamp()
        written = [result for result in results if result.verdict == "accepted" and result.operation in _WRITTEN]
        others = [result for result in results if result.verdict != "accepted" or result.operation not in _WRITTEN]
        self._note(written)
        with self._store.transaction() as db:
            records = Records(db, self._id)
            records.settle(
                [result.row.n for result in results if not still_open(result)],
                [taken(result, self._run, now) for result in written],
                [Settled(result.row.n, values) for result in others if (values := self._settled(result, now))],
            )
            self._count_records([result for result in results if not result.row.part])
            self._count_parts(records, [result for result in results if result.row.part])
            records.drop([result.row.n for result in others if _withdrawn(result)])
            self._tie_again(records, [result.row.key for result in written if result.ack and result.ack.anew])

    def _tie_again(self, records: Records, keys: Sequence[str]) -> None:
        """Have what was tied to objects that others took the place of written again; what was to be untied is."""
        tied = records.tied_to(keys) if keys else []
        records.drop([row.n for row in tied if row.payload is None])
        for row in tied:
            if row.payload is not None:
                records.touch([row.n], TIED_ANEW | {"phase": self._writes[row.write].phase})

    def _settled(self, result: Result, now: float) -> dict[str, Any] | None:
        return settled(result, self._writes, self._run, now)

    def _note(self, written: Sequence[Result]) -> None:
        for result in written:
            for note in result.ack.notes if result.ack is not None else ():
                self._report.note(f"{result.row.kind} {result.row.id}: {note}")

    def _count_records(self, results: Sequence[Result]) -> None:
        moves: Counter[tuple[str, tuple[str, str] | None, str, str]] = Counter()
        for result in results:
            row, outcome = result.row, outcome_of(result)
            if result.operation == "delete":
                self._count_removal(result)
                continue
            before = (row.outcome, row.code) if row.run == self._run else None
            moves[row.kind, before, outcome, waits_for(row) if outcome == "skipped" else ""] += 1
        for (kind, before, outcome, code), number in moves.items():
            if outcome:
                self._report.move(kind, before, (outcome, code), number)

    def _count_removal(self, result: Result) -> None:
        """Count a record to be removed at the target: it was not read, or was counted when it was skipped."""
        row = result.row
        if result.verdict == "accepted":
            self._report.aside(row.kind, "deleted")
            return
        if row.code == GONE.code:
            self._report.aside(row.kind, "gone")
        self._tell_removal(result, " could not be removed")

    def _tell_removal(self, result: Result, trouble: str) -> None:
        row = result.row
        if result.verdict == "unknown":
            self._count_open(key_of(row.kind, row.id))
        if result.error is not None and result.verdict != "untried":
            self._report.note(f"{row.kind} {row.id}{trouble}: {result.error}")

    def _count_parts(self, records: Records, results: Sequence[Result]) -> None:
        """Count the records the parts belong to; what was refused comes last, so that it stays.

        A record that is not sent counts as what it is, whatever becomes of its part.
        """
        rows = records.by_key({key_of(result.row.kind, result.row.id) for result in results})
        owners = {key: self._standing(row) for key, row in rows.items() if row.verdict == "sync"}
        for result in sorted(results, key=lambda result: result.verdict != "accepted"):
            key = key_of(result.row.kind, result.row.id)
            before = owners.get(key)
            if before is None:
                self._tell_removal(result, f": its {result.row.part} could not be taken back")
                continue
            after = owner_after(before, result)
            if after is not before:
                counted = (before.outcome, before.code) if before.outcome else None
                self._report.move(result.row.kind, counted, (after.outcome, after.code))
                owners[key] = after
        records.mark({key: owner.outcome for key, owner in owners.items() if owner.changed}, run=self._run)

    def _standing(self, row: Stored) -> Standing:
        return Standing(row.outcome if row.run == self._run else "", row.code)


def doubt_interrupted(store: Store, connection_id: int, run: int, writes: Mapping[str, Write], now: datetime) -> None:
    """Mark the writes that were about to be made when an earlier run than `run` died: they may have happened.

    Planning must know of them, so this comes before anything is read. When they were made nobody knows: by `now`.
    """
    at = now.timestamp()
    with store.transaction() as db:
        records = Records(db, connection_id)
        why = "the process ended while this was being sent; it will be settled before anything is sent again"
        records.settle([], [], [Settled(row.n, in_doubt(row, why, writes, at)) for row in records.interrupted(run)])


def _apart(batch: list[Claimed]) -> list[Claimed]:
    """Releases make a batch of their own: what was released is due again in a phase that must still lie ahead."""
    if batch and batch[0].phase == RELEASE_PHASE:
        return [row for row in batch if row.phase == RELEASE_PHASE]
    return batch


def _withdrawn(result: Result) -> bool:
    """Whether a part was taken away for good."""
    return bool(result.verdict == "accepted" and result.row.part and result.row.payload is None)


def _next_size(size: int, seconds: float) -> int:
    if seconds > _BATCH_SECONDS * 2:
        return max(SMALLEST_BATCH, size // 2)
    if seconds < _BATCH_SECONDS / 2:
        return min(LARGEST_BATCH, size * 2)
    return size
