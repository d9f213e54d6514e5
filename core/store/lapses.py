"""What no longer stands as the target holds it, since the guard last let a run pass; and whose records these are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from duebridge.core.store.bulk import Statement
from duebridge.core.store.database import wait_for_writers
from duebridge.core.store.records import records
from duebridge.core.store.tables import ConnectionRow, IntentRow, StreamRow

connections = ConnectionRow.__table__  # type: ignore[attr-defined]
intents = IntentRow.__table__  # type: ignore[attr-defined]
streams = StreamRow.__table__  # type: ignore[attr-defined]


class Moved(NamedTuple):
    """How many linked records of a kind are to be changed, are gone, and are no longer to be sent."""

    kind: str
    changed: int
    gone: int
    unsent: int

    @property
    def total(self) -> int:
        """How many there are in all."""
        return self.changed + self.gone + self.unsent


class Known(NamedTuple):
    """A company at the source, by its own id and name."""

    id: str
    name: str


def moved(db: Connection, connection_id: int) -> list[Moved]:
    """Count, kind by kind, the linked records that lapsed themselves or by a part; each once."""
    return [Moved(*row) for row in _MOVED.fetch(db, (connection_id, connection_id))]


def some_moved(db: Connection, connection_id: int, kind: str, limit: int) -> list[str]:
    """Return ids of records of `kind` that `moved` counts, `limit` at most, the lowest first."""
    return [row[0] for row in _SOME.fetch(db, (connection_id, kind, connection_id, kind, limit))]


def linked(db: Connection, connection_id: int) -> dict[str, int]:
    """Count the records the target has accepted, by kind."""
    query = select(records.c.kind, func.count()).where(
        records.c.connection_id == connection_id, records.c.part == "", records.c.accepted_fingerprint.is_not(None)
    )
    return {kind: int(number) for kind, number in db.execute(query.group_by(records.c.kind))}


def settle(db: Connection, connection_id: int) -> None:
    """Take what moved as it is: it is not counted again."""
    wait_for_writers(db, connection_id)
    _SETTLE.run(db, (connection_id,))


def missed(db: Connection, connection_id: int, kinds: Sequence[str], crawl: int) -> int:
    """Count the records of `kinds` the target holds or may hold that a crawl which saw nothing would leave as gone.

    0 when `crawl` did see something.
    """
    main = (records.c.connection_id == connection_id, records.c.kind.in_(kinds), records.c.part == "")
    if db.scalar(select(exists().where(*main, records.c.crawl == crawl))):
        return 0
    return int(db.scalar(select(func.count()).where(*main, ~records.c.gone, _may_be_held())) or 0)


def anything_held(db: Connection, connection_id: int) -> bool:
    """Whether the target holds, or may hold, anything of the connection's."""
    return bool(db.scalar(select(exists().where(records.c.connection_id == connection_id, _may_be_held()))))


def source_account(db: Connection, connection_id: int) -> Known | None:
    """Return whose records were read so far, or None when that isn't known."""
    text = db.scalar(select(connections.c.source_account).where(connections.c.id == connection_id))
    return Known(**json.loads(text)) if text is not None else None


def keep_source_account(db: Connection, connection_id: int, account: Known) -> None:
    """Remember whose records are read from now on."""
    text = json.dumps(account._asdict(), ensure_ascii=False)
    db.execute(update(connections).where(connections.c.id == connection_id).values(source_account=text))


def crawl_again(db: Connection, connection_id: int) -> None:
    """Forget how far every stream was read: the next read of each is a complete crawl."""
    wait_for_writers(db, connection_id)
    forgotten: Mapping[str, object] = {"position": None, "crawling": False, "crawled_at": None}
    db.execute(update(streams).where(streams.c.connection_id == connection_id).values(forgotten))


def _may_be_held() -> ColumnElement[bool]:
    intended = exists().where(intents.c.n == records.c.n)
    return or_(records.c.accepted_fingerprint.is_not(None), records.c.uncertain, intended)


_MOVED = Statement(
    "SELECT main.kind,"
    " SUM(CASE WHEN NOT main.gone AND main.verdict = 'sync' THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN main.gone THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN NOT main.gone AND main.verdict <> 'sync' THEN 1 ELSE 0 END)"
    " FROM (SELECT DISTINCT kind, id FROM records WHERE connection_id = ? AND lapsed) AS lapses"
    " JOIN records AS main ON main.connection_id = ? AND main.key = lapses.kind || ':' || lapses.id"
    " WHERE main.accepted_fingerprint IS NOT NULL GROUP BY main.kind ORDER BY main.kind"
)
_SOME = Statement(
    "SELECT id FROM records WHERE connection_id = ? AND kind = ? AND part = '' AND accepted_fingerprint IS NOT NULL"
    " AND id IN (SELECT id FROM records WHERE connection_id = ? AND kind = ? AND lapsed)"
    " ORDER BY length(id), id LIMIT ?"
)
_SETTLE = Statement("UPDATE records SET lapsed = FALSE WHERE connection_id = ? AND lapsed")
