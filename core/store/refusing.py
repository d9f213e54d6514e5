"""Why did the database refuse, and what can a person do about it?

SQLite's and PostgreSQL's own words are kept beside ours: whoever runs the machine knows them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

#: What a database raises: through SQLAlchemy, or from SQLite itself while rows are fetched past it.
REFUSALS = (DBAPIError, sqlite3.Error)

#: By SQLite's result code (sqlite.org/rescode.html), of an extended one its beginning.
_SQLITE: Mapping[str, str] = {
    "SQLITE_BUSY": "another process has been writing to it for longer than we wait; let it finish, or end it",
    "SQLITE_LOCKED": "another process has been writing to it for longer than we wait; let it finish, or end it",
    "SQLITE_FULL": "no space is left where it lies; make room there",
    "SQLITE_IOERR": "its disk fails, is full, or a file on it may not grow (ulimit -f); look at the disk",
    "SQLITE_READONLY": "we may not write to it; give us the right to write the file and its folder",
    "SQLITE_CANTOPEN": "it or a file beside it (-wal, -shm) is out of reach; check its path and its folder's rights",
    "SQLITE_PERM": "we may not open it; check the rights of the file and its folder",
    "SQLITE_CORRUPT": "the file is damaged; put back a backup, or move it away: the next run reads everything again",
    "SQLITE_NOTADB": "the file is no SQLite database; name another in `database`, or put back a backup",
}
#: By the beginning of PostgreSQL's SQLSTATE (its manual, appendix A).
_POSTGRESQL: Mapping[str, str] = {
    "55P03": "another process has been writing for longer than we wait; let it finish, or end it",
    "40P01": "another process was in the way",
    "53100": "no space is left at the server; make room there",
    "53300": "the server has no connection left for us; raise max_connections, or run less at once",
    "25006": "it takes no writes: it is a standby, or set to read-only",
    "42501": "our role may not do this; check `database` and its rights",
    "57P": "the server is being stopped or started; see that the server runs",
    "08": "the connection broke; see that the server runs and can be reached",
}
_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "55P03", "40P01", "53100", "53300")
_NO_STATE = "see that the server runs, and that the address in `database` is right"


def place(url: URL) -> str:
    """Where a database is, without a password: the file's path, or host, port and name."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"


def advice(error: Exception) -> str:
    """What happened and what to do, without the database's own words; "" when nothing is known."""
    code = _code(error)
    if isinstance(words(error), sqlite3.Error):
        return _by_beginning(_SQLITE, code)
    return _by_beginning(_POSTGRESQL, code) if code else _NO_STATE


def may_pass(error: Exception) -> bool:
    """Whether nothing about the configuration is wrong: another process writes, or the disk has no room."""
    return _code(error).startswith(_PASSING)


def words(error: Exception) -> Any:
    """The database's own words."""
    return error.orig if isinstance(error, DBAPIError) else error


def _code(error: Exception) -> str:
    original = words(error)
    name = "sqlite_errorname" if isinstance(original, sqlite3.Error) else "sqlstate"
    return getattr(original, name, None) or ""


def _by_beginning(table: Mapping[str, str], code: str) -> str:
    return next((text for beginning, text in table.items() if code.startswith(beginning)), "")
