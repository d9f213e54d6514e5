"""Customers an operator keeps out of a connection: nothing of theirs is written while they are excluded."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from duebridge.core.engine.planning import Decider, customer_of
from duebridge.core.records import Record
from duebridge.core.tables.rules import Decision

EXCLUDED = Decision("skip", "excluded_customer", "Its customer is excluded from this connection")


def exclusion_decider(customers: AbstractSet[str]) -> Decider | None:
    """Return a decision function that skips everything of `customers` (source ids), or None when there are none."""
    if not customers:
        return None

    def decide(record: Record) -> Decision | None:
        return EXCLUDED if customer_of(record.kind, record.id, record) in customers else None

    return decide
