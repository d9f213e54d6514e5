"""What does a PostgreSQL session need before the store can use it?

Loaded for PostgreSQL addresses alone: the driver is an extra. docs/decisions/0007-postgresql.md has the reasons.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
from psycopg.adapt import Buffer
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Engine, create_engine, event

LOCK_SECONDS = 30
#: Unless the address has them in its `options`.
#: The server drops the lock of a client whose machine died after about a minute and a half, not after two hours.
_SETTINGS = (
    f"lock_timeout = '{LOCK_SECONDS}s'",
    "tcp_keepalives_idle = 60",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
)


class _Text(StrDumperUnknown):
    """Text as PostgreSQL can keep it: it has no NUL, which a product's message may quote."""

    def dump(self, obj: str) -> Buffer | None:
        """Return the bytes to send, a NUL shown as U+FFFD."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def postgresql_engine(url: URL) -> Engine:
    """Return an engine for `url`, a psycopg address; sessions are tested before use, for those a server has closed."""
    # A writer takes its lock first and must then see what was committed while it waited, hence READ COMMITTED.
    engine = create_engine(url, isolation_level="READ COMMITTED", pool_pre_ping=True)
    given = str(url.query.get("options", ""))
    settings = "; ".join(f"SET {setting}" for setting in _SETTINGS if setting.split()[0] not in given)
    event.listen(engine, "connect", partial(_prepare, settings=settings.encode()))
    return engine


def _prepare(session: psycopg.Connection[Any], _record: Any, settings: bytes) -> None:
    session.adapters.register_dumper(str, _Text)
    session.execute(settings)
    session.commit()
