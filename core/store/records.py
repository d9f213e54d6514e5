"""The rows of one connection's records: found by key or family, written in bulk, claimed for writing, settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    false,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from duebridge.core.store.bulk import Bulk, Lookup, fetch
from duebridge.core.store.tables import RecordRow

records = RecordRow.__table__  # type: ignore[attr-defined]


class Stored(NamedTuple):
    """A row as planning sees it."""

    n: int
    key: str
    kind: str
    id: str
    part: str
    customer_id: str
    root: str | None
    body: str | None
    gone: bool
    verdict: str
    code: str
    reason: str | None
    reference: str | None
    write: str
    payload: str | None
    fingerprint: str | None
    accepted: str | None
    accepted_fingerprint: str | None
    due: bool
    phase: int
    uncertain: bool
    outcome: str
    run: int
    crawl: int
    retry_at: float | None

    @property
    def last_accepted(self) -> str | None:
        """The payload the target last accepted (JSON text), or None when it holds nothing of ours."""
        if self.accepted_fingerprint is None:
            return None
        return self.accepted if self.accepted is not None else self.payload

    @property
    def held(self) -> bool:
        """Whether the target holds it, or may hold it."""
        return self.accepted_fingerprint is not None or self.uncertain


class Claimed(NamedTuple):
    """A row to write, with whether what must stand before it does."""

    n: int
    key: str
    kind: str
    id: str
    part: str
    customer_id: str
    reference: str | None
    write: str
    payload: str | None
    fingerprint: str | None
    accepted: str | None
    accepted_fingerprint: str | None
    target_id: str | None
    phase: int
    uncertain: bool
    attempts: int
    after_a: str | None
    after_b: str | None
    outcome: str
    run: int
    code: str
    intent: int | None
    a_stands: bool
    b_stands: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one write, ready to be stored."""

    n: int
    values: Mapping[str, Any]


_STORED = [records.c[name] for name in Stored._fields]
_PLAN_COLUMNS = (
    "connection_id", "key", "kind", "id", "part", "customer_id", "root", "body", "open", "crawl", "gone", "verdict",
    "code", "reason", "reference", "write", "payload", "fingerprint", "accepted", "phase", "due", "after_a", "after_b",
    "attempts", "retry_at", "outcome", "run",
)  # fmt: skip
_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Records:
    """The records of one connection, inside a transaction the caller holds."""

    def __init__(self, connection: Connection, connection_id: int) -> None:
        """Work on `connection_id`'s rows through `connection`."""
        self._db = connection
        self._id = connection_id

    def by_key(self, keys: Iterable[str]) -> dict[str, Stored]:
        """Return the rows with these keys."""
        return self._find(_BY_KEY, keys)

    def by_root(self, invoice_ids: Iterable[str]) -> dict[str, Stored]:
        """Return the credit notes and parts that belong to these invoices, by key."""
        return self._find(_BY_ROOT, invoice_ids)

    def waiting_for(self, customer_ids: Iterable[str]) -> dict[str, Stored]:
        """Return the documents set aside because these customers were not at the target."""
        return self._find(_WAITING, customer_ids)

    def standing(self, customer_ids: Iterable[str]) -> dict[str, bool]:
        """Tell of each customer whether it is, or is planned to be, at the target; unknown ones aren't."""
        ids = list(customer_ids)
        rows = _STANDING.run(self._db, self._id, [f"customer:{id}" for id in ids])
        found = {id: verdict == "sync" or accepted is not None or bool(doubt) for id, verdict, accepted, doubt in rows}
        return {id: found.get(id, False) for id in ids}

    def after(self, n: int, limit: int, kind: str) -> list[Stored]:
        """Return the next `limit` records of `kind` (parts not) with row number above `n`, in row order."""
        query = (
            select(*_STORED)
            .where(
                records.c.connection_id == self._id,
                records.c.n > n,
                records.c.kind == kind,
                records.c.part == "",
            )
            .order_by(records.c.n)
            .limit(limit)
        )
        return [Stored(*row) for row in self._db.execute(query).all()]

    def unseen(self, kinds: Sequence[str], crawl: int) -> list[str]:
        """Return the ids of `kinds` the complete crawl `crawl` did not see, as keys."""
        query = select(records.c.key).where(
            records.c.connection_id == self._id,
            records.c.kind.in_(kinds),
            records.c.part == "",
            records.c.crawl != crawl,
            ~records.c.gone,
        )
        return list(self._db.scalars(query))

    def open_ids(self, kinds: Sequence[str]) -> list[str]:
        """Return the ids of documents on which money was still expected when last read."""
        query = (
            select(records.c.id)
            .where(
                records.c.connection_id == self._id,
                records.c.kind.in_(kinds),
                records.c.part == "",
                records.c.open,
                ~records.c.gone,
            )
            .order_by(records.c.n)
        )
        return list(self._db.scalars(query))

    def upsert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert or replace the planned columns of `rows`, which all hold the same keys."""
        for row in rows:
            row["connection_id"] = self._id
            row["uncertain"] = False
        _UPSERT.run(self._db, rows)

    def touch(self, numbers: Sequence[int], values: Mapping[str, Any]) -> None:
        """Set `values` on rows by number."""
        for start in range(0, len(numbers), 900):
            chunk = numbers[start : start + 900]
            self._db.execute(update(records).where(records.c.n.in_(chunk)).values(values))

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget parts that are neither wanted nor held."""
        if numbers:
            self._db.execute(delete(records).where(records.c.n.in_(numbers)))

    def claim(self, limit: int, *, now: float, since: tuple[str, int, int] | None) -> list[Claimed]:
        """Return the next due rows in the order customer, phase, row.

        `since` is the (customer, phase, row) of the last one claimed in this pass. Rows whose retry is later than `now`
        (seconds since the epoch) stay out.
        """
        mark = "?" if self._db.dialect.name == "sqlite" else "%s"
        customer, phase, n = since if since is not None else ("", -1, 0)
        sql = _CLAIM.replace("?", mark)
        return [Claimed._make(row) for row in fetch(self._db, sql, (self._id, now, customer, phase, n, limit))]

    def intend(self, numbers: Sequence[int], *, run: int) -> None:
        """Record that `run` is about to make these writes; committed before any byte leaves."""
        if numbers:
            self._db.execute(
                update(records).where(records.c.n.in_(numbers)).values(intent=run, attempts=records.c.attempts + 1)
            )

    def doubt_intents(self, run: int) -> None:
        """Mark the writes an earlier run was about to make when it died: they may have happened."""
        open_intents = (
            records.c.connection_id == self._id,
            literal_column("records.due"),
            records.c.intent.is_not(None),
            records.c.intent != run,
        )
        self._db.execute(update(records).where(*open_intents).values(uncertain=True, intent=None))

    def settle(self, accepted: Sequence[Mapping[str, Any]], others: Sequence[Settled]) -> None:
        """Store what became of a batch of writes: the accepted ones in bulk, the others one by one."""
        if accepted:
            _ACCEPT.run(self._db, accepted)
        for settled in others:
            self._db.execute(update(records).where(records.c.n == settled.n).values(settled.values))

    def mark(self, outcomes: Mapping[str, str], *, run: int) -> None:
        """Set the outcome of records by key."""
        if outcomes:
            rows = [
                {"b_key": key, "b_connection": self._id, "b_outcome": o, "b_run": run} for key, o in outcomes.items()
            ]
            _MARK.run(self._db, rows)

    def count(self) -> int:
        """How many rows the connection has."""
        query = select(func.count()).select_from(records).where(records.c.connection_id == self._id)
        return int(self._db.scalar(query) or 0)

    def all_due(self) -> list[Stored]:
        """Return every row with a write due, in the order they would be made."""
        query = select(*_STORED).where(records.c.connection_id == self._id, literal_column("records.due"))
        query = query.order_by(records.c.customer_id, records.c.phase, records.c.n)
        return [Stored(*row) for row in self._db.execute(query).all()]

    def due(self) -> int:
        """How many writes are still to make."""
        query = select(func.count()).where(records.c.connection_id == self._id, literal_column("records.due"))
        return int(self._db.scalar(query) or 0)

    def _find(self, lookup: Lookup, values: Iterable[str]) -> dict[str, Stored]:
        wanted = list(values)
        if not wanted:
            return {}
        return {row[1]: Stored._make(row) for row in lookup.run(self._db, self._id, wanted)}


def listing(connection: Connection, connection_id: int, *, parts: bool, where: Sequence[Any]) -> Iterator[Any]:
    """Yield rows for people, in row order, as mappings."""
    query = select(records).where(records.c.connection_id == connection_id, *where).order_by(records.c.n)
    if not parts:
        query = query.where(records.c.part == "")
    yield from connection.execute(query).mappings()


def _upsert(dialect: str) -> Any:
    statement = _INSERTS[dialect](records)
    return statement.on_conflict_do_update(
        index_elements=["connection_id", "key"],
        set_={name: statement.excluded[name] for name in _PLAN_COLUMNS if name not in ("connection_id", "key")},
    )


_STANDS = """(records.{0} IS NULL OR EXISTS (SELECT 1 FROM records AS other WHERE
    other.connection_id = records.connection_id AND other.key = records.{0} AND other.accepted_fingerprint IS NOT NULL))"""
_CLAIM = f"""SELECT {", ".join(Claimed._fields[:-2])}, {_STANDS.format("after_a")}, {_STANDS.format("after_b")} FROM records
    WHERE connection_id = ? AND due AND (retry_at IS NULL OR retry_at <= ?)
    AND (customer_id, phase, n) > (?, ?, ?) ORDER BY customer_id, phase, n LIMIT ?"""  # noqa: S608 - our own names
_BY_KEY = Lookup("records", Stored._fields, "key")
_BY_ROOT = Lookup("records", Stored._fields, "root")
_WAITING = Lookup("records", Stored._fields, "customer_id", " AND code = 'customer_not_sent'")
_STANDING = Lookup("records", ("id", "verdict", "accepted_fingerprint", "uncertain"), "key")
_UPSERT = Bulk(_upsert, [*_PLAN_COLUMNS, "uncertain"])
_ACCEPT = Bulk(
    lambda _dialect: (
        update(records)
        .where(records.c.n == bindparam("b_n"))
        .values(
            accepted=null(),
            accepted_fingerprint=bindparam("b_fingerprint"),
            target_id=bindparam("b_target_id"),
            phase=bindparam("b_phase"),
            outcome=bindparam("b_outcome"),
            run=bindparam("b_run"),
            written_at=bindparam("b_written_at"),
            notes=bindparam("b_notes"),
            due=false(),
            intent=null(),
            uncertain=false(),
            attempts=literal_column("0"),
            retry_at=null(),
        )
    )
)
_MARK = Bulk(
    lambda _dialect: (
        update(records)
        .where(records.c.connection_id == bindparam("b_connection"), records.c.key == bindparam("b_key"))
        .values(outcome=bindparam("b_outcome"), run=bindparam("b_run"))
    )
)
