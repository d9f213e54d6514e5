"""What becomes of the writes a run had planned for a customer who is excluded while it is under way?

They are not made, and counted as skipped; the next run plans every record again by the exclusions of then.
"""

from __future__ import annotations

from duebridge.core.engine.planning import EXCLUDED
from duebridge.core.engine.report import Report
from duebridge.core.store.exclusions import excluded_customers
from duebridge.core.store.records import Records
from duebridge.core.store.store import Store


def set_aside(store: Store, connection_id: int, report: Report, planned_without: frozenset[str]) -> None:
    """Count what the run of `report` did not write for customers excluded since it planned `planned_without` some."""
    with store.reading() as db:
        newly = excluded_customers(db, connection_id) - planned_without
    if not newly:
        return
    store.save_plan_hash(connection_id, "")
    with store.transaction() as db:
        records = Records(db, connection_id)
        rows = records.foreseen_for(newly, report.run)
        for row in rows:
            if row.gone:
                report.aside(row.kind, "gone")
            else:
                report.move(row.kind, (row.outcome, row.code), ("skipped", EXCLUDED.code))
        records.touch([row.n for row in rows if not row.gone], {"outcome": "skipped", "code": EXCLUDED.code})
    if rows:
        report.note(f"customer {', '.join(sorted({row.customer_id for row in rows}))} was excluded during this run")
