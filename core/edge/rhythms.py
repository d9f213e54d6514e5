"""What do durations, dates and schedules look like in a configuration?

Each reader takes plain data and returns the value, or raises `Unfit` with what would fit; none of them quotes more of
the value than its type. `config` names the line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from duebridge.core.connector import Schedule
from duebridge.core.crontab import Unreadable, crontab
from duebridge.core.edge.problems import unknown_key


class Unfit(Exception):
    """Why a value does not fit its field. `key` is the key inside the value that is at fault, if one is."""

    def __init__(self, message: str, key: str | None = None) -> None:
        """Keep the message for the operator."""
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Manual:
    """The connection runs only when someone asks."""


#: A century; what is longer is a slip of the pen.
LONGEST = timedelta(days=36500)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([1-9][0-9]{0,6})\s*([smhd])")
_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def duration(value: Any) -> timedelta:
    """Read `90s`, `10m`, `24h` or `30d`."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Unfit("no duration; write a whole number with its unit: 90s, 10m, 24h or 30d")
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > LONGEST:
        raise Unfit(f"longer than {LONGEST.days} days")
    return length


def since(value: Any) -> date | timedelta:
    """Read a date (`2024-01-31`) or how long ago (`30d`)."""
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError as error:
            raise Unfit(f"no date: {error}") from None
    try:
        return duration(value)
    except Unfit:
        raise Unfit("neither a date such as 2024-01-31 nor a duration such as 30d") from None


def schedule(value: Any) -> Schedule | Manual:
    """Read `{every: 10m}`, `{daily: "06:00", timezone: Europe/Paris}`, `{cron: "0 6 * * 1-5"}` or `manual`."""
    if value == "manual":
        return Manual()
    if not isinstance(value, Mapping):
        raise Unfit('write {every: 10m}, {daily: "06:00", timezone: Europe/Paris}, {cron: "0 6 * * 1-5"} or manual')
    readers = {"every": _every, "daily": _daily, "cron": _cron, "timezone": _timezone}
    for key in value:
        if key not in readers:
            raise Unfit(unknown_key(key, readers), key)
    chosen = [key for key in ("every", "daily", "cron") if key in value]
    if len(chosen) != 1:
        raise Unfit(f"give exactly one of every, daily and cron, not {' and '.join(chosen) or 'none'}")
    if "every" in value and "timezone" in value:
        raise Unfit("every has no time zone; it goes with daily and cron", "timezone")
    return Schedule(**{key: _at(key, readers[key], item) for key, item in value.items()})


def _at(key: str, read: Any, value: Any) -> str:
    try:
        text: str = read(value)
    except Unfit as unfit:
        raise Unfit(str(unfit), key) from None
    return text


def _every(value: Any) -> str:
    duration(value)
    return "".join(value.split())


def _daily(value: Any) -> str:
    if not (isinstance(value, str) and _TIME_OF_DAY.fullmatch(value.strip())):
        raise Unfit('no time of day; write hours and minutes in quotes: "06:00"')
    return value.strip()


def _cron(value: Any) -> str:
    text = " ".join(value.lower().split()) if isinstance(value, str) else ""
    try:
        crontab(text, "UTC")
    except Unreadable as refused:
        raise Unfit(refused.advice) from None
    return text


def _timezone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise Unfit("no time zone of that name; write one such as Europe/Paris") from None


def said(length: timedelta) -> str:
    """Return a duration as it is written: `10m`."""
    seconds = int(length.total_seconds())
    for letter, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
