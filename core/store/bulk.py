"""Runs one statement for many rows at the driver's own speed: prepared once, values handed over unprocessed.

SQLAlchemy processes every parameter and every row again for each call, which costs more than the database does. The
table used this way holds only types both drivers take as they are (text, integers, floats, booleans).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase


class Bulk:
    """A statement to run for many rows; `make` builds it for a dialect name, once."""

    def __init__(self, make: Callable[[str], UpdateBase], names: Sequence[str] | None = None) -> None:
        """Keep `make`; `names` are the columns of an INSERT, when it is one."""
        self._make = make
        self._names = list(names) if names is not None else None
        self._compiled: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {}

    def run(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement once per row, in one call to the driver."""
        if not rows:
            return
        name = db.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(db)
        sql, arrange = self._compiled[name]
        db.exec_driver_sql(sql, [arrange(row) for row in rows])

    def _compile(self, db: Connection) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
        compiled = self._make(db.dialect.name).compile(dialect=db.dialect, column_keys=self._names)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what compile returns for a statement
        if compiled.positiontup is None:
            return str(compiled), lambda row: row
        return str(compiled), itemgetter(*compiled.positiontup)


class Lookup:
    """Rows of one table whose `column` is one of many values, within a connection."""

    def __init__(self, table: str, columns: Sequence[str], column: str, also: str = "") -> None:
        """Select `columns` of `table`; `also` is a further condition in SQL."""
        head = f"SELECT {', '.join(columns)} FROM {table} WHERE connection_id = "  # noqa: S608 - our own names
        self._sql = {
            "sqlite": f"{head}? AND {column} IN (SELECT value FROM json_each(?)){also}",
            "postgresql": f"{head}%s AND {column} = ANY(%s){also}",
        }

    def run(self, db: Connection, connection_id: int, values: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Return the rows found, as the driver gives them, in no order."""
        name = db.dialect.name
        wanted = json.dumps(values) if name == "sqlite" else list(values)
        return fetch(db, self._sql[name], (connection_id, wanted))


def fetch(db: Connection, sql: str, parameters: tuple[Any, ...]) -> Sequence[tuple[Any, ...]]:
    """Return every row of a query as plain tuples."""
    cursor = db.exec_driver_sql(sql, parameters).cursor
    return list(cursor.fetchall()) if cursor is not None else []
