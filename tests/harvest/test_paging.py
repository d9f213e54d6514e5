"""A list is read to its end, or the read stops; no row is lost to pages that shift."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from duebridge.core.api import AnswerTooLarge, RunError
from duebridge.plugins.harvest.client import Params
from duebridge.plugins.harvest.paging import MOST_PASSES, Place, read_page, walk


def page(*ids: object, next: str | None = None, total: int | None = None) -> dict[str, Any]:
    told = {} if total is None else {"total_entries": total}
    return {"things": [{"id": each} for each in ids], "links": {"next": next}} | told


class Answers:
    """A list that gives these answers in turn and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.left = list(answers)
        self.asked: list[dict[str, str | int]] = []

    def __call__(self, _path: str, params: Params) -> Any:
        self.asked.append(dict(params))
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def own_path(url: str) -> tuple[str, dict[str, str]] | None:
    name, _, value = url.removeprefix("https://api/").partition("=")
    return ("/things", {name: value}) if url.startswith("https://api/") else None


def read(answers: Answers, place: Place | None = None, **params: str) -> list[int]:
    pages = walk(answers, own_path, "/things", "things", params, place)
    return [row["id"] for each in pages for row in each.rows]


def test_a_list_of_one_page_is_asked_for_once_with_as_many_rows_as_there_may_be() -> None:
    answers = Answers(page(1, 2, total=2))
    assert read(answers, state="open") == [1, 2]
    assert answers.asked == [{"state": "open", "per_page": 2000}]


def test_links_are_followed_as_they_are_to_the_end() -> None:
    answers = Answers(page(1, 2, next="https://api/cursor=a"), page(3, next="https://api/cursor=b"), page(4, total=4))
    assert read(answers) == [1, 2, 3, 4]
    assert answers.asked[1:] == [{"cursor": "a"}, {"cursor": "b"}]


def test_numbered_pages_are_read_until_they_hold_twice_the_same() -> None:
    one, two = page(1, 2, next="https://api/page=2", total=3), page(3, total=3)
    answers = Answers(one, two, one, two)
    assert read(answers) == [1, 2, 3]
    assert answers.left == []


def test_a_row_that_was_updated_between_two_passes_is_given_again() -> None:
    first, second = page(1, next="https://api/page=2"), page(2)
    later = page(1, next="https://api/page=2")
    later["things"][0]["updated_at"] = "2026-03-01T00:00:00Z"
    assert read(Answers(first, second, later, second)) == [1, 2, 1]


def test_a_row_that_slipped_to_a_page_already_read_is_found_by_the_next_pass() -> None:
    """1 was deleted between the first page and the second, so 3 moved to the first page."""
    answers = Answers(
        page(1, 2, next="https://api/page=2", total=5),
        page(4, 5, total=4),
        page(2, 3, next="https://api/page=2", total=4),
        page(4, 5, total=4),
        page(2, 3, next="https://api/page=2", total=4),
        page(4, 5, total=4),
    )
    assert read(answers) == [1, 2, 4, 5, 3]
    assert answers.left == []


def test_a_list_with_cursors_is_read_again_when_it_holds_another_number_of_rows_than_it_says() -> None:
    answers = Answers(
        page(1, next="https://api/cursor=a"),
        page(2, total=3),
        page(3, 1, next="https://api/cursor=a"),
        page(2, total=3),
    )
    assert read(answers) == [1, 2, 3]


def test_a_short_answer_without_a_next_page_does_not_pass_for_the_whole() -> None:
    with pytest.raises(RunError, match=f"something else each of the {MOST_PASSES} times"):
        read(Answers(*[page(1, total=5)] * MOST_PASSES))


def test_a_list_that_never_holds_still_ends_the_read() -> None:
    answers = [each for n in range(MOST_PASSES) for each in (page(n, next="https://api/page=2"), page(100))]
    with pytest.raises(RunError, match="nothing is taken for deleted"):
        read(Answers(*answers))


def test_a_read_goes_on_where_it_was_and_still_compares_its_passes() -> None:
    answers = Answers(page(1, next="https://api/page=2"), page(2), page(1, next="https://api/page=2"), page(2))
    pages = walk(answers, own_path, "/things", "things", {})
    (first,) = islice(pages, 1)
    assert first.place is not None

    assert read(answers, Place.of(first.place.position())) == [2, 1]
    assert answers.left == []


@pytest.mark.parametrize("position", [{}, {"next": None}, {"next": 3, "rows": 9}])
def test_a_position_that_names_no_page_is_the_beginning(position: dict[str, Any]) -> None:
    assert Place.of(position) == Place()


def test_a_link_given_before_ends_the_read() -> None:
    answers = Answers(page(1, next="https://api/page=2"), page(2, next="https://api/page=2"))
    with pytest.raises(RunError, match="a link to a page it had given before"):
        read(answers)


def test_a_link_to_another_server_is_not_followed() -> None:
    answers = Answers(page(1, next="https://elsewhere/page=2"))
    with pytest.raises(RunError, match="lies on another server, where our credentials don't go"):
        read(answers)
    assert len(answers.asked) == 1


def test_pages_get_smaller_when_an_answer_is_beyond_what_is_read() -> None:
    large = AnswerTooLarge("too large")
    answers = Answers(page(1, next="https://api/page=2"), large, large, page(1, 2, total=2))
    assert read(answers) == [1, 2]
    assert [asked.get("per_page") for asked in answers.asked] == [2000, None, 200, 20]


def test_an_answer_too_large_even_for_twenty_rows_ends_the_read() -> None:
    with pytest.raises(AnswerTooLarge):
        read(Answers(*[AnswerTooLarge("too large")] * 3))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"links": {"next": None}},
        {"things": {}, "links": {"next": None}},
        {"things": []},
        {"things": [], "links": None},
        {"things": [], "links": {}},
        {"things": [], "links": {"next": ""}},
        {"things": [], "links": {"next": 3}},
        {"things": [], "links": {"next": "https://api/page=2"}},
        {"things": [{"id": "1"}], "links": {"next": None}},
        {"things": [{"id": True}], "links": {"next": None}},
        {"things": [3], "links": {"next": None}},
    ],
)
def test_what_can_not_be_a_page_is_refused(answer: Any) -> None:
    with pytest.raises(RunError, match="nothing is taken for deleted"):
        read_page("/things", "things", answer)
