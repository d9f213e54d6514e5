"""What does a line serve, from when to when?

Source: Fincome's page on MRR from Pennylane, its cases in order: the dates a line is allocated to; else, for a line of
a subscription, from the day the invoice is issued for as long as the subscription's frequency. Pure.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from duebridge.core.api import Line, RecordError, Subscription

#: Spreadsheets know no day before this year, and no invoice was issued then.
FIRST_YEAR = 1900


class Period(NamedTuple):
    """From `start` up to `end`, the day after its last; `stated` by the ledger, or derived."""

    start: date
    end: date
    stated: bool

    def overlaps(self, others: Iterable[Period]) -> bool:
        """Whether one of `others` has a day of it."""
        return any(self.start < other.end and other.start < self.end for other in others)


def stated(line: Line) -> Period | None:
    """Return the period a line is allocated to, None when one of its days is missing. Raises `RecordError`."""
    first, last = line.period_start, line.period_end
    if first is None or last is None:
        return None
    if last < first:
        raise RecordError(f"line {line.label or line.id!r}: its period ends on {last}, before it begins on {first}")
    return Period(_sane(first, line), _day_after(last, line), stated=True)


def billed(line: Line, subscription: Subscription, issued_on: date) -> Period:
    """Return the period of a line of `subscription`. Raises `RecordError` when it can't be.

    One that is not stated begins on the day stated for that, else on the day of issue.
    """
    period = stated(line)
    if period is not None:
        return period
    start = _sane(line.period_start or issued_on, line)
    try:
        return Period(start, _later(start, subscription.interval_unit, subscription.interval), stated=False)
    except (ValueError, OverflowError):
        raise _beyond(line, start) from None


def _later(day: date, unit: str, interval: int) -> date:
    """The same day `interval` units on; a month's last one where that month is shorter."""
    if unit == "week":
        return day + timedelta(weeks=interval)
    months = day.month - 1 + interval * (12 if unit == "year" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _day_after(day: date, line: Line) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError:
        raise _beyond(line, day) from None


def _sane(day: date, line: Line) -> date:
    if day.year < FIRST_YEAR:
        raise _beyond(line, day)
    return day


def _beyond(line: Line, day: date) -> RecordError:
    return RecordError(f"line {line.label or line.id!r}: no period can be told around {day}; correct the line's dates")
