"""How long until a request may be made again."""

from __future__ import annotations

import threading
import time

import pytest

from duebridge.core.edge.waiting import Patience, backoff, retry_after, told_to_wait
from duebridge.core.errors import RunError

NOON = 1772366400.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "3", "ratelimit-reset": "9"}, 3.0),
        ({"retry-after": "soon", "ratelimit-reset": "9"}, 9.0),
        ({"ratelimit-reset": "1772366404"}, 4.0),
        ({"ratelimit-reset": "1772366000"}, 0.0),
        ({"ratelimit-reset": "1772366404500"}, 4.5),
        ({"x-ratelimit-reset": "7"}, 7.0),
        ({"ratelimit-reset": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({}, None),
    ],
)
def test_the_wait_a_product_asks_for_is_understood(headers: dict[str, str], seconds: float | None) -> None:
    assert told_to_wait(headers, NOON) == seconds


def test_a_reset_alone_is_no_request_to_wait() -> None:
    assert retry_after({"ratelimit-reset": "9"}, NOON) is None


def test_backoff_doubles_up_to_eight_seconds() -> None:
    assert [backoff(attempt) for attempt in range(6)] == [1, 2, 4, 8, 8, 8]
    assert backoff(10**6) == 8


def test_a_wait_of_two_minutes_is_borne() -> None:
    waits: list[float] = []
    Patience(waits.append, lambda: NOON, threading.Event()).wait(120, "Upflow")
    assert waits == [120]


@pytest.mark.parametrize("seconds", [121.0, 1e14])
def test_a_longer_wait_ends_the_run_and_says_when_to_come_back(seconds: float) -> None:
    with pytest.raises(
        RunError, match=r"Upflow asks for no more requests until (2026-03-01 12:02:01 UTC|a time beyond)"
    ):
        Patience(None, lambda: NOON, threading.Event()).wait(seconds, "Upflow")


def test_a_stop_ends_a_wait_at_once() -> None:
    stopping = threading.Event()
    threading.Timer(0.05, stopping.set).start()
    started = time.monotonic()
    with pytest.raises(RunError, match="stopped"):
        Patience(None, time.time, stopping).wait(60, "Upflow")
    assert time.monotonic() - started < 2
