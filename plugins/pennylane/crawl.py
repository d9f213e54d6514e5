"""How a stream is read whole, and from where its changes are read afterwards.

Mid-crawl position: {"api_cursor", "bookmark"}; the last page's cursor is the bookmark alone. The change feed keeps four
weeks and is no backfill, so the bookmark lies before the first page was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from duebridge.core.api import Cursor, Page
from duebridge.plugins.pennylane.instants import written
from duebridge.plugins.pennylane.paging import StaleCursor
from duebridge.plugins.pennylane.reader import Reader

#: For events on their way through the product's pipeline when the crawl begins, and clocks that differ.
MARGIN = timedelta(minutes=5)


def crawl(reader: Reader, since: Cursor | None, now: Callable[[], datetime]) -> Iterator[Page]:
    """Read everything, going on at `since` when it lies inside a crawl; no request goes to the change feed."""
    started = written(now() - MARGIN)
    position = since.position if since is not None else {}
    api_cursor, bookmark = position.get("api_cursor"), position.get("bookmark")
    reader.prepare_crawl()
    if api_cursor is None or bookmark is None:
        yield from _pages(reader, None, started)
        return
    try:
        yield from _pages(reader, api_cursor, bookmark)
    except StaleCursor:
        reader.note(f"Pennylane no longer knew where the read of {reader.stream.name} had stopped, so it began again")
        yield from _pages(reader, None, started)


def _pages(reader: Reader, api_cursor: str | None, bookmark: str) -> Iterator[Page]:
    for page in reader.pages(api_cursor):
        items = reader.complete(page)
        if page.next_cursor is None:
            yield Page(items, Cursor(crawl=False, position={"bookmark": bookmark}), last=True)
        else:
            yield Page(items, Cursor(crawl=True, position={"api_cursor": page.next_cursor, "bookmark": bookmark}))
