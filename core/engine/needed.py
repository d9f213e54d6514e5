"""Which records are to be created only once something needs them, and does anything?

A customer without a document that is sent is not made at a target that says so (`Write.when_needed`). They are planned
like every other record; before anything is written, those nobody waits for are left out, and those left out earlier
that a document waits for now are due again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from duebridge.core.connector import Write
from duebridge.core.engine.report import Report
from duebridge.core.store.records import Records, Stored
from duebridge.core.store.store import Store
from duebridge.core.tables.rules import Decision

NOT_NEEDED = Decision("skip", "not_needed", "Nothing of it is sent yet; it goes with what first needs it")
_LEFT_OUT: dict[str, Any] = {"due": False, "outcome": "skipped", "code": NOT_NEEDED.code}
_DUE_AGAIN: dict[str, Any] = {"due": True, "outcome": "planned", "code": "needed", "retry_at": None}


def wait_until_needed(store: Store, connection_id: int, writes: Mapping[str, Write], report: Report) -> None:
    """Leave out what nothing waits for; count it as skipped, and what is due again as planned."""
    kinds = [kind for kind, write in writes.items() if write.when_needed]
    if not kinds:
        return
    with store.transaction() as db:
        records = Records(db, connection_id)
        _turn(records, records.needed(kinds, NOT_NEEDED.code), _DUE_AGAIN | {"run": report.run}, report, count_all=True)
        _turn(records, records.unneeded(kinds), _LEFT_OUT, report, count_all=False)


def _turn(
    records: Records, rows: Sequence[Stored], values: Mapping[str, Any], report: Report, *, count_all: bool
) -> None:
    for row in rows:
        if count_all or row.run == report.run:
            before = (row.outcome, row.code) if row.run == report.run else None
            report.move(row.kind, before, (values["outcome"], values["code"]))
    records.touch([row.n for row in rows], values)
