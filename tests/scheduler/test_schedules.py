"""At which instants does a schedule come?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.connector import Schedule
from duebridge.core.errors import ConfigError
from duebridge.core.scheduler import trigger_of

PARIS = "Europe/Paris"


def times(schedule: Schedule, start: str, count: int) -> list[str]:
    """The first `count` instants from `start` (UTC), as `2027-03-28T01:30`."""
    trigger, now, previous, found = trigger_of(schedule), datetime.fromisoformat(start).replace(tzinfo=UTC), None, []
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, previous or now)
        found.append(previous.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"))
    return found


def test_daily_is_a_time_of_day_at_the_place_named_summer_and_winter() -> None:
    daily = Schedule(daily="06:00", timezone=PARIS)
    assert times(daily, "2027-03-27", 2) == ["2027-03-27T05:00", "2027-03-28T04:00"]
    assert times(daily, "2027-10-30", 2) == ["2027-10-30T04:00", "2027-10-31T05:00"]


@pytest.mark.parametrize(
    "schedule", [Schedule(daily="02:30", timezone=PARIS), Schedule(cron="30 2 * * *", timezone=PARIS)]
)
def test_a_time_that_autumn_repeats_comes_once(schedule: Schedule) -> None:
    assert times(schedule, "2027-10-30", 3) == ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]


def test_a_process_started_between_the_two_passes_of_a_repeated_time_waits_for_the_next_day() -> None:
    assert times(Schedule(daily="02:30", timezone=PARIS), "2027-10-31T01:00", 1) == ["2027-11-01T01:30"]


@pytest.mark.parametrize(
    "schedule", [Schedule(daily="02:30", timezone=PARIS), Schedule(cron="30 2 * * *", timezone=PARIS)]
)
def test_a_time_that_spring_skips_comes_an_hour_later_by_the_clock_and_once(schedule: Schedule) -> None:
    assert times(schedule, "2027-03-27", 3) == ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]


@pytest.mark.parametrize("start", ["2027-10-30T23:00", "2027-03-27T23:00"])
@pytest.mark.parametrize(("expression", "minutes"), [("*/15 * * * *", 15), ("0 * * * *", 60)])
def test_what_asks_for_every_hour_keeps_its_pace_through_both_changes(
    start: str, expression: str, minutes: int
) -> None:
    found = [datetime.fromisoformat(text) for text in times(Schedule(cron=expression, timezone=PARIS), start, 30)]
    assert {after - before for before, after in pairwise(found)} == {timedelta(minutes=minutes)}


def test_every_counts_elapsed_time_whatever_the_clocks_do() -> None:
    trigger = trigger_of(Schedule(every="10m", timezone=PARIS))
    before = datetime(2027, 3, 28, 0, 55, tzinfo=UTC)
    assert trigger.get_next_fire_time(before, before) - before == timedelta(minutes=10)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("2d", 172800)])
def test_durations_are_whole_numbers_with_a_unit(text: str, seconds: int) -> None:
    assert trigger_of(Schedule(every=text)).interval == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("schedule", "names"),
    [
        (Schedule(every="0s"), "0s"),
        (Schedule(every="10"), "such as 10m"),
        (Schedule(every="-5m"), "-5m"),
        (Schedule(every="367d"), "a year at most"),
        (Schedule(daily="24:00"), "24:00"),
        (Schedule(daily="6h"), "such as 06:00"),
        (Schedule(daily="06:00", timezone="Europe/Pariss"), "Europe/Pariss"),
        (Schedule(daily="06:00", timezone="../etc/passwd"), "time zone"),
        (Schedule(daily="06:00", timezone="Europe"), "time zone"),
        (Schedule(daily="06:00", timezone=""), "time zone"),
        (Schedule(cron="0 6 * *"), "five fields"),
        (Schedule(), "one of every, daily, cron"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_with_what_was_written(schedule: Schedule, names: str) -> None:
    with pytest.raises(ConfigError) as refused:
        trigger_of(schedule)
    assert names in str(refused.value)


def test_midnight_comes_on_the_day_after_the_clocks_change() -> None:
    midnight = Schedule(daily="00:00", timezone=PARIS)
    assert times(midnight, "2027-03-27", 3) == ["2027-03-27T23:00", "2027-03-28T22:00", "2027-03-29T22:00"]


@settings(deadline=None, max_examples=40)
@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(
        [PARIS, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC"]
    ),
)
def test_a_daily_time_comes_exactly_once_on_each_of_a_years_days(minute: int, hour: int, zone: str) -> None:
    found = times(Schedule(daily=f"{hour}:{minute:02}", timezone=zone), "2026-01-01", 366)
    gaps = [datetime.fromisoformat(after) - datetime.fromisoformat(before) for before, after in pairwise(found)]
    assert all(timedelta(hours=23) <= gap <= timedelta(hours=25) for gap in gaps)
