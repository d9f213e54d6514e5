"""How a stream is read whole, and from where its changes are read afterwards.

Mid-crawl position: {"api_cursor", "bookmark", "read"}; the last page's cursor has no `api_cursor`. The change feed
keeps four weeks and is no backfill, so the bookmark lies before the first page was asked for. `read` names the rows
changed after it: events of theirs from before the crawl began need not be followed (`already_read`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from duebridge.core.api import Cursor, Page
from duebridge.plugins.pennylane.already_read import AlreadyRead, already_read
from duebridge.plugins.pennylane.instants import parsed, written
from duebridge.plugins.pennylane.paging import StaleCursor
from duebridge.plugins.pennylane.reader import Reader

#: For events on their way through the product's pipeline when the crawl begins, and clocks that differ.
MARGIN = timedelta(minutes=5)


def crawl(reader: Reader, since: Cursor | None, now: Callable[[], datetime]) -> Iterator[Page]:
    """Read everything, going on at `since` when it lies inside a crawl; no request goes to the change feed."""
    started = now()
    bookmark = written(started - MARGIN)
    position = since.position if since is not None else {}
    reader.prepare_crawl()
    if position.get("api_cursor") is None or position.get("bookmark") is None:
        yield from _pages(reader, None, bookmark, AlreadyRead(started))
        return
    try:
        yield from _pages(reader, position["api_cursor"], position["bookmark"], already_read(position))
    except StaleCursor:
        reader.note(f"Pennylane no longer knew where the read of {reader.stream.name} had stopped, so it began again")
        yield from _pages(reader, None, bookmark, AlreadyRead(started))


def _pages(reader: Reader, api_cursor: str | None, bookmark: str, read: AlreadyRead) -> Iterator[Page]:
    since = parsed(bookmark)
    for page in reader.pages(api_cursor):
        items = reader.complete(page)
        read = read.with_rows((row for _, row in items), since)
        position = {"bookmark": bookmark, **read.position()}
        if page.next_cursor is None:
            yield Page(items, Cursor(crawl=False, position=position), last=True)
        else:
            yield Page(items, Cursor(crawl=True, position={"api_cursor": page.next_cursor, **position}))


def listing(reader: Reader, since: Cursor) -> Iterator[Page]:
    """Read a list without a change feed again, from where an earlier such read stopped; what is gone shows in crawls.

    Mid-read position: {"api_cursor"}; at rest {}.
    """
    try:
        yield from _listed(reader, since.position.get("api_cursor"))
    except StaleCursor:
        yield from _listed(reader, None)


def _listed(reader: Reader, api_cursor: str | None) -> Iterator[Page]:
    for page in reader.pages(api_cursor):
        following = page.next_cursor
        position = {} if following is None else {"api_cursor": following}
        yield Page(reader.complete(page), Cursor(crawl=False, position=position), last=following is None)
