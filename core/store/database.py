"""Opening the database: one SQLite file by default, PostgreSQL when that is outgrown; migrated to the newest schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from duebridge.core.errors import ConfigError, RunError
from duebridge.core.store.refusing import REFUSALS, advice, may_pass, place, words

BUSY_SECONDS = 30
MIGRATIONS = Path(__file__).parent / "migrations"
#: Our advisory locks on PostgreSQL, apart from other programs'; the second number is a connection's, 0 the schema's.
_LOCKS = 0x44424C4B
_SCHEMA = 0
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"reading": True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def open_database(url: str) -> Engine:
    """Connect to `url` and bring its schema up to date.

    Raises `ConfigError` when it can't be opened, `RunError` when that may pass: it is locked, or its disk is full.
    """
    engine = connect(url)
    try:
        migrate(engine)
    except REFUSALS as error:
        engine.dispose()
        what = f"the database {place(engine.url)} can't be opened: {words(error)}"
        kind = RunError if may_pass(error) else ConfigError
        raise kind(f"{what}; {advice(error) or 'check `database` and its rights'}") from None
    return engine


def connect(url: str) -> Engine:
    """Return an engine for `url` whose transactions are safe for read-then-write.

    A writer waits `BUSY_SECONDS` for another, or as long as the address says: `?timeout=5` for SQLite,
    `?options=-c%20lock_timeout%3D5s` for PostgreSQL.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        from duebridge.core.store.postgresql import postgresql_engine  # noqa: PLC0415 - its driver is an extra

        return postgresql_engine(parsed)
    except (ArgumentError, ImportError) as error:
        raise ConfigError(f"`database` is not a usable address: {error}") from None


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction; a locked or full database becomes a `RunError` that says so."""
    try:
        with engine.begin() as connection:
            yield connection
    except REFUSALS as error:
        raise RunError(
            f"the database refused: {_told(engine, error)}; nothing of this step was kept, run again"
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view that never waits for a writer."""
    try:
        with engine.connect().execution_options(**_READING[engine.dialect.name]) as connection, connection.begin():
            yield connection
    except REFUSALS as error:
        raise RunError(f"the database can't be read: {_told(engine, error)}; then run again") from error


def wait_for_writers(db: Connection, connection_id: int) -> None:
    """Wait for other transactions that write the rows of `connection_id`, and hold them off until this one ends.

    SQLite has one writer at a time anyway, and a view that only reads waits for nobody.
    """
    if db.dialect.name == "postgresql" and not db.get_execution_options().get("reading"):
        db.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCKS, connection_id))


def migrate(engine: Engine) -> None:
    """Run the migrations the database lacks; cheap when there are none, and safe for processes that start together."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect().execution_options(**_READING[engine.dialect.name]) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    with engine.begin() as connection:
        wait_for_writers(connection, _SCHEMA)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _told(engine: Engine, error: Exception) -> str:
    known = advice(error)
    return f"{words(error)} ({place(engine.url)}){f'; {known}' if known else ''}"


def _sqlite(url: URL) -> Engine:
    busy_seconds = _busy_seconds(url)
    engine = create_engine(url)
    event.listen(engine, "connect", partial(_configure_sqlite, busy_seconds=busy_seconds))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _busy_seconds(url: URL) -> float:
    given = url.query.get("timeout", BUSY_SECONDS)
    try:
        return float(given)  # type: ignore[arg-type] # a tuple when it is given twice
    except (TypeError, ValueError):
        raise ConfigError("`database`: timeout is a number of seconds, given once") from None


def _configure_sqlite(connection: sqlite3.Connection, _record: Any, busy_seconds: float) -> None:
    connection.isolation_level = None  # SQLAlchemy's events begin transactions, not the driver
    for pragma in (
        f"busy_timeout={round(busy_seconds * 1000)}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-40000",
        "wal_autocheckpoint=8000",
        "temp_store=FILE",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails with "locked" under contention; an immediate one waits.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
