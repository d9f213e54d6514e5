"""Which customers did an operator exclude from a connection by command?

Short statements in the caller's transaction; the write half asks once per batch.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from duebridge.core.store.bulk import Statement, listed


class Exclusion(NamedTuple):
    """A customer (the source's id) kept out since `added_at` (seconds since the epoch)."""

    customer_id: str
    added_at: float


def exclusions(db: Connection, connection_id: int) -> list[Exclusion]:
    """Return what is excluded by command, by customer id."""
    return [Exclusion._make(row) for row in _LIST.fetch(db, (connection_id,))]


def excluded_customers(db: Connection, connection_id: int) -> frozenset[str]:
    """Return the ids of the customers excluded by command."""
    return frozenset(exclusion.customer_id for exclusion in exclusions(db, connection_id))


def exclude_customers(db: Connection, connection_id: int, customers: Collection[str], now: float) -> None:
    """Exclude `customers` from now on; those that are excluded keep the moment they were."""
    _ADD.run_each(db, [(connection_id, customer, now) for customer in customers])


def include_customers(db: Connection, connection_id: int, customers: Collection[str]) -> None:
    """Take back the exclusion of `customers`."""
    _REMOVE.run(db, (connection_id, listed(db, list(customers))))


def customers_met(db: Connection, connection_id: int, customers: Collection[str]) -> frozenset[str]:
    """Return which of `customers` have been read, themselves or by a document of theirs."""
    rows = _MET.fetch(db, (connection_id, listed(db, list(customers))))
    return frozenset(row[0] for row in rows)


_LIST = Statement("SELECT customer_id, added_at FROM exclusions WHERE connection_id = ? ORDER BY customer_id")
_ADD = Statement(
    "INSERT INTO exclusions (connection_id, customer_id, added_at) VALUES (?, ?, ?)"
    " ON CONFLICT (connection_id, customer_id) DO NOTHING"
)
_REMOVE = Statement("DELETE FROM exclusions WHERE connection_id = ? AND customer_id ONE_OF")
_MET = Statement("SELECT DISTINCT customer_id FROM records WHERE connection_id = ? AND customer_id ONE_OF")
