"""What is forgotten of a connection, and when? Only what is settled, and never what safe writing rests on.

    runs      older than the age, but the newest, and those that open rows or intents refer to
    records   gone at the source before that, of which the target holds nothing and nothing is open
    notes     on writes older than that, and the reasons of what is settled

Links, the last accepted payload and its fingerprint, the last read state of what is still at the source, and rows that
are due, uncertain or rejected stay for as long as the connection does. Payloads that were superseded need no pruning:
accepting the next one replaces them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Table, and_, delete, func, not_, or_, select, union, update
from sqlalchemy.sql.elements import ColumnElement

from duebridge.core.store.database import wait_for_writers
from duebridge.core.store.records import records
from duebridge.core.store.store import Store, intents, runs

EVERY = timedelta(days=1)
_CHUNK = 500
_SIDE, _KEY = "engine", "pruned_at"

_HELD = records.c.accepted_fingerprint.is_not(None)
_OPEN = or_(records.c.due, records.c.uncertain)
_TROUBLED = or_(_OPEN, records.c.verdict == "reject", records.c.outcome.in_(("rejected", "unknown")))
_OWNER = records.c.kind + ":" + records.c.id


class Prunable(NamedTuple):
    """What can be forgotten: run numbers, and row numbers in `records` to drop, or to take the notes of."""

    runs: Sequence[int]
    records: Sequence[int]
    notes: Sequence[int]


class Retention:
    """Prunes one connection's rows by age."""

    def __init__(self, store: Store, connection_id: int, keep: timedelta) -> None:
        """Keep what is settled for `keep`."""
        self._store = store
        self._id = connection_id
        self._keep = keep

    def last(self) -> datetime | None:
        """Return when the connection was last pruned, or None."""
        found = self._store.remembered(self._id, _SIDE, _KEY)
        return datetime.fromisoformat(found) if found is not None else None

    def prune_daily(self, now: datetime) -> Prunable | None:
        """Forget what can be, unless that was done within a day; return what was forgotten."""
        last = self.last()
        if last is not None and timedelta(0) <= now - last < EVERY:
            return None
        found = self.foreseen(now)
        self._forget(found, now)
        self._store.remember(self._id, _SIDE, _KEY, now.astimezone(UTC).isoformat())
        return found

    def foreseen(self, now: datetime) -> Prunable:
        """Return what would be forgotten at `now`; reads in one view, without waiting for a writer."""
        before = now - self._keep
        with self._store.reading() as db:
            since = self._since(db, before)
            notes = select(records.c.n).where(self._of(records), *self._noted(before, since)).order_by(records.c.n)
            return Prunable(self._runs(db, before), self._gone(db, since), list(db.scalars(notes)))

    def _since(self, db: Connection, before: datetime) -> int:
        """The first run kept for its age: what was last touched by an earlier one is old."""
        young = db.scalar(select(func.min(runs.c.id)).where(self._of(runs), runs.c.began_at >= before))
        return int(young if young is not None else self._newest(db))

    def _newest(self, db: Connection) -> int:
        return int(db.scalar(select(func.max(runs.c.id)).where(self._of(runs))) or 0)

    def _runs(self, db: Connection, before: datetime) -> list[int]:
        wanted = union(
            select(records.c.run).where(self._of(records), _TROUBLED),
            select(intents.c.run).where(self._of(intents)),
        )
        referred = set(db.scalars(wanted)) | {self._newest(db)}
        old = select(runs.c.id).where(self._of(runs), runs.c.began_at < before).order_by(runs.c.id)
        return [run for run in db.scalars(old) if run not in referred]

    def _gone(self, db: Connection, since: int) -> list[int]:
        """Rows of records gone at the source, with their parts."""
        needed = select(_OWNER).where(self._of(records), records.c.part != "", or_(_HELD, _OPEN))
        gone = select(records.c.n, records.c.key).where(self._of(records), *_forgettable(since))
        found = {key: n for n, key in db.execute(gone.where(records.c.key.not_in(needed))).all()}
        parts = select(records.c.n, _OWNER).where(self._of(records), records.c.part != "", not_(or_(_HELD, _OPEN)))
        return sorted([*found.values(), *(n for n, owner in db.execute(parts).all() if owner in found)])

    def _noted(self, before: datetime, since: int) -> tuple[ColumnElement[bool], ...]:
        old = or_(
            records.c.written_at < before.timestamp(),
            and_(records.c.written_at.is_(None), records.c.run < since),
        )
        return old, not_(_TROUBLED), or_(records.c.notes.is_not(None), records.c.reason.is_not(None))

    def _forget(self, found: Prunable, now: datetime) -> None:
        """Forget in small transactions; what has changed since it was found stays."""
        before = now - self._keep
        with self._store.reading() as db:
            since = self._since(db, before)
        settled = (not_(_HELD), not_(_OPEN), or_(records.c.part != "", and_(*_forgettable(since))))
        for start in range(0, len(found.records), _CHUNK):
            chosen = records.c.n.in_(found.records[start : start + _CHUNK])
            with self._store.transaction() as db:
                wait_for_writers(db, self._id)
                db.execute(delete(records).where(chosen, *settled))
        for start in range(0, len(found.notes), _CHUNK):
            chosen = records.c.n.in_(found.notes[start : start + _CHUNK])
            with self._store.transaction() as db:
                wait_for_writers(db, self._id)
                values = {"notes": None, "reason": None}
                db.execute(update(records).where(chosen, *self._noted(before, since)).values(values))
        for start in range(0, len(found.runs), _CHUNK):
            with self._store.transaction() as db:
                db.execute(delete(runs).where(runs.c.id.in_(found.runs[start : start + _CHUNK])))

    def _of(self, table: Table) -> ColumnElement[bool]:
        return table.c.connection_id == self._id


def _forgettable(since: int) -> tuple[ColumnElement[bool], ...]:
    return records.c.gone, records.c.part == "", not_(_HELD), not_(_OPEN), records.c.run < since
