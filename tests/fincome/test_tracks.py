"""Do the periods of a subscription come to lie one after another, whatever is billed?"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.targets.fincome.tracks import apart

FIRST = date(2026, 1, 1)
billed = st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 40), st.booleans())


def row(number: int, item: str, start: int, days: int, *, derived: bool) -> dict[str, Any]:
    begin = FIRST + timedelta(days=start)
    return {
        "type": "subscription",
        "subscription_id": f"310:{item}",
        "invoice_id": str(number),
        "invoice_line_item_id": f"l{number}",
        "date": begin.isoformat(),
        "period_start": begin.isoformat(),
        "period_end": (begin + timedelta(days=days)).isoformat(),
        "_derived": derived,
    }


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(billed, max_size=12))
def test_no_subscription_overlaps_and_nothing_the_ledger_states_is_changed(given_rows: list[Any]) -> None:
    before = [row(number, *each[:3], derived=each[3]) for number, each in enumerate(given_rows)]
    after = [dict(each) for each in before]
    notes = apart(after)
    tracks: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for old, new in zip(before, after, strict=True):
        tracks[new["subscription_id"]].append((new["period_start"], new["period_end"]))
        assert new["subscription_id"].partition("#")[0] == old["subscription_id"]
        assert old["period_start"] == new["period_start"] < new["period_end"] <= old["period_end"]
        assert new["_derived"] or new["period_end"] == old["period_end"]
    for periods in map(sorted, tracks.values()):
        assert all(one[1] <= next_one[0] for one, next_one in pairwise(periods))
    assert bool(notes) == (before != after)


def test_lines_billed_side_by_side_each_stay_on_their_track_when_the_days_of_issue_drift() -> None:
    rows = [row(10 * month + n, "a", 29 * month, 31, derived=True) for month in range(4) for n in range(2)]
    apart(rows)
    assert [each["subscription_id"] for each in rows] == ["310:a", "310:a#2"] * 4


def test_what_does_not_overlap_stays_as_it_is() -> None:
    rows = [row(1, "a", 0, 31, derived=True), row(2, "a", 31, 28, derived=True), row(3, "b", 0, 59, derived=False)]
    before = [dict(each) for each in rows]
    assert apart(rows) == []
    assert rows == before


def test_what_is_sold_once_is_not_looked_at() -> None:
    once = {"type": "one_off", "invoice_id": "1"}
    assert apart([once]) == []
