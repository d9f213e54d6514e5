"""A canary in every secret: made-up credentials that must never be seen again, and where to look for them.

Looked through: everything printed and logged, every text column of the database, and the raw bytes of its files.
"""

from __future__ import annotations

import html
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

#: What a header can carry and addresses, JSON and web pages must escape.
_HARD = "+/=&%\"'<>"


def canary(name: str) -> str:
    """A credential that is like no other text, and differs in every spelling."""
    return f"canary-{name}-{_HARD}-7f3a9c"


def spellings(value: str) -> set[str]:
    """How `value` may be written by whoever repeats it."""
    escaped = quote(value, safe="")
    return {
        value,
        escaped,
        escaped.lower(),
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        html.escape(value),
        repr(value)[1:-1],
    }


@dataclass
class Canaries:
    """Values by the name of the secret they stand for; `looked` counts the characters searched, by place."""

    values: dict[str, str]
    looked: dict[str, int] = field(default_factory=dict)

    def found(self, place: str, text: str) -> list[str]:
        """The secrets in `text`."""
        self.looked[place] = self.looked.get(place, 0) + len(text)
        # What is left of one that was cut, or masked in part, counts too.
        marks = {name: (f"canary-{name}", *spellings(value)) for name, value in self.values.items()}
        return sorted(f"{name} in {place}" for name, known in marks.items() if any(each in text for each in known))

    def check(self, place: str, text: str) -> None:
        """Fail when a secret is in `text`, showing where."""
        found = self.found(place, text)
        assert found == [], f"{found}: {text[:2000]}"

    def check_database(self, path: Path) -> None:
        """Look through the text columns of an SQLite file, and the bytes of all files beside it."""
        for place, text in text_columns(path):
            self.check(place, text)
        for file in path.parent.glob(f"{path.name}*"):
            self.check(f"bytes of {file.suffix}", file.read_bytes().decode("latin-1"))

    def figure(self) -> str:
        """What was looked through, and what was found: nothing."""
        size = sum(self.looked.values()) / 1_000_000
        return f"0 hits of {len(self.values)} secrets in {len(self.looked)} places, {size:.1f} million characters"


def text_columns(path: Path) -> Iterator[tuple[str, str]]:
    """Everything that is stored as text, joined by column."""
    db = sqlite3.connect(path)
    try:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
            for column in columns:
                query = f'SELECT CAST("{column}" AS TEXT) FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608
                yield f"{table}.{column}", joined(text for (text,) in db.execute(query))
    finally:
        db.close()


def joined(texts: Iterable[str]) -> str:
    """Texts, one a line."""
    return "\n".join(texts)
