"""Runs one statement for many rows at the driver's own speed: written once, values handed over unprocessed.

SQLAlchemy processes every parameter and every row again for each call, which costs more than the database does. The
tables used this way hold only types both drivers take as they are (text, integers, floats, booleans), and the SQL is
what SQLite and PostgreSQL have in common; only the mark for a parameter differs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

_MARKS = {"sqlite": "?", "postgresql": "%s"}
_ONE_OF = {"sqlite": "IN (SELECT value FROM json_each(?))", "postgresql": "= ANY(%s)"}
_CLOCK = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
}


class Statement:
    """SQL with `?` for each parameter and `ONE_OF` where a column is compared with a list of texts or numbers.

    `CLOCK` is the database's own time, in seconds since the epoch: one clock for every machine that uses it.
    """

    def __init__(self, sql: str) -> None:
        """Prepare `sql` for both databases."""
        self._sql = {name: _spoken(sql, name) for name in _MARKS}

    def run(self, db: Connection, parameters: tuple[Any, ...]) -> None:
        """Run the statement once."""
        db.exec_driver_sql(self._sql[db.dialect.name], parameters)

    def change(self, db: Connection, parameters: tuple[Any, ...]) -> int:
        """Run the statement once; return how many rows it changed."""
        return db.exec_driver_sql(self._sql[db.dialect.name], parameters).rowcount

    def run_each(self, db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run the statement once per row, in one call to the driver."""
        if rows:
            db.exec_driver_sql(self._sql[db.dialect.name], list(rows))

    def fetch(self, db: Connection, parameters: tuple[Any, ...]) -> Sequence[tuple[Any, ...]]:
        """Return every row of a query as the driver gives it."""
        cursor = db.exec_driver_sql(self._sql[db.dialect.name], parameters).cursor
        return cursor.fetchall() if cursor is not None else ()


def _spoken(sql: str, dialect: str) -> str:
    plain = sql.replace("%", "%%") if dialect == "postgresql" else sql  # the driver takes a lone % for a parameter
    plain = plain.replace("?", _MARKS[dialect]).replace("CLOCK", _CLOCK[dialect])
    return plain.replace("ONE_OF", _ONE_OF[dialect])


def listed(db: Connection, values: Sequence[Any]) -> Any:
    """Return `values` as the one parameter `ONE_OF` takes."""
    return json.dumps(values) if db.dialect.name == "sqlite" else list(values)
