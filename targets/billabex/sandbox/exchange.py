"""What does an operation get, and what does it answer? Calls, replies, pages of a list."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from duebridge.targets.billabex.sandbox.refusal import invalid
from duebridge.targets.billabex.sandbox.state import Thing

LARGEST_PAGE = 100
USUAL_PAGE = 20

T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the ids in its path, its query, and its body (JSON, or the values of a form)."""

    ids: tuple[str, ...]
    query: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status, and JSON unless there is nothing to say."""

    status: int
    content: Any = None


Operation = Callable[[Call], Reply]


def page(things: Iterable[T], show: Callable[[T], dict[str, Any]], query: Mapping[str, str]) -> Reply:
    """Answer `first` nodes after the cursor `after`, with the cursor of the last one; beyond the end there are none."""
    first, place = _first(query), _place(query.get("after"))
    later = [thing for thing in things if thing.place > place][:first]
    cursor = urlsafe_b64encode(f"place:{later[-1].place}".encode()).decode() if later else None
    return Reply(200, {"nodes": [show(thing) for thing in later], "pageInfo": {"endCursor": cursor}})


def _first(query: Mapping[str, str]) -> int:
    value = query.get("first", str(USUAL_PAGE))
    if not (value.isascii() and value.isdigit() and 0 < len(value) < 7 and 1 <= int(value) <= LARGEST_PAGE):
        invalid(f"first must be a whole number from 1 to {LARGEST_PAGE}")
    return int(value)


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, place = urlsafe_b64decode(cursor.encode()).decode().partition(":")
        number = int(place) if word == "place" else -1
    except ValueError:
        number = -1
    if number < 0:
        invalid("after is not a cursor of this list")
    return number
