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


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", {"Sun"}),
        ("7", {"Sun"}),
        ("1", {"Mon"}),
        ("6", {"Sat"}),
        ("sun", {"Sun"}),
        ("MON", {"Mon"}),
        ("1-5", {"Mon", "Tue", "Wed", "Thu", "Fri"}),
        ("mon-fri", {"Mon", "Tue", "Wed", "Thu", "Fri"}),
        ("5-7", {"Fri", "Sat", "Sun"}),
        ("0,6", {"Sat", "Sun"}),
        ("1-5/2", {"Mon", "Wed", "Fri"}),
        ("*/2", {"Sun", "Tue", "Thu", "Sat"}),
        ("*", {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}),
    ],
)
def test_days_of_the_week_are_numbered_as_in_crontab_with_sunday_as_0_and_7(field: str, days: set[str]) -> None:
    found = times(Schedule(cron=f"0 6 * * {field}"), "2026-06-01", 14)
    assert {datetime.fromisoformat(instant).strftime("%a") for instant in found} == days


def test_a_day_of_the_month_and_a_day_of_the_week_both_restricted_mean_either() -> None:
    assert times(Schedule(cron="0 6 15 * 1"), "2026-06-09", 3) == [
        "2026-06-15T06:00",
        "2026-06-22T06:00",
        "2026-06-29T06:00",
    ]
    assert times(Schedule(cron="0 6 16 * 1"), "2026-06-09", 3) == [
        "2026-06-15T06:00",
        "2026-06-16T06:00",
        "2026-06-22T06:00",
    ]


def test_a_star_with_a_step_leaves_the_other_day_field_to_restrict_alone() -> None:
    assert times(Schedule(cron="0 6 */10 * 1"), "2026-06-01", 2) == ["2026-06-01T06:00", "2026-08-31T06:00"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("*/20 9-10 * * *", ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "09:00"]),
        ("5,35 8 * * *", ["08:05", "08:35", "08:05"]),
        ("40/10 8 * * *", ["08:40", "08:50", "08:40"]),
        ("10-50/20 8 * * *", ["08:10", "08:30", "08:50", "08:10"]),
    ],
)
def test_lists_ranges_and_steps_read_as_in_crontab(expression: str, found: list[str]) -> None:
    assert [instant[-5:] for instant in times(Schedule(cron=expression), "2026-06-01", len(found))] == found


def test_months_may_be_named() -> None:
    assert times(Schedule(cron="0 0 1 jan,JUL *"), "2026-02-01", 2) == ["2026-07-01T00:00", "2027-01-01T00:00"]


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
        (Schedule(cron="@daily"), "five fields"),
        (Schedule(cron="60 6 * * *"), "minute"),
        (Schedule(cron="0 24 * * *"), "hour"),
        (Schedule(cron="0 6 0 * *"), "day of month"),
        (Schedule(cron="0 6 * 13 *"), "month"),
        (Schedule(cron="0 6 * * 8"), "day of week"),
        (Schedule(cron="0 6 * * fri-mon"), "lowest first"),
        (Schedule(cron="0 6 * * jan"), "day of week"),
        (Schedule(cron="*/0 6 * * *"), "'*/0'"),
        (Schedule(cron="0 6 31 2 *"), "never comes"),
        (Schedule(), "one of every, daily, cron"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_with_what_was_written(schedule: Schedule, names: str) -> None:
    with pytest.raises(ConfigError) as refused:
        trigger_of(schedule)
    assert names in str(refused.value)


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="0123456789*/-, abcfijmnorstuy²", max_size=24))
def test_any_text_is_a_schedule_or_a_clear_refusal(text: str) -> None:
    try:
        trigger = trigger_of(Schedule(cron=text))
    except ConfigError:
        return
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert trigger.get_next_fire_time(None, now) >= now


def test_midnight_comes_on_the_day_after_the_clocks_change() -> None:
    midnight = Schedule(daily="00:00", timezone=PARIS)
    assert times(midnight, "2027-03-27", 3) == ["2027-03-27T23:00", "2027-03-28T22:00", "2027-03-29T22:00"]


def test_the_29th_of_february_is_found_across_a_century_without_one() -> None:
    assert times(Schedule(cron="0 0 29 2 *"), "2096-03-01", 1) == ["2104-02-29T00:00"]


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
