"""When does a crontab line come, and which lines are refused?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.crontab import Unreadable, crontab
from duebridge.core.edge.config import load_configuration
from duebridge.core.errors import ConfigError
from duebridge.core.registry import Registry

CONFIGURATION = """\
connections:
  acme:
    source: {connector: pennylane, token: made-up}
    target: {connector: upflow, api_key: made-up, api_secret: made-up}
    schedule: {cron: "LINE"}
"""


def times(line: str, start: str, count: int) -> list[str]:
    """The first `count` instants from `start` (UTC), as `2027-03-28T01:30`."""
    read, at, found = crontab(line, "UTC"), datetime.fromisoformat(start).replace(tzinfo=UTC), []
    for _ in range(count):
        following = read.after(at)
        assert following is not None
        at = following
        found.append(at.strftime("%Y-%m-%dT%H:%M"))
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
    found = times(f"0 6 * * {field}", "2026-06-01", 14)
    assert {datetime.fromisoformat(instant).strftime("%a") for instant in found} == days


def test_a_day_of_the_month_and_a_day_of_the_week_both_restricted_mean_either() -> None:
    assert times("0 6 15 * 1", "2026-06-09", 3) == [
        "2026-06-15T06:00",
        "2026-06-22T06:00",
        "2026-06-29T06:00",
    ]
    assert times("0 6 16 * 1", "2026-06-09", 3) == [
        "2026-06-15T06:00",
        "2026-06-16T06:00",
        "2026-06-22T06:00",
    ]


def test_a_star_with_a_step_leaves_the_other_day_field_to_restrict_alone() -> None:
    assert times("0 6 */10 * 1", "2026-06-01", 2) == ["2026-06-01T06:00", "2026-08-31T06:00"]


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
    assert [instant[-5:] for instant in times(expression, "2026-06-01", len(found))] == found


def test_months_may_be_named() -> None:
    assert times("0 0 1 jan,JUL *", "2026-02-01", 2) == ["2026-07-01T00:00", "2027-01-01T00:00"]


def test_the_29th_of_february_is_found_across_a_century_without_one() -> None:
    assert times("0 0 29 2 *", "2096-03-01", 1) == ["2104-02-29T00:00"]


REFUSED = {
    "0 6 * *": "write five fields",
    "@daily": "write five fields",
    "60 6 * * *": "the minute",
    "0 24 * * *": "the hour",
    "0 6 0 * *": "the day of month",
    "0 6 * 13 *": "the month",
    "0 6 * * 8": "the day of week",
    "0 6 * * fri-mon": "lowest first",
    "0 6 * * jan": "the day of week",
    "*/0 6 * * *": "steps from 1",
    "0 6 31 2 *": "never comes",
    f"{'1' * 5000} 6 * * *": "the minute",
}


@pytest.mark.parametrize(("line", "why"), REFUSED.items(), ids=[line[:16] for line in REFUSED])
def test_a_line_that_is_no_crontab_is_refused_with_advice_that_does_not_quote_it(line: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        crontab(line, "UTC")
    assert why in refused.value.advice
    assert str(refused.value).endswith(refused.value.advice)


@pytest.mark.parametrize(("line", "why"), REFUSED.items(), ids=[line[:16] for line in REFUSED])
def test_a_configuration_with_such_a_line_is_refused_with_file_and_line(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "duebridge.yaml"
    path.write_text(CONFIGURATION.replace("LINE", line), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_configuration(path, Registry.load())
    (problem,) = [said for said in str(refused.value).splitlines() if "acme" in said]
    assert "duebridge.yaml:5: connections.acme.schedule.cron: " in problem
    assert why in problem


def test_a_time_zone_that_there_is_not_is_named() -> None:
    with pytest.raises(ConfigError, match="Europe/Pariss"):
        crontab("0 6 * * *", "Europe/Pariss")


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="0123456789*/-, abcfijmnorstuy²", max_size=24))
def test_any_text_is_a_crontab_or_a_clear_refusal(text: str) -> None:
    try:
        read = crontab(text, "UTC")
    except Unreadable:
        return
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert (read.after(now) or now) > now
