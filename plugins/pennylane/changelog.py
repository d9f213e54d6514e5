"""What the events of a change feed amount to, and where the next read of it starts. Pure.

An event is {"id", "operation": insert|update|delete, "processed_at", "updated_at", "created_at"} and never holds the
state; events come by `processed_at`, when they entered the product's pipeline, oldest first (spec, GET /changelogs/*).
`updated_at` may jump when data is restored, so bookmarks are made of `processed_at` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from duebridge.core.api import CursorExpired, Json, RunError
from duebridge.plugins.pennylane.already_read import AlreadyRead
from duebridge.plugins.pennylane.instants import parsed, written

#: The feed keeps four weeks; a day is left for the read itself.
KEPT = timedelta(days=27)
NOTHING_READ = AlreadyRead()
#: A bookmark no event has moved for this long is moved to `SAFE` before the read began.
AGED, SAFE = timedelta(hours=24), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `identity` tells it from others at the same instant; `said` is `at` as Pennylane wrote it."""

    id: str
    deletes: bool
    at: datetime
    said: str
    identity: str
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Everything before `at` is handled, and at `at` itself the events named in `handled`."""

    at: datetime
    said: str
    handled: frozenset[str] = frozenset()

    def after(self, events: Iterable[Event]) -> Bookmark:
        """The bookmark once `events` are handled too."""
        moved = self
        for event in events:
            if event.at > moved.at:
                moved = Bookmark(event.at, event.said, frozenset((event.identity,)))
            elif event.at == moved.at:
                moved = Bookmark(moved.at, moved.said, moved.handled | {event.identity})
        return moved

    def aged(self, started: datetime) -> Bookmark:
        """The bookmark after a read, begun at `started`, reached the feed's end.

        `processed_at` is stamped when an event enters the pipeline, so none can appear later with an instant well
        before a read that has seen the end. Without this, a quiet company's bookmark would grow too old for the feed,
        and the stream be crawled every four weeks for nothing.
        """
        if started - self.at <= AGED:
            return self
        return Bookmark(started - SAFE, written(started - SAFE))

    def refuse_expired(self, stream: str, now: datetime) -> None:
        """Raise `CursorExpired` when the feed may have forgotten changes since the bookmark."""
        if now - self.at > KEPT:
            raise CursorExpired(
                f"The changes of {stream} were last read on {self.at:%Y-%m-%d}, {(now - self.at).days} days ago; "
                "Pennylane keeps them for four weeks, so the list is read in full"
            )

    def position(self) -> dict[str, Json]:
        """As JSON, for a cursor."""
        return {"bookmark": self.said, "handled": sorted(self.handled)}


def read_bookmark(stream: str, position: Mapping[str, Json]) -> Bookmark:
    """The bookmark a cursor holds. Raises `CursorExpired` when it holds none, so that the stream is crawled."""
    said = position.get("bookmark")
    at = parsed(said)
    if at is None or not isinstance(said, str):
        raise CursorExpired(f"No place was kept to read the changes of {stream} from, so the list is read in full")
    return Bookmark(at, said, frozenset(position.get("handled") or ()))


def read_events(path: str, items: Iterable[Mapping[str, Json]]) -> list[Event]:
    """The events of one page, in its order. Raises `RunError` for one that can't be placed."""
    return [_event(path, item) for item in items]


def coalesce(
    events: Iterable[Event], handled: frozenset[str] = frozenset(), read: AlreadyRead = NOTHING_READ
) -> tuple[list[str], list[str]]:
    """What `events` leave to do: ids to read again, and ids deleted, each in order of its last event.

    The last operation of an id wins. An id whose events are all in `handled`, or covered by what a crawl has `read`,
    was dealt with before.
    """
    last: dict[str, Event] = {}
    fresh: set[str] = set()
    for event in events:
        last.pop(event.id, None)
        last[event.id] = event
        seen = not event.deletes and read.covers(event.id, event.at, event.updated)
        if event.identity not in handled and not seen:
            fresh.add(event.id)
    new = [event for event in last.values() if event.id in fresh]
    return [event.id for event in new if not event.deletes], [event.id for event in new if event.deletes]


def _event(path: str, item: Mapping[str, Json]) -> Event:
    operation, said = item.get("operation"), item.get("processed_at")
    at = parsed(said)
    if at is None or not isinstance(said, str) or not isinstance(operation, str):
        raise RunError(
            f"Pennylane answered a change without its operation or instant (GET {path}, id {item['id']}); the read was "
            "stopped there so that no change is lost. The next run tries again"
        )
    seen = f"{item['id']}|{operation}|{said}|{item.get('updated_at')}"
    # An operation we don't know is read again like an update: the list then tells what became of it.
    identity = blake2b(seen.encode(), digest_size=9).hexdigest()
    return Event(str(item["id"]), operation == "delete", at, said, identity, parsed(item.get("updated_at")))
