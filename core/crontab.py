"""When does a crontab line come?

Pure arithmetic on calendars and clocks: the configuration refuses with it what never comes, the scheduler asks it for
the next instant. docs/decisions/0005-scheduler.md says what it does around daylight saving.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from duebridge.core.errors import ConfigError

#: The calendar repeats within 28 years, or 40 around a century that is no leap year.
_FARTHEST_DAYS = 41 * 366
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "sun mon tue wed thu fri sat".split()
_RANGES: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {word: number for number, word in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 7, {word: number for number, word in enumerate(_WEEKDAYS)}),
)
#: The years looked at for a day that never comes; any will do that hold a whole turn of the calendar.
_TURN = datetime(2000, 1, 1, tzinfo=UTC)
_PART = re.compile(r"(?:\*|(?P<first>\w{1,9})(?:-(?P<last>\w{1,9}))?)(?:/(?P<step>[0-9]{1,9}))?")


class Unreadable(ConfigError):
    """A line that is no crontab, or names no day. `advice` says what would fit and quotes nothing of the line."""

    def __init__(self, quoted: str, advice: str) -> None:
        """Keep the advice apart: a configuration's line may hold a secret put in the wrong place."""
        super().__init__(f"{quoted}: {advice}")
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Crontab:
    """Times of day at one place. Weekdays count from Sunday, 0; `either` says that one kind of day will do.

    A time that a spring change skips comes when it would have come without the change (02:30 is then read as 03:30).
    A time that an autumn change repeats comes the first time only, unless `repeats`.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    repeats: bool
    zone: ZoneInfo

    def after(self, instant: datetime) -> datetime | None:
        """Return the first instant (UTC) later than `instant`, or None when there is none in forty years."""
        start = instant.astimezone(self.zone).date()
        for ahead in range(-1, _FARTHEST_DAYS):
            day = start + timedelta(days=ahead)
            if self.on(day):
                instants = _instants(self, day)
                if (at := bisect_right(instants, instant)) < len(instants):
                    return instants[at]
        return None

    def on(self, day: date) -> bool:
        """Whether `day` is one of its days."""
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((by_date or by_weekday) if self.either else (by_date and by_weekday))


@lru_cache(maxsize=64)
def _instants(crontab: Crontab, day: date) -> tuple[datetime, ...]:
    """Return the instants (UTC, ascending) at which `crontab` comes on `day`."""
    times = [time(hour, minute) for hour in crontab.hours for minute in crontab.minutes]
    folds = (0, 1) if crontab.repeats else (0,)
    local = (datetime.combine(day, at.replace(fold=fold), crontab.zone) for at in times for fold in folds)
    return tuple(sorted({each.astimezone(UTC) for each in local}))


def crontab(expression: str, timezone: str) -> Crontab:
    """Read five fields as crontab(5) does: 0 and 7 are Sunday, and of two restricted kinds of day either will do.

    `timezone` is an IANA name. Raises `Unreadable` naming the field, `ConfigError` for a time zone there isn't.
    """
    fields = expression.lower().split()
    if len(fields) != len(_RANGES):
        raise Unreadable(f"cron {expression!r}", 'no cron expression; write five fields in quotes: "0 6 * * 1-5"')
    minutes, hours, days, months, weekdays = (
        frozenset(_numbers(field, *known)) for field, known in zip(fields, _RANGES, strict=True)
    )
    starred = [field.startswith("*") for field in fields]
    found = Crontab(
        minutes,
        hours,
        days,
        months,
        frozenset(number % 7 for number in weekdays),
        either=not starred[2] and not starred[4],
        repeats=starred[0] or starred[1],
        zone=_zone(timezone),
    )
    if found.after(_TURN) is None:
        raise Unreadable(f"cron {expression!r}", "it names a day that never comes; correct the day or the month")
    return found


def _numbers(field: str, name: str, lowest: int, highest: int, words: Mapping[str, int]) -> set[int]:
    """Return the numbers a crontab field names: `*`, `a`, `a-b`, `*/step`, `a-b/step` or `a/step`, between commas."""
    numbers: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        first = _number(match["first"], words, lowest) if match else None
        last = _number(match["last"] or (None if match["step"] else match["first"]), words, highest) if match else None
        step = int(match["step"] or 1) if match else 0
        if first is None or last is None or not step or not lowest <= first <= last <= highest:
            raise Unreadable(
                f"cron field {field!r}, {part!r}",
                f"the cron field for the {name} does not fit; it goes from {lowest} to {highest}, ranges lowest first "
                "(1-5), steps from 1 (*/10)",
            )
        numbers.update(range(first, last + 1, step))
    return numbers


def _number(word: str | None, words: Mapping[str, int], otherwise: int) -> int | None:
    if word is None:
        return otherwise
    return words.get(word, int(word) if word.isdecimal() and word.isascii() else None)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ConfigError(f"there is no time zone {name!r}; write a name such as Europe/Paris") from error
