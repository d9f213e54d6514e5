"""How a list is read to its end without taking a broken answer for a short one.

Envelope: {"items": [...], "has_more": bool, "next_cursor": str|null} (spec). The cursor does not carry filter, sort or
limit: they are sent again with each page. An answer that can't be a page raises `RunError` before anything of it is
used, so that nothing is ever taken for deleted because a page went missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from duebridge.core.api import Json, NotFound, Raw, Record, Refused, RunError
from duebridge.plugins.pennylane.client import Params

Get = Callable[[str, Params], Json]


class StaleCursor(RunError):
    """Pennylane no longer takes a page cursor it gave earlier."""


class NothingThere(RunError):
    """Pennylane has no such list: what it belongs to is gone, or the API has changed."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page whose items are objects with an id, or records made of them already.

    `next_cursor` is None on the last page; `included` as answered, or None.
    """

    items: list[Any]
    next_cursor: str | None
    included: Json = None


def walk(
    get: Get, path: str, params: Params, *, cursor: str | None = None, following: Params | None = None
) -> Iterator[ListPage]:
    """Read `path` from `cursor` (None: the beginning) to the end.

    `params` go with every page; where pages after the first take others, those are `following`.
    Raises `StaleCursor`, `NothingThere`, and `RunError` for a refusal or what can't be a page.
    """
    later = params if following is None else following
    seen: set[int] = set()
    while True:
        if cursor is not None:
            seen.add(hash(cursor))
        page = read_page(path, _ask(get, path, params if cursor is None else {**later, "cursor": cursor}))
        if page.next_cursor is not None and hash(page.next_cursor) in seen:
            raise _nonsense(path, "gave a page cursor it had given before")
        yield page
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def identity(item: Raw | Record) -> str:
    """The id of an item, as text."""
    return item.id if isinstance(item, Record) else str(item["id"])


def read_page(path: str, answer: Json) -> ListPage:
    """Check one answer; keys we don't know are fine."""
    if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
        raise _nonsense(path, "answered without a list of items")
    items = answer["items"]
    for item in items:
        if not isinstance(item, Record) and not (isinstance(item, dict) and _is_id(item.get("id"))):
            raise _nonsense(path, "answered an item without an id")
    return ListPage(items, _next_cursor(path, answer), answer.get("included"))


def _next_cursor(path: str, answer: dict[str, Json]) -> str | None:
    cursor = answer.get("next_cursor")
    # The spec lets `has_more` be null on ledger accounts.
    more = answer.get("has_more", "absent")
    if more is False or (more is None and cursor is None):
        return None
    if more is not True:
        raise _nonsense(path, "answered without saying whether there is more")
    if not answer["items"]:
        raise _nonsense(path, "answered an empty page and says there is more")
    if not isinstance(cursor, str) or not cursor:
        raise _nonsense(path, "says there is more but not where")
    return cursor


def _ask(get: Get, path: str, params: Params) -> Json:
    try:
        return get(path, params)
    except NotFound as missing:
        raise NothingThere(str(missing)) from missing
    except Refused as refused:
        if refused.status == 400 and "cursor" in params:
            raise StaleCursor(
                f"Pennylane no longer takes the page cursor of {path} ({refused}); the next run starts the list again"
            ) from refused
        # It is a `RecordError`, but a list that can't be read is no single record's fault.
        raise RunError(str(refused)) from refused


def _is_id(value: Json) -> bool:
    return type(value) is int or (isinstance(value, str) and value != "")


def _nonsense(path: str, what: str) -> RunError:
    return RunError(
        f"Pennylane {what} (GET {path}); the read was stopped there so that nothing is taken for deleted. "
        "The next run tries again; if it keeps happening, Pennylane's API has changed or something stands in between"
    )
