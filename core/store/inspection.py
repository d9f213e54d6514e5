"""What state is the database in? Looked at as it is: nothing is migrated, made or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, case, func, or_, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from duebridge.core.errors import ConfigError
from duebridge.core.store.database import connect, reading, revisions
from duebridge.core.store.records import records
from duebridge.core.store.store import connections, runs

_INTEGRITY_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """How many rows a connection has, and what is open: writes due, records rejected, outcomes unknown.

    `oldest` is when the open row that was not touched for longest was; `unended` the runs that never came to an end,
    `last_run` the number, status and beginning of the newest.
    """

    id: int
    records: int = 0
    runs: int = 0
    due: int = 0
    rejected: int = 0
    unknown: int = 0
    oldest: datetime | None = None
    unended: int = 0
    last_run: tuple[int, str, datetime] | None = None


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What was seen. `revision` is the newest migration it has had, `newest` the one this version brings.

    `damage` are the first complaints of the database about itself, `latest` the latest instant it holds, `clock` its
    server's time where it has a server, `free_bytes` what it holds unused inside its file.
    """

    revision: str | None
    newest: str | None
    known: bool
    bytes: int
    free_bytes: int = 0
    damage: tuple[str, ...] = ()
    clock: datetime | None = None
    latest: datetime | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    connections: Mapping[str, ConnectionState] = field(default_factory=dict)


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite address, None for others."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def inspect_database(url: str) -> DatabaseState:
    """Look at the database at `url`, which must exist. Raises `ConfigError` or `RunError` when it can't be reached."""
    engine = connect(url)
    try:
        return _inspected(engine, url)
    except DBAPIError as error:
        raise ConfigError(f"it can't be opened: {error.orig}") from None
    finally:
        engine.dispose()


def _inspected(engine: Engine, url: str) -> DatabaseState:
    revision, newest, known = revisions(engine)
    with reading(engine) as db:
        facts = _server(db) if db.dialect.name == "postgresql" else _file(db, sqlite_path(url))
        if revision is None or revision != newest:
            return DatabaseState(revision, newest, known, **facts)
        rows = {name: _count(db, table) for name, table in sorted(SQLModel.metadata.tables.items())}
        return DatabaseState(revision, newest, known, rows=rows, connections=_states(db), latest=_latest(db), **facts)


def _file(db: Connection, path: Path | None) -> dict[str, Any]:
    size = int(db.scalar(text("PRAGMA page_size")) or 0)
    pages, free = (int(db.scalar(text(f"PRAGMA {name}")) or 0) for name in ("page_count", "freelist_count"))
    log = path.with_name(f"{path.name}-wal") if path is not None else None
    beside = log.stat().st_size if log is not None and log.exists() else 0
    said = [str(line) for line in db.scalars(text(f"PRAGMA integrity_check({_INTEGRITY_SHOWN})"))]
    return {
        "bytes": pages * size + beside,
        "free_bytes": free * size,
        "damage": () if said == ["ok"] else tuple(said),
    }


def _server(db: Connection) -> dict[str, Any]:
    return {
        "bytes": int(db.scalar(text("SELECT pg_database_size(current_database())")) or 0),
        "clock": db.scalar(text("SELECT clock_timestamp()")),
    }


def _states(db: Connection) -> dict[str, ConnectionState]:
    """Each connection's numbers, in one pass over the records."""
    trouble = or_(records.c.due, records.c.uncertain, records.c.verdict == "reject")
    of = records.c.connection_id
    counted = {
        row[0]: row[1:]
        for row in db.execute(
            select(
                of,
                func.count(),
                func.sum(case((records.c.due, 1), else_=0)),
                func.sum(case((records.c.outcome == "rejected", 1), else_=0)),
                func.sum(case((records.c.uncertain, 1), else_=0)),
                func.min(case((trouble, records.c.run))),
            ).group_by(of)
        ).all()
    }
    number = {row[0]: row[1:] for row in db.execute(_runs_counted()).all()}
    return {
        name: _state(db, id, counted.get(id, (0, 0, 0, 0, None)), number.get(id, (0, 0, None)))
        for id, name in db.execute(select(connections.c.id, connections.c.name).order_by(connections.c.name)).all()
    }


def _runs_counted() -> Any:
    unended = func.sum(case((runs.c.ended_at.is_(None), 1), else_=0))
    return select(runs.c.connection_id, func.count(), unended, func.max(runs.c.id)).group_by(runs.c.connection_id)


def _state(db: Connection, id: int, of_records: Any, of_runs: Any) -> ConnectionState:
    rows, due, rejected, unknown, run = of_records
    number, unended, newest = of_runs
    last = db.execute(select(runs.c.id, runs.c.status, runs.c.began_at).where(runs.c.id == newest)).first()
    return ConnectionState(
        id,
        int(rows),
        int(number),
        int(due),
        int(rejected),
        int(unknown),
        db.scalar(select(runs.c.began_at).where(runs.c.id == run)) if run is not None else None,
        int(unended),
        (last[0], last[1], last[2]) if last is not None else None,
    )


def _latest(db: Connection) -> datetime | None:
    ended = db.execute(select(func.max(runs.c.began_at), func.max(runs.c.ended_at))).one()
    written = db.scalar(select(func.max(records.c.written_at)))
    instants = [*ended, datetime.fromtimestamp(written, UTC) if written is not None else None]
    return max((instant for instant in instants if instant is not None), default=None)


def _count(db: Connection, table: Any) -> int:
    return int(db.scalar(select(func.count()).select_from(table)) or 0)
