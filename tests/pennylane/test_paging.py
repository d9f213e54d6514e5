"""A list is read to its end, or the read stops; a broken answer never passes for a short one."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from duebridge.core.api import RunError
from duebridge.plugins.pennylane.client import Params
from duebridge.plugins.pennylane.paging import read_page, walk


def page(*ids: object, cursor: str | None = None, **more: object) -> dict[str, Any]:
    return {"items": [{"id": each} for each in ids], "has_more": cursor is not None, "next_cursor": cursor} | more


class Answers:
    """A list that gives these answers in turn and remembers what it was asked."""

    def __init__(self, *answers: object) -> None:
        self.left = list(answers)
        self.asked: list[dict[str, str | int]] = []

    def __call__(self, _path: str, params: Params) -> Any:
        self.asked.append(dict(params))
        return self.left.pop(0)


def ids(answers: Answers, **options: Any) -> list[object]:
    pages = walk(answers, "/things", {"limit": 2, "sort": "id"}, **options)
    return [item["id"] for each in pages for item in each.items]


def test_every_page_is_asked_for_with_the_same_parameters_and_its_cursor() -> None:
    answers = Answers(page(1, 2, cursor="a"), page(3, cursor="b"), page(4))

    assert ids(answers) == [1, 2, 3, 4]
    assert answers.asked == [
        {"limit": 2, "sort": "id"},
        {"limit": 2, "sort": "id", "cursor": "a"},
        {"limit": 2, "sort": "id", "cursor": "b"},
    ]


def test_pages_after_the_first_may_take_other_parameters() -> None:
    answers = Answers(page(1, cursor="a"), page(2))

    ids(answers, following={"limit": 2})

    assert answers.asked[1] == {"limit": 2, "cursor": "a"}


def test_a_read_goes_on_at_a_cursor() -> None:
    answers = Answers(page(3))

    assert ids(answers, cursor="a") == [3]
    assert answers.asked == [{"limit": 2, "sort": "id", "cursor": "a"}]


def test_an_empty_last_page_ends_the_list() -> None:
    assert ids(Answers(page(1, cursor="a"), page())) == [1]
    assert ids(Answers(page())) == []


def test_keys_we_do_not_know_are_fine() -> None:
    assert ids(Answers(page(1, total_pages=None, current_page=None))) == [1]


def test_a_null_has_more_without_a_cursor_is_the_end() -> None:
    assert ids(Answers(page(1, has_more=None))) == [1]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "Rate limit exceeded",
        {},
        {"has_more": False, "next_cursor": None},
        page(1) | {"items": None},
        page(1) | {"items": {"1": {}}},
        page(1) | {"has_more": "true"},
        page(1, has_more=None) | {"next_cursor": "a"},
        {"items": [{"id": 1}], "next_cursor": None},
        page(1, has_more=True),
        page(1, has_more=True) | {"next_cursor": ""},
        page(1, has_more=True) | {"next_cursor": 7},
        page(cursor="a"),
        page(1) | {"items": ["1"]},
        page(1) | {"items": [None]},
        page(1) | {"items": [{"name": "no id"}]},
        page(None),
        page(1) | {"items": [{"id": True}]},
        page(""),
    ],
)
def test_an_answer_that_cannot_be_a_page_stops_the_read_naming_the_path(answer: object) -> None:
    with pytest.raises(RunError, match=r"/things.*nothing is taken for deleted"):
        read_page("/things", answer)


@pytest.mark.parametrize("repeated", ["a", "b"])
def test_a_cursor_given_before_stops_the_read_before_its_page_is_used(repeated: str) -> None:
    answers = Answers(page(1, cursor="a"), page(2, cursor="b"), page(3, cursor=repeated))
    pages = walk(answers, "/things", {})

    assert [each.items for each in islice(pages, 2)] == [[{"id": 1}], [{"id": 2}]]
    with pytest.raises(RunError, match="given before"):
        next(pages)


def test_a_list_that_answers_the_cursor_it_was_asked_with_stops_the_read() -> None:
    with pytest.raises(RunError, match="given before"):
        ids(Answers(page(3, cursor="a")), cursor="a")
