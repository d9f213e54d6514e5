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

#: What an intent to take something away has in the place of a fingerprint.
REMOVAL = ""
#: No retry is ever put off longer than this (seconds); one that seems to be was reckoned by a clock since corrected.
LONGEST_WAIT = 86400.0


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
    lapsed: bool

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
    """A row to write, with whether what must stand before it does, and the target's own ids of that.

    `attempted` tells what earlier attempts sent whose outcome is unknown: the payload's fingerprint, `REMOVAL` when one
    of them took something away, None when there were none or several payloads. `a_target` and `b_target` are the
    target's ids of what must stand before it.
    """

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
    attempted: str | None
    a_stands: bool
    b_stands: bool
    a_target: str | None
    b_target: str | None


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
    lapsed: bool = False
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

    def tied_to(self, keys: Sequence[str]) -> list[Stored]:
        """Return the records and parts that come after one of the records `keys`."""
        rows = _TIED.fetch(self._db, (self._id, listed(self._db, keys), listed(self._db, keys)))
        return [Stored._make(row) for row in rows]

    def unneeded(self, kinds: Sequence[str]) -> list[Stored]:
        """Return the records of `kinds` to be created although nothing is to be written after them."""
        both = (self._id, self._id)
        return [Stored._make(row) for row in _UNNEEDED.fetch(self._db, (self._id, listed(self._db, kinds), *both))]

    def needed(self, kinds: Sequence[str], code: str) -> list[Stored]:
        """Return the records of `kinds` left out under `code` after which something is to be written now."""
        both = (self._id, self._id)
        return [Stored._make(row) for row in _NEEDED.fetch(self._db, (self._id, code, listed(self._db, kinds), *both))]

    def foreseen(self) -> dict[tuple[str, bool, str], int]:
        """Count the due records by kind, by whether the target holds them, and by what they are counted as so far."""
        return {(kind, bool(held), outcome): n for kind, held, outcome, n in _FORESEEN.fetch(self._db, (self._id,))}

    def standing_in(self, n: int, limit: int, kind: str) -> list[Stored]:
        """Return the next `limit` records of `kind` a snapshot holds, with row number above `n`, in row order.

        Those to be sent, and with what the target last accepted those held that are excluded or rejected.
        """
        return [Stored._make(row) for row in _SNAPSHOT.fetch(self._db, (self._id, n, kind, limit))]

    def published(self, run: int, now: float) -> None:
        """Take it that the target now holds every record a snapshot holds, and no other; `now` is unix seconds."""
        _PUBLISHED.run(self._db, (now, run, self._id))
        _LEFT_OUT.run(self._db, (self._id,))

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget parts that are neither wanted nor held."""
        if numbers:
            _DROP.run(self._db, (listed(self._db, numbers),))

    def claim(
        self,
        limit: int,
        *,
        now: float,
        since: tuple[int, int],
        only: Sequence[int] | None = None,
        excluded: Collection[str] = (),
    ) -> list[Claimed]:
        """Return the next due rows in the order phase, row; with `only`, those among these rows, retry due or not.

        What can't be settled yet stays out in any case.

        One phase is finished before the next begins, and what is written together lies together in the database.
        `since` is the (phase, row) of the last one claimed in this pass. Rows whose retry is later than `now`
        (seconds since the epoch) stay out, and so do those of `excluded` customers.
        """
        last = (*since, listed(self._db, list(excluded)), limit)
        if only is None:
            rows = _CLAIM.fetch(self._db, (self._id, now, now + LONGEST_WAIT, *last))
        else:
            rows = _CLAIM_AMONG.fetch(self._db, (self._id, listed(self._db, only), now, *last))
        return [Claimed._make(row) for row in rows]

    def intend(self, rows: Sequence[Claimed], *, run: int, fence: int) -> None:
        """Record that `run`, under the lease `fence`, is about to make these writes; committed before a byte leaves.

        What an earlier attempt sent is kept while its outcome is unknown.
        """
        _INTEND.run(self._db, (run, fence, listed(self._db, [row.n for row in rows])))

    def interrupted(self, run: int) -> list[Claimed]:
        """Return the writes earlier runs than `run` were about to make when they died: they may have happened."""
        return [Claimed._make(row) for row in _INTERRUPTED.fetch(self._db, (self._id, run))]

    def withdrawn(self, now: float) -> list[Claimed]:
        """Return the rows whose last write has an unknown outcome while no other one is due, if it can be settled."""
        return [Claimed._make(row) for row in _WITHDRAWN.fetch(self._db, (self._id, now))]

    def waiting_to_settle(self, now: float) -> set[str]:
        """Return the keys of the records with a due write that can't be settled at `now` (seconds since the epoch)."""
        return {f"{kind}:{id}" for kind, id in _WAITING_TO_SETTLE.fetch(self._db, (self._id, now))}

    def troubled(self) -> list[Stored]:
        """Return the rows whose write was refused or has an unknown outcome, and those we refused ourselves."""
        return [Stored._make(row) for row in _TROUBLED.fetch(self._db, (self._id,))]

    def to_try(self, run: int) -> list[int]:
        """Return the numbers of due rows that had trouble or were planned by `run`, and of those waiting for them."""
        found = _TO_TRY.fetch(self._db, (self._id, run))
        numbers = {n for n, _ in found}
        while keys := [key for _, key in found]:
            waiting = _AFTER.fetch(self._db, (self._id, listed(self._db, keys), listed(self._db, keys)))
            found = [row for row in waiting if row[0] not in numbers]
            numbers |= {n for n, _ in found}
        return sorted(numbers)

    def settle(self, settled: Sequence[int], accepted: Sequence[Accepted], others: Sequence[Settled]) -> None:
        """Store what became of a batch: accepted writes in bulk, the others one by one.

        `settled` are the rows of which nothing is unknown any more: their intents go.
        """
        _ACCEPT.run_each(self._db, accepted)
        for other in others:
            self._db.execute(update(records).where(records.c.n == other.n).values(other.values))
        _FORGET.run(self._db, (listed(self._db, settled),))

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

    `outcome` is the record's; `gone` means held at the target (or perhaps held), but no longer at the source or no
    longer to be sent. An `unsure` row is of a record of which a write may have happened, or a write of a part of it;
    such records are `unknown`, whatever they count as.
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
        query = query.where(or_(main.c.accepted_fingerprint.is_not(None), main.c.uncertain), main.c.verdict == "skip")
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


def _target_of(after: str) -> str:
    return (
        "(SELECT other.target_id FROM records AS other"
        f" WHERE other.connection_id = records.connection_id AND other.key = records.{after})"
    )


def _upsert() -> Statement:
    columns = PlannedRow._fields
    replaced = [name for name in columns if name not in ("connection_id", "key", "uncertain", "attempts")]
    return Statement(
        f"INSERT INTO records ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (connection_id, key) DO UPDATE SET"
        f" {', '.join(f'{name} = excluded.{name}' for name in replaced)},"
        # what waits for its next try has been tried as often as before
        " attempts = CASE WHEN excluded.retry_at IS NULL THEN excluded.attempts ELSE records.attempts END"
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
_ATTEMPTED = "CASE WHEN uncertain THEN (SELECT fingerprint FROM intents WHERE intents.n = records.n) END"
_CLAIMED = (
    f"SELECT {', '.join(Claimed._fields[:-5])}, {_ATTEMPTED}, {_standing('after_a')}, {_standing('after_b')},"
    f" {_target_of('after_a')}, {_target_of('after_b')} FROM records WHERE connection_id = ?"
)
_NEXT = " AND (phase, n) > (?, ?) AND NOT customer_id ONE_OF ORDER BY phase, n LIMIT ?"
_CLAIM = Statement(f"{_CLAIMED} AND due AND (retry_at IS NULL OR retry_at <= ? OR retry_at > ?){_NEXT}")
# What is uncertain and was not refused has a retry_at for one reason: a search may not show it before.
_UNSETTLED = "uncertain AND outcome <> 'rejected' AND retry_at IS NOT NULL AND retry_at > ?"
_CLAIM_AMONG = Statement(f"{_CLAIMED} AND due AND n ONE_OF AND NOT ({_UNSETTLED}){_NEXT}")
_WAITING_TO_SETTLE = Statement(f"SELECT kind, id FROM records WHERE connection_id = ? AND due AND {_UNSETTLED}")
_INTERRUPTED = Statement(f"{_CLAIMED} AND NOT uncertain AND n IN (SELECT n FROM intents WHERE intents.run <> ?)")
_WITHDRAWN = Statement(
    f"{_CLAIMED} AND uncertain AND NOT due AND NOT ({_UNSETTLED})"
    " AND n IN (SELECT n FROM intents WHERE intents.connection_id = records.connection_id) ORDER BY n"
)
_TROUBLED = Statement(
    f"SELECT {', '.join(Stored._fields)} FROM records WHERE connection_id = ?"
    " AND (verdict = 'reject' OR due AND (uncertain OR outcome IN ('rejected', 'unknown'))) ORDER BY n"
)
_TO_TRY = Statement(
    "SELECT n, key FROM records WHERE connection_id = ?"
    " AND due AND (uncertain OR outcome IN ('rejected', 'unknown') OR run = ?)"
)
_AFTER = Statement("SELECT n, key FROM records WHERE connection_id = ? AND due AND (after_a ONE_OF OR after_b ONE_OF)")
_TIED = Statement(
    f"SELECT {', '.join(Stored._fields)} FROM records WHERE connection_id = ? AND (after_a ONE_OF OR after_b ONE_OF)"
)
_NOT_THERE = (
    f"SELECT {', '.join(Stored._fields)} FROM records WHERE connection_id = ? AND part = '' AND verdict = 'sync'"
    " AND accepted_fingerprint IS NULL AND NOT uncertain"
)
_AWAITING = "SELECT {0} FROM records WHERE connection_id = ? AND due AND verdict = 'sync' AND {0} IS NOT NULL"
_AWAITED = f"({_AWAITING.format('after_a')} UNION {_AWAITING.format('after_b')})"
_UNNEEDED = Statement(f"{_NOT_THERE} AND due AND kind ONE_OF AND key NOT IN {_AWAITED}")
_NEEDED = Statement(f"{_NOT_THERE} AND NOT due AND code = ? AND kind ONE_OF AND key IN {_AWAITED}")
_FORESEEN = Statement(
    "SELECT kind, accepted_fingerprint IS NOT NULL, outcome, COUNT(*) FROM records"
    " WHERE connection_id = ? AND due AND part = '' GROUP BY kind, accepted_fingerprint IS NOT NULL, outcome"
)
_IN_SNAPSHOT = (
    "part = '' AND NOT gone AND (verdict = 'sync'"
    " OR accepted_fingerprint IS NOT NULL AND (verdict = 'reject' OR code = 'excluded_customer'))"
)
_SNAPSHOT = Statement(
    f"SELECT {', '.join(Stored._fields)} FROM records WHERE connection_id = ? AND n > ? AND kind = ? AND {_IN_SNAPSHOT}"
    " ORDER BY n LIMIT ?"
)
_PUBLISHED = Statement(
    "UPDATE records SET outcome = CASE WHEN accepted_fingerprint IS NULL THEN 'created' ELSE 'updated' END,"
    " accepted_fingerprint = fingerprint, accepted = NULL, due = FALSE, uncertain = FALSE, attempts = 0,"
    " written_at = ?, run = ?"
    " WHERE connection_id = ? AND due AND part = '' AND verdict = 'sync'"
)
_LEFT_OUT = Statement(
    "UPDATE records SET accepted_fingerprint = NULL, accepted = NULL, payload = NULL, fingerprint = NULL, due = FALSE,"
    f" uncertain = FALSE WHERE connection_id = ? AND accepted_fingerprint IS NOT NULL AND NOT ({_IN_SNAPSHOT})"
)
_ACCEPT = Statement(
    "UPDATE records SET accepted_fingerprint = ?, target_id = ?, phase = ?, outcome = ?, run = ?, written_at = ?,"
    " notes = ?, accepted = NULL, due = FALSE, uncertain = FALSE, attempts = 0, retry_at = NULL, reason = NULL"
    " WHERE n = ?"
)
_MARK = Statement("UPDATE records SET outcome = ?, run = ? WHERE connection_id = ? AND key = ?")
_DROP = Statement("DELETE FROM records WHERE n ONE_OF")
# A removal has no fingerprint of its own; several attempts with different payloads leave none to go by.
_INTEND = Statement(
    "INSERT INTO intents (n, connection_id, run, fence, fingerprint, attempt)"
    " SELECT n, connection_id, ?, ?, COALESCE(fingerprint, ''), attempts + 1 FROM records WHERE n ONE_OF"
    " ON CONFLICT (n) DO UPDATE SET run = excluded.run, fence = excluded.fence, attempt = intents.attempt + 1,"
    " fingerprint = CASE WHEN intents.fingerprint = excluded.fingerprint THEN excluded.fingerprint"
    " WHEN intents.fingerprint = '' OR excluded.fingerprint = '' THEN '' END"
)
_FORGET = Statement("DELETE FROM intents WHERE n ONE_OF")
