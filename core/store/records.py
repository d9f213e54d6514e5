"""The rows of one connection's records: found by key or family, written in bulk, claimed for writing, settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, literal_column, or_, select, update

from duebridge.core.store.bulk import Statement, listed
from duebridge.core.store.database import wait_for_writers
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
    a_stands: bool
    b_stands: bool


class PlannedRow(NamedTuple):
    """A row as planning leaves it, in the order it is stored."""

    connection_id: int
    key: str
    kind: str
    id: str
    part: str
    customer_id: str
    root: str | None
    body: str | None
    open: bool
    crawl: int
    gone: bool
    verdict: str
    code: str
    reason: str | None
    reference: str | None
    write: str
    payload: str | None
    fingerprint: str | None
    accepted: str | None
    phase: int
    due: bool
    after_a: str | None
    after_b: str | None
    attempts: int
    retry_at: float | None
    outcome: str
    run: int
    uncertain: bool = False


class Accepted(NamedTuple):
    """A write the target took, in the order it is stored."""

    fingerprint: str | None
    target_id: str | None
    phase: int
    outcome: str
    run: int
    written_at: float
    notes: str | None
    n: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one write, ready to be stored."""

    n: int
    values: Mapping[str, Any]


_STORED = [records.c[name] for name in Stored._fields]


class Records:
    """The records of one connection, inside a transaction the caller holds."""

    def __init__(self, connection: Connection, connection_id: int) -> None:
        """Work on `connection_id`'s rows through `connection`, once other writers of them have finished."""
        wait_for_writers(connection, connection_id)
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
        if not ids:
            return {}
        keys = [f"customer:{id}" for id in ids]
        rows = _STANDING.fetch(self._db, (self._id, listed(self._db, keys)))
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

    def unwritten(self, run: int) -> list[Stored]:
        """Return the records for which `run` planned a write that was not made, removals too."""
        return [Stored._make(row) for row in _UNWRITTEN.fetch(self._db, (self._id, run))]

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

    def upsert(self, rows: Sequence[PlannedRow]) -> None:
        """Insert or replace planned rows."""
        _UPSERT.run_each(self._db, rows)

    def touch(self, numbers: Sequence[int], values: Mapping[str, Any]) -> None:
        """Set `values` on rows by number."""
        for start in range(0, len(numbers), 900):
            chunk = numbers[start : start + 900]
            self._db.execute(update(records).where(records.c.n.in_(chunk)).values(values))

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget parts that are neither wanted nor held."""
        if numbers:
            _DROP.run(self._db, (listed(self._db, numbers),))

    def claim(self, limit: int, *, now: float, since: tuple[int, int], excluded: Collection[str] = ()) -> list[Claimed]:
        """Return the next due rows in the order phase, row.

        One phase is finished before the next begins, and what is written together lies together in the database.
        `since` is the (phase, row) of the last one claimed in this pass. Rows whose retry is later than `now`
        (seconds since the epoch) stay out, and so do those of `excluded` customers.
        """
        rows = _CLAIM.fetch(self._db, (self._id, now, *since, listed(self._db, list(excluded)), limit))
        return [Claimed._make(row) for row in rows]

    def intend(self, rows: Sequence[Claimed], *, run: int) -> None:
        """Record that `run` is about to make these writes; committed before any byte leaves."""
        _INTEND.run(self._db, (run, listed(self._db, [row.n for row in rows])))

    def doubt_intents(self, run: int) -> None:
        """Mark the writes an earlier run was about to make when it died: they may have happened."""
        _DOUBT.run(self._db, (self._id, run))
        _FORGET_EARLIER.run(self._db, (self._id, run))

    def settle(self, claimed: Sequence[Claimed], accepted: Sequence[Accepted], others: Sequence[Settled]) -> None:
        """Store what became of the `claimed` writes: the accepted ones in bulk, the others one by one."""
        _ACCEPT.run_each(self._db, accepted)
        for settled in others:
            self._db.execute(update(records).where(records.c.n == settled.n).values(settled.values))
        _FORGET.run(self._db, (listed(self._db, [row.n for row in claimed]),))

    def mark(self, outcomes: Mapping[str, str], *, run: int) -> None:
        """Set the outcome of records by key."""
        _MARK.run_each(self._db, [(outcome, run, self._id, key) for key, outcome in outcomes.items()])

    def count(self) -> int:
        """How many rows the connection has."""
        query = select(func.count()).select_from(records).where(records.c.connection_id == self._id)
        return int(self._db.scalar(query) or 0)

    def all_due(self) -> list[Stored]:
        """Return every row with a write due, in the order they would be made."""
        query = select(*_STORED).where(records.c.connection_id == self._id, literal_column("records.due"))
        query = query.order_by(records.c.phase, records.c.n)
        return [Stored(*row) for row in self._db.execute(query).all()]

    def due(self) -> int:
        """How many writes are still to make."""
        query = select(func.count()).where(records.c.connection_id == self._id, literal_column("records.due"))
        return int(self._db.scalar(query) or 0)

    def _find(self, query: Statement, values: Iterable[str]) -> dict[str, Stored]:
        wanted = list(values)
        if not wanted:
            return {}
        rows = query.fetch(self._db, (self._id, listed(self._db, wanted)))
        return {row[1]: Stored._make(row) for row in rows}


def listing(
    db: Connection,
    connection_id: int,
    *,
    kinds: Sequence[str] = (),
    id: str | None = None,
    outcome: str | None = None,
    parts: bool = False,
) -> Iterator[Mapping[str, Any]]:
    """Yield whole rows for people, in row order, each record followed by its parts when `parts`.

    `outcome` is the record's; `gone` means held at the target, but no longer at the source or no longer to be sent. An
    `unsure` row is of a record of which a write may have happened; such records are `unknown`, whatever they count as.
    """
    main = records.alias("main")
    uncertain = select(records.c.kind + ":" + records.c.id).where(
        records.c.connection_id == connection_id, records.c.uncertain
    )
    unsure = main.c.key.in_(uncertain)
    of = and_(main.c.connection_id == records.c.connection_id, main.c.key == records.c.kind + ":" + records.c.id)
    query = select(records, unsure.label("unsure")).join(main, of).where(main.c.connection_id == connection_id)
    if kinds:
        query = query.where(main.c.kind.in_(kinds))
    if id is not None:
        query = query.where(main.c.id == id)
    if outcome == "gone":
        query = query.where(main.c.accepted_fingerprint.is_not(None), main.c.verdict == "skip")
    elif outcome == "unknown":
        query = query.where(or_(main.c.outcome == outcome, unsure))
    elif outcome is not None:
        query = query.where(main.c.outcome == outcome, ~unsure)
    if not parts:
        query = query.where(records.c.part == "")
    found = db.execute(query.order_by(main.c.n, records.c.part), execution_options={"yield_per": 500})
    for row in found.mappings():
        yield dict(row)


def _find_by(column: str, also: str = "") -> Statement:
    columns = ", ".join(Stored._fields)
    return Statement(f"SELECT {columns} FROM records WHERE connection_id = ? AND {column} ONE_OF{also}")


def _standing(after: str) -> str:
    return (
        f"(records.{after} IS NULL OR EXISTS (SELECT 1 FROM records AS other"
        f" WHERE other.connection_id = records.connection_id AND other.key = records.{after}"
        " AND other.accepted_fingerprint IS NOT NULL))"
    )


def _upsert() -> Statement:
    columns = PlannedRow._fields
    replaced = [name for name in columns if name not in ("connection_id", "key", "uncertain")]
    return Statement(
        f"INSERT INTO records ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (connection_id, key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in replaced)}"
    )


_BY_KEY = _find_by("key")
_BY_ROOT = _find_by("root")
_WAITING = _find_by("customer_id", " AND code = 'customer_not_sent'")
_UNWRITTEN = Statement(
    f"SELECT {', '.join(Stored._fields)} FROM records WHERE connection_id = ? AND run = ? AND part = ''"
    " AND (outcome = 'planned' OR (due AND gone))"
)
_STANDING = Statement(
    "SELECT id, verdict, accepted_fingerprint, uncertain FROM records WHERE connection_id = ? AND key ONE_OF"
)
_UPSERT = _upsert()
_CLAIM = Statement(
    f"SELECT {', '.join(Claimed._fields[:-2])}, {_standing('after_a')}, {_standing('after_b')} FROM records"
    " WHERE connection_id = ? AND due AND (retry_at IS NULL OR retry_at <= ?)"
    " AND (phase, n) > (?, ?) AND NOT customer_id ONE_OF ORDER BY phase, n LIMIT ?"
)
_ACCEPT = Statement(
    "UPDATE records SET accepted_fingerprint = ?, target_id = ?, phase = ?, outcome = ?, run = ?, written_at = ?,"
    " notes = ?, accepted = NULL, due = FALSE, uncertain = FALSE, attempts = 0, retry_at = NULL WHERE n = ?"
)
_MARK = Statement("UPDATE records SET outcome = ?, run = ? WHERE connection_id = ? AND key = ?")
_DROP = Statement("DELETE FROM records WHERE n ONE_OF")
_INTEND = Statement(
    "INSERT INTO intents (n, connection_id, run, fingerprint)"
    " SELECT n, connection_id, ?, fingerprint FROM records WHERE n ONE_OF"
)
_FORGET = Statement("DELETE FROM intents WHERE n ONE_OF")
_DOUBT = Statement(
    "UPDATE records SET uncertain = TRUE WHERE n IN (SELECT n FROM intents WHERE connection_id = ? AND run <> ?)"
)
_FORGET_EARLIER = Statement("DELETE FROM intents WHERE connection_id = ? AND run <> ?")
