"""The store: connections, streams, runs and connectors' memory, over one database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, exists, or_, select, update
from sqlmodel import SQLModel

from duebridge.core.connector import Cursor
from duebridge.core.store.bulk import Statement
from duebridge.core.store.database import open_database, reading, transaction, wait_for_writers
from duebridge.core.store.records import Records
from duebridge.core.store.records import records as records_table
from duebridge.core.store.tables import ConnectionRow, IntentRow, MemoryRow, RunRow, StreamRow

connections = ConnectionRow.__table__  # type: ignore[attr-defined]
streams = StreamRow.__table__  # type: ignore[attr-defined]
runs = RunRow.__table__  # type: ignore[attr-defined]
intents = IntentRow.__table__  # type: ignore[attr-defined]
memory = MemoryRow.__table__  # type: ignore[attr-defined]


_COPIED = (
    (connections, connections.c.id),
    (streams, streams.c.connection_id),
    (records_table, records_table.c.connection_id),
    (intents, intents.c.connection_id),
    (memory, memory.c.connection_id),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """How far one stream has been read; see `StreamRow`."""

    stream: str
    cursor: Cursor | None = None
    crawling: bool = False
    crawl: int = 0
    crawl_began_at: datetime | None = None
    crawled_at: datetime | None = None
    reread_at: datetime | None = None
    needs: frozenset[str] = frozenset()

    def begin_crawl(self, now: datetime, needs: frozenset[str]) -> Stream:
        """Return the state at the start of a new crawl."""
        return replace(self, cursor=None, crawling=True, crawl=self.crawl + 1, crawl_began_at=now, needs=needs)

    def after(self, cursor: Cursor, *, last: bool) -> Stream:
        """Return the state once a page is stored; a crawl is complete only after its last page."""
        if not (last and self.crawling):
            return replace(self, cursor=cursor)
        return replace(self, cursor=cursor, crawling=False, crawled_at=self.crawl_began_at)

    def reread(self, now: datetime) -> Stream:
        """Return the state after the open documents were read again."""
        return replace(self, reread_at=now)


class Store:
    """What is remembered between runs."""

    #: The fence of the lease its writes are made under; 0 for writes that need none.
    fence: int = 0

    def __init__(self, engine: Engine) -> None:
        """Use `engine`, whose schema is up to date."""
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open and migrate the database at `url`. Raises `ConfigError` when it can't be."""
        return cls(open_database(url))

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    def close(self) -> None:
        """Release the database's connections."""
        self._engine.dispose()

    def transaction(self) -> AbstractContextManager[Connection]:
        """Read and write, all or nothing."""
        return transaction(self._engine)

    def reading(self) -> AbstractContextManager[Connection]:
        """Read a consistent view, without waiting for a writer."""
        return reading(self._engine)

    def connection_id(self, name: str) -> int:
        """Return the row number of the connection `name`, made when it is new."""
        query = select(connections.c.id).where(connections.c.name == name)
        with self.transaction() as db:
            found = db.scalar(query)
            if found is None:
                _NEW_CONNECTION.run(db, (name,))  # another process may have made it since
                found = db.execute(query).scalar_one()
            return int(found)

    def known_connection(self, name: str) -> int | None:
        """Return the row number of the connection `name`, or None when it has never run."""
        with self.reading() as db:
            found = db.scalar(select(connections.c.id).where(connections.c.name == name))
            return int(found) if found is not None else None

    def has_read(self, connection_id: int) -> bool:
        """Whether a page of any stream of the connection was ever stored."""
        page = exists().where(streams.c.connection_id == connection_id, streams.c.position.is_not(None))
        record = exists().where(records_table.c.connection_id == connection_id)
        with self.reading() as db:
            return bool(db.scalar(select(or_(page, record))))

    def copy_connection(self, connection_id: int, copy: Store) -> int:
        """Copy a connection's streams, records and memory into the empty store `copy`; return its number there."""
        with self.reading() as db, copy.transaction() as other:
            for table, column in _COPIED:
                rows = db.execution_options(yield_per=500).execute(select(table).where(column == connection_id))
                for chunk in rows.mappings().partitions(500):
                    other.execute(table.insert(), [dict(row) for row in chunk])
        return connection_id

    def plan_hash(self, connection_id: int) -> str | None:
        """Return what the stored plans were made with."""
        with self.reading() as db:
            return db.scalar(select(connections.c.plan_hash).where(connections.c.id == connection_id))

    def save_plan_hash(self, connection_id: int, plan_hash: str) -> None:
        """Remember what the stored plans were made with."""
        with self.transaction() as db:
            db.execute(update(connections).where(connections.c.id == connection_id).values(plan_hash=plan_hash))

    def stream(self, connection_id: int, name: str) -> Stream:
        """Return how far the stream `name` has been read."""
        with self.reading() as db:
            query = select(streams).where(streams.c.connection_id == connection_id, streams.c.stream == name)
            row = db.execute(query).mappings().first()
        return _stream(dict(row)) if row is not None else Stream(name)

    def save_stream(self, db: Connection, connection_id: int, state: Stream) -> None:
        """Keep `state`, in the caller's transaction."""
        position = json.dumps(dict(state.cursor.position)) if state.cursor is not None else None
        _SAVE_STREAM.run(
            db,
            (
                connection_id,
                state.stream,
                position,
                state.crawling,
                state.crawl,
                _seconds(state.crawl_began_at),
                _seconds(state.crawled_at),
                _seconds(state.reread_at),
                " ".join(sorted(state.needs)),
            ),
        )

    def begin_run(self, connection_id: int, now: datetime) -> int:
        """Return the number of a new run."""
        with self.transaction() as db:
            return _inserted(db, RunRow, {"connection_id": connection_id, "began_at": now, "status": "running"})

    def end_run(self, run: int, now: datetime, status: str, report: Mapping[str, Any]) -> None:
        """Keep how `run` ended."""
        with self.transaction() as db:
            values = {"ended_at": now, "status": status, "report": dict(report)}
            db.execute(update(runs).where(runs.c.id == run).values(values))

    def unfinished_runs(self, connection_id: int) -> list[int]:
        """Return the runs of a connection that have not told how they ended, oldest first."""
        query = select(runs.c.id).where(runs.c.connection_id == connection_id, runs.c.ended_at.is_(None))
        with self.reading() as db:
            return list(db.scalars(query.order_by(runs.c.id)))

    def runs(self, connection_id: int | None = None, limit: int = 50) -> list[Mapping[str, Any]]:
        """Return the newest runs, newest first."""
        query = select(runs, connections.c.name).join(connections, connections.c.id == runs.c.connection_id)
        if connection_id is not None:
            query = query.where(runs.c.connection_id == connection_id)
        with self.reading() as db:
            return [dict(row) for row in db.execute(query.order_by(runs.c.id.desc()).limit(limit)).mappings()]

    def records(self, db: Connection, connection_id: int) -> Records:
        """Return the records of a connection, in the caller's transaction."""
        return Records(db, connection_id)

    def remembered(self, connection_id: int, side: str, key: str) -> Any:
        """Return a connector's small value, or None."""
        with self.reading() as db:
            return db.scalar(select(memory.c.value).where(*_memory_key(connection_id, side, key)))

    def remember(self, connection_id: int, side: str, key: str, value: Any) -> None:
        """Keep a connector's small value."""
        with self.transaction() as db:
            wait_for_writers(db, connection_id)
            where = _memory_key(connection_id, side, key)
            if db.execute(update(memory).where(*where).values(value=value)).rowcount == 0:
                db.execute(memory.insert().values(connection_id=connection_id, side=side, key=key, value=value))


def _memory_key(connection_id: int, side: str, key: str) -> Iterator[Any]:
    yield memory.c.connection_id == connection_id
    yield memory.c.side == side
    yield memory.c.key == key


def _inserted(db: Connection, table: type[SQLModel], values: Mapping[str, Any]) -> int:
    result = db.execute(table.__table__.insert().values(dict(values)))  # type: ignore[attr-defined]
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an INSERT of one row has one
    return int(key[0])


def _stream(row: Mapping[str, Any]) -> Stream:
    position = row["position"]
    return Stream(
        stream=row["stream"],
        cursor=Cursor(bool(row["crawling"]), json.loads(position)) if position is not None else None,
        crawling=bool(row["crawling"]),
        crawl=row["crawl"],
        crawl_began_at=_instant(row["crawl_began_at"]),
        crawled_at=_instant(row["crawled_at"]),
        reread_at=_instant(row["reread_at"]),
        needs=frozenset(row["needs"].split()),
    )


def _seconds(instant: datetime | None) -> float | None:
    return instant.timestamp() if instant is not None else None


def _instant(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


_NEW_CONNECTION = Statement("INSERT INTO connections (name) VALUES (?) ON CONFLICT (name) DO NOTHING")
_SAVE_STREAM = Statement(
    "INSERT INTO streams"
    " (connection_id, stream, position, crawling, crawl, crawl_began_at, crawled_at, reread_at, needs)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (connection_id, stream) DO UPDATE SET position = excluded.position, crawling = excluded.crawling,"
    " crawl = excluded.crawl, crawl_began_at = excluded.crawl_began_at, crawled_at = excluded.crawled_at,"
    " reread_at = excluded.reread_at, needs = excluded.needs"
)
