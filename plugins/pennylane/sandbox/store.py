"""What does the company's account hold: rows by collection, in the order they are listed?"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

#: Stands in stored links for the address the stand-in is reached at; put in when an answer is written.
ROOT = "\x01root\x01"
#: Stands in the addresses of files for when they are given out, which is when they begin to run out.
STAMP = "\x01stamp\x01"
API = f"{ROOT}/api/external/v2"
_ROOT_ON_WIRE = json.dumps(ROOT)[1:-1].encode()
_STAMP_ON_WIRE = json.dumps(STAMP)[1:-1].encode()


class Origin(NamedTuple):
    """Where the stand-in is reached (`url`: scheme, host and product prefix), and when (`at`: unix seconds)."""

    url: str
    at: int


class Row:
    """One object as the product shows it (`data`), with what the stand-in alone knows of it (`facts`).

    Whoever changes `data` calls `touched`, or answers keep showing the old text.
    """

    __slots__ = ("_wire", "data", "facts", "id")

    def __init__(self, data: dict[str, Any], **facts: Any) -> None:
        self.id: int = data["id"]
        self.data = data
        self.facts = facts
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The object as JSON, links still without their root."""
        if self._wire is None:
            self._wire = json.dumps(self.data, separators=(",", ":")).encode()
        return self._wire

    def touched(self) -> None:
        """Forget the text made from `data`."""
        self._wire = None


def rooted(wire: bytes, root: Origin) -> bytes:
    """`wire` with the links completed."""
    return wire.replace(_ROOT_ON_WIRE, root.url.encode()).replace(_STAMP_ON_WIRE, b"%d" % root.at)


Key = int | tuple[Any, int]


class Collection:
    """Rows by id, ids ascending. Rows of an owned collection know their owner's id in `facts["owner"]`."""

    def __init__(self, first_id: int) -> None:
        """Start empty; ids count up from `first_id`."""
        self.rows: dict[int, Row] = {}
        self.ids: list[int] = []
        self.owned: dict[int, list[int]] = {}
        self._next_id = first_id
        self._sorted: dict[str, list[Key]] = {}

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        """The rows, by id."""
        return (self.rows[id] for id in self.ids)

    def new_id(self) -> int:
        """The next free id."""
        self._next_id += 1
        return self._next_id - 1

    def add(self, row: Row) -> Row:
        """Keep `row`, whose id must be free."""
        self.rows[row.id] = row
        insort(self.ids, row.id)
        self._next_id = max(self._next_id, row.id + 1)
        if "owner" in row.facts:
            insort(self.owned.setdefault(row.facts["owner"], []), row.id)
        self.reordered()
        return row

    def remove(self, id: int) -> None:
        """Forget the row, which must be there."""
        row = self.rows.pop(id)
        self.ids.remove(id)
        if "owner" in row.facts:
            self.owned[row.facts["owner"]].remove(id)
        self.reordered()

    def of(self, owner: int) -> list[Row]:
        """The rows of one owner, by id."""
        return [self.rows[id] for id in self.owned.get(owner, ())]

    def clear_of(self, owner: int) -> None:
        """Forget the rows of one owner."""
        for id in list(self.owned.get(owner, ())):
            self.remove(id)

    def keys(self, field: str) -> list[Key]:
        """Sort keys ascending: ids, or (value of `field`, id) with null as the empty text."""
        if field == "id":
            return self.ids  # type: ignore[return-value]  # a list of int is read here, never written
        if field not in self._sorted:
            self._sorted[field] = sort_keys(self, field)
        return self._sorted[field]

    def reordered(self) -> None:
        """Forget the orders made from fields that may have changed."""
        if self._sorted:
            self._sorted = {}


def sort_keys(rows: Iterable[Row], field: str) -> list[Key]:
    """The sort keys of `rows`, ascending."""
    if field == "id":
        return [row.id for row in rows]
    keys: list[tuple[Any, int]] = sorted((row.data[field] or "", row.id) for row in rows)
    return list(keys)
