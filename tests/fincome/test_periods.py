"""From when to when does a line serve?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from duebridge.core.api import Line, RecordError, Subscription
from duebridge.targets.fincome.periods import Period, billed, stated

MakeLine = Callable[..., Line]
MakeSubscription = Callable[..., Subscription]


def test_a_stated_period_ends_the_day_after_its_last_day(make_line: MakeLine) -> None:
    line = make_line(period_start=date(2026, 3, 1), period_end=date(2026, 3, 31))
    assert stated(line) == Period(date(2026, 3, 1), date(2026, 4, 1), stated=True)


def test_a_period_of_one_day_still_lasts(make_line: MakeLine) -> None:
    line = make_line(period_start=date(2026, 3, 1), period_end=date(2026, 3, 1))
    assert stated(line) == Period(date(2026, 3, 1), date(2026, 3, 2), stated=True)


@pytest.mark.parametrize("half", [{"period_start": date(2026, 3, 1)}, {"period_end": date(2026, 3, 31)}, {}])
def test_half_a_period_is_none(make_line: MakeLine, half: Any) -> None:
    assert stated(make_line(**half)) is None


def test_a_period_that_ends_before_it_begins_is_refused(make_line: MakeLine) -> None:
    line = make_line(period_start=date(2026, 3, 31), period_end=date(2026, 3, 1))
    with pytest.raises(RecordError, match="line 'Accès': its period ends on 2026-03-01, before it begins"):
        stated(line)


@pytest.mark.parametrize(
    ("unit", "interval", "issued", "end"),
    [
        ("week", 1, date(2026, 3, 2), date(2026, 3, 9)),
        ("week", 4, date(2026, 12, 20), date(2027, 1, 17)),
        ("month", 1, date(2026, 3, 2), date(2026, 4, 2)),
        ("month", 1, date(2026, 1, 31), date(2026, 2, 28)),
        ("month", 1, date(2028, 1, 31), date(2028, 2, 29)),
        ("month", 3, date(2026, 11, 30), date(2027, 2, 28)),
        ("month", 12, date(2026, 12, 1), date(2027, 12, 1)),
        ("year", 1, date(2028, 2, 29), date(2029, 2, 28)),
        ("year", 2, date(2026, 5, 4), date(2028, 5, 4)),
    ],
)
def test_without_a_stated_period_the_frequency_tells_it_from_the_day_of_issue(
    make_line: MakeLine, make_subscription: MakeSubscription, unit: str, interval: int, issued: date, end: date
) -> None:
    subscription = make_subscription(interval_unit=unit, interval=interval)
    assert billed(make_line(), subscription, issued) == Period(issued, end, stated=False)


def test_a_stated_start_alone_is_where_the_frequency_counts_from(
    make_line: MakeLine, make_subscription: MakeSubscription
) -> None:
    line = make_line(period_start=date(2026, 3, 15))
    period = billed(line, make_subscription(), date(2026, 3, 2))
    assert period == Period(date(2026, 3, 15), date(2026, 4, 15), stated=False)


def test_a_stated_period_comes_before_the_frequency(make_line: MakeLine, make_subscription: MakeSubscription) -> None:
    line = make_line(period_start=date(2026, 1, 1), period_end=date(2026, 12, 31))
    period = billed(line, make_subscription(), date(2026, 3, 2))
    assert period == Period(date(2026, 1, 1), date(2027, 1, 1), stated=True)


@pytest.mark.parametrize(
    "dates",
    [
        {"period_start": date(9999, 1, 1), "period_end": date(9999, 12, 31)},
        {"period_start": date(202, 1, 1), "period_end": date(2026, 1, 1)},
        {"period_start": date(9999, 12, 31)},
    ],
)
def test_days_no_calendar_holds_are_refused(
    make_line: MakeLine, make_subscription: MakeSubscription, dates: Any
) -> None:
    with pytest.raises(RecordError, match="no period can be told around"):
        billed(make_line(**dates), make_subscription(), date(2026, 3, 2))


def test_a_period_that_ends_where_another_begins_does_not_overlap_it() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1), stated=True)
    april = Period(date(2026, 4, 1), date(2026, 5, 1), stated=True)
    assert not march.overlaps([april])
    assert march.overlaps([april, Period(date(2026, 3, 31), date(2026, 4, 2), stated=True)])
