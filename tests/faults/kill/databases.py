"""Where does the store of a killed run lie, and how is it put back to where it was?"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from ...postgresql.server import Server

Rows = list[tuple[Any, ...]]


class Database(ABC):
    """The database of the run in a folder."""

    @abstractmethod
    def address(self, folder: Path) -> str:
        """As the configuration has it."""

    @abstractmethod
    def ask(self, folder: Path, question: str) -> Rows:
        """The answer to a query; nothing while there is no such table."""

    def clear(self) -> None:
        """Have nothing."""

    def keep(self) -> Any:
        """Remember what there is beside the folder's files."""

    def put_back(self, kept: Any) -> None:
        """Have again what there was beside the folder's files."""

    def damage(self, folder: Path) -> Rows:
        """What the database itself finds wrong."""
        return []


class SqliteDatabase(Database):
    """A file in the folder, kept and put back with the others."""

    NAME = "duebridge.db"

    def address(self, folder: Path) -> str:
        return f"sqlite:///{folder / self.NAME}"

    def ask(self, folder: Path, question: str) -> Rows:
        if not (folder / self.NAME).exists():
            return []
        with closing(sqlite3.connect(folder / self.NAME)) as db:
            try:
                return db.execute(question).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []

    def damage(self, folder: Path) -> Rows:
        found = self.ask(folder, "PRAGMA integrity_check") + self.ask(folder, "PRAGMA foreign_key_check")
        return [row for row in found if row != ("ok",)]


class PostgresDatabase(Database):
    """One of a server's databases; what is kept is another one, made as its copy."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.fresh()

    def address(self, folder: Path) -> str:
        return self._server.url(self._name)

    def ask(self, folder: Path, question: str) -> Rows:
        try:
            return self._server.admin(question, self._name)
        except psycopg.errors.UndefinedTable:
            return []

    def clear(self) -> None:
        self.put_back("template0")

    def keep(self) -> str:
        return self._server.fresh(self._name)

    def put_back(self, kept: str) -> None:
        self._server.drop(self._name)
        self._name = self._server.fresh(kept)
