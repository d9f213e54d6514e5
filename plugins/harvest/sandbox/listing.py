"""How is a list asked for and answered: filters, order, pages by number and by cursor?

Invoices have pages by number, the latest issued first; the other lists have cursors, the latest made first, and take
numbers too. With a cursor the number of a page is told for the first and the last one alone. Source: the document's
parameters; help.getharvest.com/api-v2, introduction > pagination.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from duebridge.plugins.harvest.sandbox.refusals import unprocessable
from duebridge.plugins.harvest.sandbox.state import Data

MOST_ROWS = 2000
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sort:
    """A kind of list: the key its rows stand under, how many a page has, whether it has cursors, its filters."""

    key: str
    usual: int
    cursors: bool
    filters: tuple[str, ...]


SORTS: Mapping[str, Sort] = {
    "clients": Sort("clients", 2000, cursors=True, filters=("is_active", "updated_since")),
    "contacts": Sort("contacts", 2000, cursors=True, filters=("client_id", "updated_since")),
    "invoices": Sort(
        "invoices", 100, cursors=False, filters=("client_id", "project_id", "updated_since", "from", "to", "state")
    ),
    "invoice_item_categories": Sort("invoice_item_categories", 2000, cursors=True, filters=("updated_since",)),
    "payments": Sort("invoice_payments", 2000, cursors=True, filters=("updated_since",)),
}


def listed(sort: Sort, rows: Iterable[Data], query: Query, address: str, most: int | None) -> Data:
    """The page that `query` asks for of `rows`; `address` is the list's own, `most` a smaller limit for pages.

    Raises the 422 for a parameter that can't be used.
    """
    chosen = [row for row in rows if all(keep(row) for keep in _filters(sort, query))]
    chosen.sort(key=_order(sort), reverse=True)
    size = min(_whole("per_page", query.get("per_page", str(sort.usual)), MOST_ROWS), most or MOST_ROWS)
    by_cursor = sort.cursors and "cursor" in query
    if by_cursor:
        start = _after(query["cursor"], chosen)
    else:
        start = (_whole("page", query.get("page", "1"), 10**9) - 1) * size
    pages = max(1, -(-len(chosen) // size))
    return _envelope(_Cut(sort, chosen, start, size, pages, by_cursor), query, address)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A page: `size` of `rows` from `start` on, of `pages` altogether."""

    sort: Sort
    rows: list[Data]
    start: int
    size: int
    pages: int
    by_cursor: bool

    @property
    def page(self) -> list[Data]:
        return self.rows[self.start : self.start + self.size]

    @property
    def number(self) -> int:
        return self.start // self.size + 1

    @property
    def last(self) -> bool:
        return self.start + self.size >= len(self.rows)


def _envelope(cut: _Cut, query: Query, address: str) -> Data:
    numbered = not cut.by_cursor or cut.last
    number = cut.number if numbered else None
    kept = {name: query[name] for name in cut.sort.filters if name in query} | {"per_page": str(cut.size)}

    def link(**place: str) -> str:
        return f"{address}?{urlencode({**place, **kept})}"

    following = None
    if not cut.last:
        row = cut.page[-1]
        following = link(cursor=_cursor(row), ref="next_cursor") if cut.sort.cursors else link(page=str(cut.number + 1))
    return {
        cut.sort.key: cut.page,
        "per_page": cut.size,
        "total_pages": cut.pages,
        "total_entries": len(cut.rows),
        "next_page": cut.number + 1 if numbered and not cut.last else None,
        "previous_page": cut.number - 1 if numbered and cut.number > 1 else None,
        "page": number,
        "links": {
            "first": link(page="1", ref="first"),
            "next": following,
            "previous": link(page=str(cut.number - 1), ref="previous") if cut.number > 1 else None,
            "last": link(page=str(cut.pages), ref="last"),
        },
    }


def _order(sort: Sort) -> Callable[[Data], tuple[str, int]]:
    field = "created_at" if sort.cursors else "issue_date"
    return lambda row: (row[field] or "", row["id"])


def _cursor(row: Data) -> str:
    return base64.urlsafe_b64encode(f"{row['created_at']} {row['id']}".encode()).decode()


def _after(cursor: str, rows: list[Data]) -> int:
    """The place of the first row after the one the cursor names, which may be gone."""
    try:
        at, _, id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        place = (at, int(id))
    except (ValueError, binascii.Error):
        raise unprocessable("cursor is invalid") from None
    return next((index for index, row in enumerate(rows) if (row["created_at"], row["id"]) < place), len(rows))


def _filters(sort: Sort, query: Query) -> list[Callable[[Data], bool]]:
    return [_FILTERS[name](query[name]) for name in sort.filters if name in query]


def _active(text: str) -> Callable[[Data], bool]:
    if text not in ("true", "false"):
        raise unprocessable("is_active must be true or false")
    return lambda row: row["is_active"] is (text == "true")


def _of_client(text: str) -> Callable[[Data], bool]:
    id = _whole("client_id", text, 10**18)
    return lambda row: bool(row["client"]) and row["client"]["id"] == id


def _of_project(text: str) -> Callable[[Data], bool]:
    id = _whole("project_id", text, 10**18)
    return lambda row: any((line["project"] or {}).get("id") == id for line in row["line_items"])


def _updated(text: str) -> Callable[[Data], bool]:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise unprocessable("updated_since must be a date and time in ISO 8601") from None
    since = given if given.tzinfo else given.replace(tzinfo=UTC)
    return lambda row: datetime.fromisoformat(row["updated_at"]) >= since


def _from(text: str) -> Callable[[Data], bool]:
    day = _day("from", text)
    return lambda row: (row["issue_date"] or "") >= day


def _to(text: str) -> Callable[[Data], bool]:
    day = _day("to", text)
    return lambda row: "" < (row["issue_date"] or "") <= day


def _in_state(text: str) -> Callable[[Data], bool]:
    if text not in ("draft", "open", "paid", "closed"):
        raise unprocessable("state must be draft, open, paid or closed")
    return lambda row: row["state"] == text


_FILTERS: Mapping[str, Callable[[str], Callable[[Data], bool]]] = {
    "is_active": _active,
    "client_id": _of_client,
    "project_id": _of_project,
    "updated_since": _updated,
    "from": _from,
    "to": _to,
    "state": _in_state,
}


def _day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise unprocessable(f"{name} must be a date like 2026-01-31") from None


def _whole(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and 1 <= int(text) <= most):
        raise unprocessable(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def whole_id(text: str) -> int | None:
    """The id in a path, None for what can't be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
