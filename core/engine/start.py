"""From which day on does a connection carry documents?

the day it was first checked, at the company -> what the connection says -> the first day, or none: everything
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from duebridge.core.connector import Account, Target
from duebridge.core.errors import ConfigError
from duebridge.core.store.store import Store

_SIDE, _KEY = "engine", "start"

#: How far before its start a connection may reach back to a target that takes what is new alone (Harvest page,
#: customer invoices).
LONGEST_REACH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a connection wants documents: from a day, from so long before its start, or all there are."""

    since: date | timedelta | None = None
    history: Literal["all"] | None = None


def begin(store: Store, connection_id: int, account: Account, now: datetime) -> date:
    """Return the connection's start; the first time, today at the company, which is kept from then on."""
    known = start_of(store, connection_id)
    if known is None:
        known = now.astimezone(ZoneInfo(account.timezone) if account.timezone else UTC).date()
        store.remember(connection_id, _SIDE, _KEY, known.isoformat())
    return known


def start_of(store: Store, connection_id: int) -> date | None:
    """Return the day the connection was first checked; None when it never was."""
    text = store.remembered(connection_id, _SIDE, _KEY)
    return date.fromisoformat(text) if text is not None else None


def first_day(connection: str, target: type[Target], reach: Reach, start: date | None) -> date | None:
    """Return the first day whose documents are carried; None for all of them.

    Raises `ConfigError` when `since` reaches further back than the target takes without `history: all`.
    """
    if start is None or reach.history == "all":
        return reach.since if isinstance(reach.since, date) else None
    if reach.since is None:
        return start if target.from_start else None
    day = reach.since if isinstance(reach.since, date) else start - reach.since
    if target.from_start and start - day > LONGEST_REACH:
        raise ConfigError(
            f"{connection}: since: {day} lies more than {LONGEST_REACH.days} days before {start}, when the connection "
            f"began; to import all that is older into {target.title} too, write `history: all` instead of `since`"
        )
    return day


def told(target: type[Target], reach: Reach, day: date | None) -> str | None:
    """Return the sentence to be read before anything is written; None when there is nothing unusual to say."""
    if day is not None:
        return f"documents issued before {day} are left out, unless they were sent already (`since`, `history: all`)"
    if target.from_start and reach.history == "all":
        return f"history: all: every document the source has goes to {target.title}, however old"
    return None
