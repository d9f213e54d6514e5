"""How do the periods of one subscription come to lie one after another, without overlap? Pure.

Source: Fincome's page on file imports: the end of one period is the start of the next, none overlap. A derived period
that reaches into the next one ends where that begins. What still overlaps is billed side by side: it goes under an id
of its own, `{id}#2`, so that neither amount nor period is changed. Both are told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]

#: How many are named in a note.
_NAMED = 5


def apart(rows: Iterable[Row]) -> list[str]:
    """Change `period_end` and `subscription_id` of `rows` so that no subscription overlaps; return what to tell.

    Rows have ISO dates, and `_derived` when their period is.
    """
    billed: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["type"] == "subscription":
            billed[row["subscription_id"]].append(row)
    shortened: list[str] = []
    beside: list[str] = []
    for id, same in billed.items():
        same.sort(key=lambda row: (row["period_start"], row["date"], row["invoice_id"]))
        shortened += _shorten(same)
        beside += _spread(id, same)
    return [
        *_told(shortened, "periods told by a frequency end where the next one begins"),
        *_told(beside, "lines are billed for a time their subscription is billed for already, and go beside it as #2"),
    ]


def _shorten(rows: list[Row]) -> list[str]:
    """End derived periods of `rows`, sorted by start, where the next later one begins; return the lines changed."""
    starts = [row["period_start"] for row in rows]
    found: list[str] = []
    for row in rows:
        later = bisect_right(starts, row["period_start"])
        if row["_derived"] and later < len(starts) and starts[later] < row["period_end"]:
            row["period_end"] = starts[later]
            found.append(row["invoice_line_item_id"])
    return found


def _spread(id: str, rows: list[Row]) -> list[str]:
    """Give each row the first track that is free when it starts; return the lines that are not on the first."""
    ends: list[str] = []
    found: list[str] = []
    for row in rows:
        free = (at for at, end in enumerate(ends) if end <= row["period_start"])
        track = next(free, len(ends))
        ends[track : track + 1] = [row["period_end"]]
        if track:
            row["subscription_id"] = f"{id}#{track + 1}"
            found.append(row["invoice_line_item_id"])
    return found


def _told(lines: list[str], what: str) -> list[str]:
    if not lines:
        return []
    named = ", ".join(lines[:_NAMED]) + (", …" if len(lines) > _NAMED else "")
    return [f"{len(lines)} {what} (lines {named})"]
