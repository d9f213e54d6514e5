"""How do the records count for which a run planned a write that it did not make, though it made all it could?

Their customer was excluded while the run was under way: skipped; the next run plans every record again. Or another
record's change undid what was planned, as when an invoice's credit notes change one after the other: unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from duebridge.core.connector import key_of
from duebridge.core.engine.planning import EXCLUDED
from duebridge.core.engine.report import Report
from duebridge.core.store.exclusions import excluded_customers
from duebridge.core.store.records import Records, Stored
from duebridge.core.store.store import Store

_SET_ASIDE: Mapping[str, Any] = {"outcome": "skipped", "code": EXCLUDED.code}
_UNDONE: Mapping[str, Any] = {"outcome": "unchanged"}


def count_unwritten(store: Store, connection_id: int, report: Report, planned_without: frozenset[str]) -> None:
    """Count what the run of `report` planned and did not write; it excluded `planned_without` from its start."""
    with store.reading() as db:
        newly = excluded_customers(db, connection_id) - planned_without
    if newly:
        store.save_plan_hash(connection_id, "")
    elif not any(tally.outcomes["planned"] for tally in report.kinds.values()):
        return
    with store.transaction() as db:
        records = Records(db, connection_id)
        rows = records.unwritten(report.run)
        excluded = [row for row in rows if row.customer_id in newly]
        undone = list(_undone(records, [row for row in rows if row.customer_id not in newly]))
        _count(report, excluded, _SET_ASIDE)
        _count(report, undone, _UNDONE)
        records.touch([row.n for row in excluded if not row.gone], _SET_ASIDE)
        records.touch([row.n for row in undone], _UNDONE)
    if excluded:
        ids = ", ".join(sorted({row.customer_id for row in excluded}))
        report.note(f"excluded during this run, and nothing more written: customer {ids}")


def _undone(records: Records, rows: list[Stored]) -> Iterator[Stored]:
    due = {key_of(row.kind, row.id) for row in records.all_due()}
    return (row for row in rows if row.key not in due and not row.gone)


def _count(report: Report, rows: list[Stored], after: Mapping[str, Any]) -> None:
    for row in rows:
        if row.gone:
            report.aside(row.kind, "gone")
        else:
            report.move(row.kind, (row.outcome, row.code), (after["outcome"], after.get("code", "")))
