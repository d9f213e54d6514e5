"""Which changes does a changelog tell, and since when?

Events are kept in the order they entered. `processed_at` never decreases, so it may be used, inclusively, as the start
of the next read; events of one action share theirs. Source: spec, GET /changelogs/*; kept for four weeks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from duebridge.plugins.pennylane.sandbox.refusals import bad_parameter, unprocessable

KEPT = timedelta(weeks=4)
Change = Literal["insert", "update", "delete"]
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one row; it never tells what the row has become."""

    id: int
    operation: Change
    processed_at: datetime
    updated_at: str
    created_at: str

    def shown(self) -> dict[str, Any]:
        """The event as the API gives it."""
        return {
            "id": self.id,
            "operation": self.operation,
            "processed_at": instant(self.processed_at),
            "updated_at": self.updated_at,
            "created_at": self.created_at,
        }


class Feed:
    """The changelog of one collection."""

    def __init__(self) -> None:
        """Start empty."""
        self.events: list[Event] = []

    def add(self, event: Event) -> None:
        """Append `event`, which entered after all others."""
        self.events.append(event)

    def start(self, since: datetime | None, now: datetime) -> int:
        """The place of the first event at or after `since` that is still kept. Raises the 422 when it is too old."""
        oldest = now - KEPT
        if since is not None and since < oldest:
            raise unprocessable("start_date can't be older than 4 weeks")
        return bisect_left(self.events, since or oldest, key=lambda event: event.processed_at)


def instant(moment: datetime) -> str:
    """RFC 3339 with microseconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_start_date(text: str) -> datetime:
    """The instant `text` tells. Raises the 400 when it is not RFC 3339."""
    refusal = bad_parameter("start_date", f"{text!r} is not conformant with date-time format", "InvalidDateTimeFormat")
    if not _RFC3339.fullmatch(text):
        raise refusal
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # a day that does not exist, or before the year 1 once in UTC
        raise refusal from None
