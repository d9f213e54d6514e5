"""What is in the database file after a fault, and is the file sound?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..acceptance.scene import Scene


@contextmanager
def opened(scene: Scene) -> Iterator[sqlite3.Connection]:
    """The scene's database, looked at from outside."""
    db = sqlite3.connect(scene.folder / "duebridge.db", isolation_level=None)
    try:
        yield db
    finally:
        db.close()


def ask(scene: Scene, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with opened(scene) as db:
        return db.execute(query).fetchall()


def check_sound(scene: Scene) -> None:
    """SQLite's own check of the whole file, and of what refers to what."""
    assert ask(scene, "PRAGMA integrity_check") == [("ok",)]
    assert ask(scene, "PRAGMA foreign_key_check") == []
