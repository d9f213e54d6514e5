"""Tries again what had trouble, and nothing else: what was refused, what is unknown, what could not be understood.

troubled rows -> planned again from the store (unreadable ones read again by id) -> the rows to write
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from duebridge.core.connector import RereadableSource, Source, key_of
from duebridge.core.engine.intake import Intake
from duebridge.core.engine.reading import Reading
from duebridge.core.engine.report import Report
from duebridge.core.engine.understanding import UNREADABLE
from duebridge.core.errors import RunError
from duebridge.core.store.records import Records, Stored
from duebridge.core.store.store import Store

_CHUNK = 200


class Retrying:
    """Tries the troubled records of one connection again, for one run."""

    def __init__(
        self, store: Store, connection_id: int, source: Source, intake: Intake, reading: Reading, report: Report
    ) -> None:
        """Plan with `intake`; read by id with `reading`, where the source can."""
        self._store = store
        self._id = connection_id
        self._source = source
        self._intake = intake
        self._reading = reading
        self._report = report
        self._tried: list[str] = []

    def plan(self, kinds: Sequence[str]) -> None:
        """Plan the troubled records of `kinds` again, whether their next try is due or not; each is counted."""
        with self._store.reading() as db:
            rows = [row for row in Records(db, self._id).troubled() if row.kind in kinds]
        unreadable = [row for row in rows if row.code == UNREADABLE]
        self._tried = list(dict.fromkeys(key_of(row.kind, row.id) for row in rows))
        aside = {row.key for row in unreadable}
        self._plan_again([key for key in self._tried if key not in aside])
        if unreadable:
            self._read_again(unreadable)

    def to_write(self) -> list[int]:
        """Return the numbers of the rows to write: in trouble, planned with those that are, or waiting for them."""
        with self._store.reading() as db:
            return Records(db, self._id).to_try(self._report.run) if self._tried else []

    def conclude(self) -> None:
        """Note how many records were tried, and what became of them."""
        if not self._tried:
            self._report.note("nothing to try again: no record is rejected and no outcome is unknown")
            return
        became: Counter[str] = Counter()
        for keys in _chunks(self._tried):
            with self._store.reading() as db:
                became.update(row.outcome for row in Records(db, self._id).by_key(keys).values())
        told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(became.items()))
        number = len(self._tried)
        self._report.note(f"tried {number} record{'s' if number > 1 else ''} again: {told}")

    def _plan_again(self, keys: Sequence[str]) -> None:
        for chunk in _chunks(keys):
            with self._store.transaction() as db:
                self._intake.plan_again(Records(db, self._id), chunk)

    def _read_again(self, rows: Sequence[Stored]) -> None:
        """Read what could not be understood again by its ids; where that can't be done, say so."""
        advice = f"`duebridge sync {self._report.connection} --full` reads everything"
        if not isinstance(self._source, RereadableSource):
            self._report.note(
                f"{len(rows)} records could not be understood, and {self._source.title} can't give them again one by "
                f"one: {advice}"
            )
        else:
            self._source.check()
            try:
                self._reading.read_again({row.key: (row.kind, row.id) for row in rows}.values())
            except RunError as error:
                self._report.note(f"{len(rows)} records that could not be understood were not read again: {error}")
        for chunk in _chunks([row.key for row in rows]):
            with self._store.transaction() as db:
                self._intake.count_again(Records(db, self._id), chunk)


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))
