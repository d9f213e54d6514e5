"""The tables: what is remembered of a connection, its streams, its records and its runs.

A row of `records` is one source record (`part` empty, `body` set) or a named part of one (a settlement, a link). It
holds what was last read, what was decided, what is planned and what the target last accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

_DUE = text("due")
_ROOTED = text("root IS NOT NULL")
_WAITING = text("code = 'customer_not_sent'")
_LAPSED = text("lapsed")

Serial = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC: SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive instants: they would be read back as another moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"instant without a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant its zone back; PostgreSQL tells it in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ConnectionRow(SQLModel, table=True):
    """One configured connection, by name.

    `source_account` is who the source said we are when it was last read (JSON: `id`, `name`); `plan_hash` what the
    stored plans were made with.
    """

    __tablename__ = "connections"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    source_account: str | None = None
    target_account: str | None = None
    plan_hash: str | None = None


class StreamRow(SQLModel, table=True):
    """How far a stream of a connection has been read.

    `crawl` is the id of the crawl under way, or of the last complete one; `needs` the optional fields it read;
    `crawled_at` when the last complete crawl began; `reread_at` when open documents were last read again (seconds since
    the epoch: this table is written with every page, unprocessed).
    """

    __tablename__ = "streams"
    connection_id: int = Field(sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True))
    stream: str = Field(primary_key=True)
    position: str | None = Field(default=None, sa_column=Column(Text))
    crawling: bool = False
    crawl: int = 0
    crawl_began_at: float | None = None
    crawled_at: float | None = None
    reread_at: float | None = None
    needs: str = ""


class RecordRow(SQLModel, table=True):
    """One record or part; `key` is its name within the connection.

    `payload` is what the target should hold; `accepted_fingerprint` tells what it last accepted, and `accepted` keeps
    that payload while it differs from `payload`. `due` marks a write to make, in `phase`; `uncertain` an attempt whose
    outcome is unknown. `after_a` and `after_b` must have been accepted
    before. `lapsed` marks what no longer stands as the target holds it (to be changed, no longer sent), until the guard
    has let a run pass that saw it.
    `retry_at` and `written_at` are seconds since the epoch: this table is written in bulk, unprocessed.
    """

    __tablename__ = "records"
    n: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True, autoincrement=True))
    connection_id: int = Field(sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), nullable=False))
    key: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    id: str = Field(sa_column=Column(Text, nullable=False))
    part: str = Field(default="", sa_column=Column(Text, nullable=False))
    customer_id: str = Field(default="", sa_column=Column(Text, nullable=False))
    root: str | None = Field(default=None, sa_column=Column(Text))
    body: str | None = Field(default=None, sa_column=Column(Text))
    open: bool = False
    crawl: int = 0
    gone: bool = False
    verdict: str = "skip"
    code: str = ""
    reason: str | None = Field(default=None, sa_column=Column(Text))
    reference: str | None = Field(default=None, sa_column=Column(Text))
    write: str = ""
    payload: str | None = Field(default=None, sa_column=Column(Text))
    fingerprint: str | None = None
    accepted: str | None = Field(default=None, sa_column=Column(Text))
    accepted_fingerprint: str | None = None
    target_id: str | None = Field(default=None, sa_column=Column(Text))
    phase: int = 0
    due: bool = False
    after_a: str | None = Field(default=None, sa_column=Column(Text))
    after_b: str | None = Field(default=None, sa_column=Column(Text))
    uncertain: bool = False
    attempts: int = 0
    retry_at: float | None = None
    outcome: str = ""
    notes: str | None = Field(default=None, sa_column=Column(Text))
    run: int = Field(default=0, sa_column=Column(Serial, nullable=False))
    written_at: float | None = None
    lapsed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))

    __table_args__ = (
        Index("records_by_key", "connection_id", "key", unique=True),
        Index("records_due", "connection_id", "phase", "n", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("records_by_root", "connection_id", "root", sqlite_where=_ROOTED, postgresql_where=_ROOTED),
        Index("records_lapsed", "connection_id", sqlite_where=_LAPSED, postgresql_where=_LAPSED),
        Index("records_waiting", "connection_id", "customer_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )


class IntentRow(SQLModel, table=True):
    """A write about to be made: committed before any byte leaves, gone once its outcome is stored.

    One found by a later run is a write that may have happened. `n` is the row in `records`, `fingerprint` what was
    sent, `attempt` how often it has been tried, `fence` the lease it was sent under.
    """

    __tablename__ = "intents"
    n: int = Field(sa_column=Column(Serial, primary_key=True, autoincrement=False))
    connection_id: int = Field(
        sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    run: int = Field(sa_column=Column(Serial, nullable=False))
    fingerprint: str | None = None
    attempt: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    fence: int = Field(default=0, sa_column=Column(Serial, nullable=False, server_default="0"))


class LeaseRow(SQLModel, table=True):
    """Who may run a connection: one `holder` at a time (empty: nobody), until `expires_at` (seconds since the epoch).

    `fence` grows with every lease given out, for ever; what a holder of an older one writes is refused. `stop_asked`
    tells the holder to finish what is in flight and end.
    """

    __tablename__ = "leases"
    connection_id: int = Field(sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True))
    fence: int = Field(default=0, sa_column=Column(Serial, nullable=False))
    holder: str = Field(default="", sa_column=Column(Text, nullable=False))
    expires_at: float = 0.0
    stop_asked: bool = False


class ExclusionRow(SQLModel, table=True):
    """A customer (the source's id) an operator keeps out of a connection, beside those the configuration names."""

    __tablename__ = "exclusions"
    connection_id: int = Field(sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True))
    customer_id: str = Field(sa_column=Column(Text, primary_key=True))
    added_at: float = 0.0


class RunRow(SQLModel, table=True):
    """One execution of a connection, with its report (JSON)."""

    __tablename__ = "runs"
    id: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True, autoincrement=True))
    connection_id: int = Field(
        sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    began_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    status: str = "running"
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class MemoryRow(SQLModel, table=True):
    """A small value a connector asked to get back at its next run."""

    __tablename__ = "memory"
    connection_id: int = Field(sa_column=Column(ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True))
    side: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))
