"""Where does a page start, what is on it, and which cursor follows?

A cursor is a position in the order, nothing more: it forgets the filter, the limit and the direction, so a second page
asked without them gives other rows, as at Pennylane.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from duebridge.plugins.pennylane.sandbox.refusals import bad_request
from duebridge.plugins.pennylane.sandbox.store import Key, Origin, Row, rooted


def write_cursor(field: str, key: Key) -> str:
    """The opaque text of a position."""
    return urlsafe_b64encode(json.dumps([field, key], separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(text: str | None, field: str) -> Key | None:
    """The position a cursor tells in the order by `field`; None at the start. Raises a 400 `Refusal`."""
    if not text:
        return None
    try:
        kind, key = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return _position(kind, key, field)
    except (ValueError, TypeError):  # not base64, not JSON, not a pair, not a position
        raise bad_request("Invalid cursor") from None


def _position(kind: Any, key: Any, field: str) -> Key:
    if kind == "id" or kind != field:
        number = key if kind == "id" else key[1]
        if field != "id" or type(number) is not int:
            raise ValueError(kind)
        return number
    value, number = key
    if not isinstance(value, str | int) or type(number) is not int:
        raise ValueError(key)
    return value, number


def walk(keys: Sequence[Key], position: Key | None, *, descending: bool) -> Iterator[int]:
    """The ids after `position`, in order."""
    at: Any = position
    if descending:
        places: Iterable[int] = range((len(keys) if at is None else bisect_left(keys, at)) - 1, -1, -1)
    else:
        places = range(0 if at is None else bisect_right(keys, at), len(keys))
    for place in places:
        key = keys[place]
        yield key if isinstance(key, int) else key[1]


def take(
    ids: Iterable[int], rows: dict[int, Row], keep: Callable[[Row], bool] | None, limit: int
) -> tuple[list[Row], bool]:
    """The first `limit` rows that `keep` lets through, and whether more follow."""
    page: list[Row] = []
    for id in ids:
        row = rows[id]
        if keep is None or keep(row):
            if len(page) == limit:
                return page, True
            page.append(row)
    return page, False


def envelope(items: Iterable[bytes], next_cursor: str | None, root: Origin, extra: bytes = b"") -> bytes:
    """The body of a list answer; `extra` is further members, with their leading comma."""
    more = b"true" if next_cursor else b"false"
    following = json.dumps(next_cursor).encode()
    return rooted(b'{"items":[%b],"has_more":%b,"next_cursor":%b%b}' % (b",".join(items), more, following, extra), root)
