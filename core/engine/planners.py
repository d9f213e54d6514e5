"""With what does a connection plan? Its target's tables, whose records they are, and from which day on.

Raises `ConfigError` when the connection reaches back further than its target takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duebridge.core.connector import Source, Target
from duebridge.core.engine.planning import Planner
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.report import Report
from duebridge.core.engine.start import first_day, start_of, told
from duebridge.core.store import lapses
from duebridge.core.store.store import Store


def planner_for(
    store: Store,
    connection_id: int,
    source: Source,
    target: Target,
    context: Mapping[str, Any],
    policy: Policy,
    report: Report,
) -> Planner:
    """Return the planner of a connection, as it stands; what is unusual about its reach becomes a note of `report`."""
    with store.reading() as db:
        account = lapses.source_account(db, connection_id)
    day = first_day(report.connection, type(target), policy.reach, start_of(store, connection_id))
    note = told(type(target), policy.reach, day)
    if note is not None:
        report.note(note)
    return Planner(
        type(target).origin(source.name, account.id if account is not None else ""),
        target,
        context,
        decide=policy.decide,
        on_delete=policy.on_delete,
        start=day,
    )
