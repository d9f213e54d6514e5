"""Reading ahead: only while pages are waited for, in order, and over when the reader leaves."""

import threading
from collections.abc import Iterator

import pytest

from duebridge.core.engine.prefetch import Prefetched


def slow_pages(number: int, readers: list[str], gate: threading.Event) -> Iterator[int]:
    """Pages that are waited for, noting which thread asks for each."""
    for page in range(number):
        readers.append(threading.current_thread().name)
        gate.wait(0.02)
        yield page


def test_pages_that_come_at_once_are_read_in_the_reader_s_own_thread() -> None:
    readers: list[str] = []

    def pages() -> Iterator[int]:
        for page in range(5):
            readers.append(threading.current_thread().name)
            yield page

    with Prefetched(pages(), "ahead") as read:
        assert list(read) == [0, 1, 2, 3, 4]
    assert set(readers) == {threading.current_thread().name}


def test_pages_that_are_waited_for_are_read_ahead_in_order() -> None:
    readers: list[str] = []
    with Prefetched(slow_pages(5, readers, threading.Event()), "ahead") as read:
        assert list(read) == [0, 1, 2, 3, 4]
    assert readers[1:] == ["ahead"] * 4


def test_what_the_pages_raise_is_raised_to_the_reader_after_the_pages_before_it() -> None:
    def pages() -> Iterator[int]:
        threading.Event().wait(0.02)
        yield 1
        raise ValueError("no more")

    seen = []
    with Prefetched(pages(), "ahead") as read:
        seen.append(next(read))
        with pytest.raises(ValueError, match="no more"):
            next(read)
    assert seen == [1]


def test_leaving_early_asks_for_no_further_page() -> None:
    readers: list[str] = []
    with Prefetched(slow_pages(100, readers, threading.Event()), "ahead") as read:
        next(read)
        next(read)
    asked = len(readers)
    assert asked <= 6
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
