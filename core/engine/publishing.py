"""The second half of a run for a target that takes snapshots: everything that stands, at once, or nothing.

stored records -> Delivery of each -> publish -> what the target holds from now on (committed)

A process that dies in between leaves everything to be published by the next run: a snapshot replaces the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from duebridge.core.connector import Delivery, SnapshotTarget
from duebridge.core.engine.report import Report
from duebridge.core.errors import UnknownOutcome
from duebridge.core.store.records import Records, Stored
from duebridge.core.store.store import Store

_CHUNK = 500


class Publishing:
    """Publishes what stands, for one run."""

    def __init__(
        self,
        store: Store,
        connection_id: int,
        target: SnapshotTarget,
        report: Report,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Keep what publishing depends on."""
        self._store = store
        self._id = connection_id
        self._target = target
        self._report = report
        self._now = now

    def publish(self, *, accept_mass_change: bool) -> None:
        """Publish every record that stands. Raises what `SnapshotTarget.publish` does, an unknown outcome excepted."""
        with self._store.reading() as db:
            foreseen = Records(db, self._id).foreseen()
        try:
            ack = self._target.publish(self._deliveries(), accept_mass_change=accept_mass_change)
        except UnknownOutcome as error:
            self._count(foreseen, lambda _held: "unknown")
            self._report.note(str(error))
            return
        for note in ack.notes:
            self._report.note(note)
        with self._store.transaction() as db:
            records = Records(db, self._id)
            records.published(self._report.run, self._now().timestamp())
            left_out = list(records.by_key(ack.left_out).values())
            for row in left_out:
                records.touch([row.n], _left_out(row, ack.left_out[row.key]))
        self._count(foreseen, lambda held: "updated" if held else "created")
        for row in left_out:
            if row.verdict == "sync":
                self._report.move(row.kind, (row.outcome, ""), ("rejected", ""))

    def _count(self, foreseen: dict[tuple[str, bool, str], int], outcome: Callable[[bool], str]) -> None:
        for (kind, held, before), number in foreseen.items():
            self._report.move(kind, (before, ""), (outcome(held), ""), number)

    def _deliveries(self) -> Iterator[Delivery]:
        with self._store.reading() as db:
            records = Records(db, self._id)
            for kind in self._target.rules:
                n = 0
                while rows := records.standing_in(n, _CHUNK, kind.kind):
                    yield from map(_delivery, rows)
                    n = rows[-1].n


def _left_out(row: Stored, why: str) -> dict[str, Any]:
    """What to keep of a record the snapshot was published without; one that is to be sent is tried again each time."""
    values: dict[str, Any] = {"accepted_fingerprint": None, "accepted": None, "reason": why}
    return values | ({"outcome": "rejected", "due": True} if row.verdict == "sync" else {})


def _delivery(row: Stored) -> Delivery:
    return Delivery(
        kind=row.kind,
        id=row.id,
        part="",
        operation="update" if row.held else "create",
        reference=row.reference or "",
        payload=from_json(row.payload) if row.payload is not None else None,
        previous=from_json(row.last_accepted) if row.last_accepted is not None else None,
        uncertain=bool(row.uncertain),
        write=row.kind,
    )
