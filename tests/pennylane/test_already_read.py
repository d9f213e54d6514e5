"""Events a crawl has seen the effect of are passed over; anything less certain is followed."""

from datetime import UTC, datetime, timedelta

import pytest

from duebridge.plugins.pennylane.already_read import MOST, AlreadyRead, already_read
from duebridge.plugins.pennylane.changelog import coalesce, read_events
from duebridge.plugins.pennylane.instants import written

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARGIN = BEGAN - timedelta(minutes=5)


def row(id: int, updated: datetime) -> dict[str, object]:
    """A row as the list gives it."""
    return {"id": id, "updated_at": written(updated)}


def event(id: int, processed: datetime, updated: datetime, operation: str = "update") -> dict[str, object]:
    """An event of the feed."""
    stamps = {"processed_at": written(processed), "updated_at": written(updated), "created_at": written(updated)}
    return {"id": id, "operation": operation, **stamps}


def read(*rows: dict[str, object]) -> AlreadyRead:
    """What a crawl that read `rows` remembers."""
    return AlreadyRead(BEGAN).with_rows(rows, MARGIN)


JUST_BEFORE = BEGAN - timedelta(minutes=1)


def test_an_event_from_before_the_crawl_of_a_row_read_as_new_is_passed_over() -> None:
    events = read_events("/x", [event(7, JUST_BEFORE, JUST_BEFORE)])
    assert coalesce(events, read=read(row(7, JUST_BEFORE))) == ([], [])


@pytest.mark.parametrize(
    ("processed", "updated"),
    [
        pytest.param(BEGAN + timedelta(seconds=1), JUST_BEFORE, id="processed after the crawl began"),
        pytest.param(JUST_BEFORE, JUST_BEFORE + timedelta(seconds=1), id="newer than the row was read"),
    ],
)
def test_an_event_that_may_say_more_than_the_crawl_read_is_followed(processed: datetime, updated: datetime) -> None:
    events = read_events("/x", [event(7, processed, updated)])
    assert coalesce(events, read=read(row(7, JUST_BEFORE))) == (["7"], [])


def test_a_deletion_is_always_followed() -> None:
    events = read_events("/x", [event(7, JUST_BEFORE, JUST_BEFORE, "delete")])
    assert coalesce(events, read=read(row(7, JUST_BEFORE))) == ([], ["7"])


def test_a_row_the_crawl_did_not_read_is_followed() -> None:
    events = read_events("/x", [event(8, JUST_BEFORE, JUST_BEFORE)])
    assert coalesce(events, read=read(row(7, JUST_BEFORE))) == (["8"], [])


def test_rows_older_than_the_bookmark_are_not_remembered() -> None:
    assert read(row(7, MARGIN - timedelta(seconds=1))).position() == {}


def test_too_many_rows_are_not_remembered_at_all() -> None:
    assert read(*[row(id, JUST_BEFORE) for id in range(MOST + 1)]).position() == {}


def test_what_was_read_survives_in_a_cursor() -> None:
    kept = read(row(7, JUST_BEFORE))
    assert already_read(kept.position()) == kept
