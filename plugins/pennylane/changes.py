"""How a stream's changes are read: the feed says which rows changed, the list what they are now.

Mid-run position: {"api_cursor", "bookmark", "handled"}; at rest {"bookmark", "handled"}. The next read starts at the
bookmark's own instant again, because more events may have entered at it, and drops those named in `handled`: a run
without changes costs one request. Source: spec, GET /changelogs/customers and /changelogs/customer_invoices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from duebridge.core.api import Cursor, CursorExpired, Json, Page, Refused
from duebridge.plugins.pennylane.already_read import AlreadyRead, already_read
from duebridge.plugins.pennylane.changelog import Bookmark, coalesce, read_bookmark, read_events
from duebridge.plugins.pennylane.client import Params
from duebridge.plugins.pennylane.paging import ListPage, StaleCursor, walk
from duebridge.plugins.pennylane.reader import Reader

#: The most a change feed gives at once (spec).
LIMIT = 1000


def changes(reader: Reader, since: Cursor, now: Callable[[], datetime]) -> Iterator[Page]:
    """Read what changed since the bookmark. Raises `CursorExpired` when the feed no longer reaches back to it."""
    bookmark = read_bookmark(reader.stream.name, since.position)
    read = ChangeRead(reader, bookmark, already_read(since.position), started=now())
    read.bookmark.refuse_expired(reader.stream.name, read.started)
    api_cursor = since.position.get("api_cursor")
    try:
        yield from read.pages(api_cursor)
    except StaleCursor:
        yield from read.pages(None)


class ChangeRead:
    """One read of a change feed; `bookmark` moves with every page that was dealt with."""

    def __init__(self, reader: Reader, bookmark: Bookmark, read: AlreadyRead, *, started: datetime) -> None:
        self.reader = reader
        self.bookmark = bookmark
        self.read = read
        self.started = started

    def pages(self, api_cursor: str | None) -> Iterator[Page]:
        """From `api_cursor` on, or from the bookmark; one `Page` for each page of the feed."""
        # After a page cursor come events not read before; only a read from the bookmark meets handled ones again.
        handled = self.bookmark.handled if api_cursor is None else frozenset[str]()
        first: Params = {"limit": LIMIT, "start_date": self.bookmark.said}
        # The feed refuses `start_date` together with a cursor.
        for page in walk(self._get, self._path, first, cursor=api_cursor, following={"limit": LIMIT}):
            yield self._page(page, handled)

    @property
    def _path(self) -> str:
        assert self.reader.stream.changelog is not None  # noqa: S101 - `source.fetch` reads other lists whole
        return self.reader.stream.changelog

    def _page(self, page: ListPage, handled: frozenset[str]) -> Page:
        events = read_events(self._path, page.items)
        changed, deleted = coalesce(events, handled, self.read)
        # A deletion told twice, or late, may be of a row restored since: the list alone says what is gone.
        items, gone = self.reader.by_id([*changed, *deleted])
        self.bookmark = self.bookmark.after(events)
        if page.next_cursor is None:
            at_rest = Cursor(crawl=False, position=self.bookmark.aged(self.started).position())
            return Page(items, at_rest, last=True, deleted=tuple(gone))
        position = {"api_cursor": page.next_cursor, **self.bookmark.position(), **self.read.position()}
        cursor = Cursor(crawl=False, position=position)
        return Page(items, cursor, deleted=tuple(gone))

    def _get(self, path: str, params: Params) -> Json:
        try:
            return self.reader.client.get(path, params)
        except Refused as refused:
            if refused.status != 422:
                raise
            raise CursorExpired(
                f"Pennylane no longer keeps the changes of {self.reader.stream.name} since {self.bookmark.said} "
                f"({refused}), so the list is read in full"
            ) from refused
