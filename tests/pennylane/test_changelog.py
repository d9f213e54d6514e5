"""Whatever the order and number of events, what is left to do leads to the same state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.api import CursorExpired, RunError
from duebridge.plugins.pennylane.changelog import Bookmark, Event, coalesce, read_bookmark, read_events
from duebridge.plugins.pennylane.instants import written

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(id: int, operation: str, second: int = 0, **changes: Any) -> dict[str, Any]:
    at = written(START + timedelta(seconds=second))
    return {"id": id, "operation": operation, "processed_at": at, "updated_at": at, "created_at": at} | changes


def events(*raw: dict[str, Any]) -> list[Event]:
    return read_events("/changelogs/customers", raw)


def test_the_last_operation_of_an_id_wins() -> None:
    assert coalesce(events(event(1, "insert"), event(1, "update"), event(1, "delete"))) == ([], ["1"])
    assert coalesce(events(event(1, "delete"), event(1, "insert", 1))) == (["1"], [])


def test_an_operation_we_do_not_know_is_read_again() -> None:
    assert coalesce(events(event(1, "delete"), event(1, "restore", 1))) == (["1"], [])


def test_an_event_dealt_with_before_leaves_nothing_to_do() -> None:
    told = events(event(1, "update"), event(2, "delete"))

    assert coalesce(told, frozenset(each.identity for each in told)) == ([], [])


def test_a_new_event_at_a_handled_instant_is_dealt_with() -> None:
    before = events(event(1, "update"))
    bookmark = Bookmark(START - timedelta(days=1), "").after(before)

    after = [*before, *events(event(2, "update"))]

    assert coalesce(after, bookmark.handled) == (["2"], [])
    assert bookmark.after(after).handled == {each.identity for each in after}


def test_the_bookmark_is_the_last_instant_as_pennylane_wrote_it() -> None:
    said = "2026-03-01T13:00:00.123+01:00"
    bookmark = read_bookmark("customers", {"bookmark": written(START - timedelta(days=1))})

    moved = bookmark.after(events(event(1, "update", processed_at=said), event(2, "update", -5)))

    assert moved.said == said
    assert len(moved.handled) == 1
    assert read_bookmark("customers", moved.position()) == moved


def test_a_quiet_bookmark_moves_on_after_a_day_to_an_hour_before_the_read() -> None:
    bookmark = Bookmark(START, written(START), frozenset({"x"}))

    assert bookmark.aged(START + timedelta(hours=24)) is bookmark
    moved = bookmark.aged(START + timedelta(hours=25))
    assert (moved.at, moved.said, moved.handled) == (
        START + timedelta(hours=24),
        "2026-03-02T12:00:00.000000Z",
        frozenset(),
    )


def test_a_bookmark_older_than_27_days_has_expired() -> None:
    bookmark = Bookmark(START, written(START))

    bookmark.refuse_expired("customers", START + timedelta(days=27))
    with pytest.raises(CursorExpired, match=r"customers were last read on 2026-03-01, 27 days ago.*read in full"):
        bookmark.refuse_expired("customers", START + timedelta(days=27, seconds=1))


@pytest.mark.parametrize("bookmark", [None, "", "soon", "2026-03-01T12:00:00", 1772366400])
def test_a_cursor_without_a_bookmark_leads_to_a_crawl(bookmark: object) -> None:
    with pytest.raises(CursorExpired, match="read in full"):
        read_bookmark("customers", {"bookmark": bookmark})


@pytest.mark.parametrize("changes", [{"operation": None}, {"processed_at": None}, {"processed_at": "yesterday"}])
def test_an_event_that_cannot_be_placed_stops_the_read(changes: dict[str, Any]) -> None:
    with pytest.raises(RunError, match=r"/changelogs/customers, id 1"):
        events(event(1, "update") | changes)


class World:
    """What Pennylane holds, and the events it recorded on the way there."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.log: list[dict[str, Any]] = []

    def act(self, id: int, wish: str, second: int) -> None:
        present = str(id) in self.rows
        operation = wish if present else "insert"
        if operation == "delete":
            del self.rows[str(id)]
        else:
            self.rows[str(id)] = len(self.log)
        # Each event was stamped by the database at its own moment, even where the pipeline took several at once.
        self.log.append(event(id, operation, second, updated_at=f"#{len(self.log)}"))


class Mirror:
    """What we hold, by dealing with events as the source does."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.bookmark = Bookmark(START - timedelta(days=1), "")

    def read(self, world: World, log: list[dict[str, Any]], page: int) -> list[str]:
        handled, touched = self.bookmark.handled, []
        since = [each for each in events(*log) if each.at >= self.bookmark.at]
        for start in range(0, len(since), page):
            now = since[start : start + page]
            changed, deleted = coalesce(now, handled)
            for id in (*changed, *deleted):
                self.rows.pop(id, None)
                if id in changed and id in world.rows:
                    self.rows[id] = world.rows[id]
            self.bookmark = self.bookmark.after(now)
            touched += [*changed, *deleted]
        return touched


ACTS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["update", "delete", "update"]), st.integers(0, 2)), max_size=25
)


def happen(world: World, acts: list[tuple[int, str, int]], second: int = 0) -> int:
    for id, wish, pause in acts:
        second += pause
        world.act(id, wish, second)
    return second


@given(first=ACTS, then=ACTS, page=st.integers(1, 7))
def test_two_reads_that_share_an_instant_lead_to_what_pennylane_holds(
    first: list[tuple[int, str, int]], then: list[tuple[int, str, int]], page: int
) -> None:
    world, mirror = World(), Mirror()
    second = happen(world, first)
    mirror.read(world, world.log, page)
    assert mirror.rows == world.rows
    happen(world, then, second)
    mirror.read(world, world.log, page)

    assert mirror.rows == world.rows
    assert mirror.read(world, world.log, page) == []


@given(acts=ACTS, page=st.integers(1, 7), data=st.data())
def test_doubled_and_shuffled_events_lead_to_the_same_state(
    acts: list[tuple[int, str, int]], page: int, data: st.DataObject
) -> None:
    world, mirror = World(), Mirror()
    happen(world, acts)
    log = doubled(world.log, data.draw(st.lists(st.booleans(), min_size=len(world.log), max_size=len(world.log))))
    log = shuffled_within_instants(log, data.draw(st.randoms(use_true_random=False)))

    mirror.read(world, log, page)

    assert mirror.rows == world.rows


@given(acts=ACTS, page=st.integers(1, 7))
def test_an_update_told_after_the_deletion_does_not_bring_the_row_back(
    acts: list[tuple[int, str, int]], page: int
) -> None:
    world, mirror = World(), Mirror()
    second = happen(world, acts)
    strays = [event(id, "update", second, updated_at="stray") for id in range(1, 5) if str(id) not in world.rows]

    mirror.read(world, [*world.log, *strays], page)

    assert mirror.rows == world.rows


def doubled(log: list[dict[str, Any]], twice: list[bool]) -> list[dict[str, Any]]:
    return [each for raw, again in zip(log, twice, strict=True) for each in ((raw, raw) if again else (raw,))]


def shuffled_within_instants(log: list[dict[str, Any]], random: Any) -> list[dict[str, Any]]:
    """Events of different rows at one instant come in any order; those of one row keep theirs."""
    result: list[dict[str, Any]] = []
    for instant in sorted({raw["processed_at"] for raw in log}):
        now = [raw for raw in log if raw["processed_at"] == instant]
        places = [raw["id"] for raw in now]
        random.shuffle(places)
        queues = {id: [raw for raw in now if raw["id"] == id] for id in places}
        result += [queues[id].pop(0) for id in places]
    return result
