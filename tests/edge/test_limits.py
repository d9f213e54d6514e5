"""When the next request may go."""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.edge.http import HttpFactory
from duebridge.core.edge.limits import Limiter, PerMinute, WindowLimiter, shared_limiter
from duebridge.core.errors import RunError

NOTHING: Mapping[str, str] = {}
GO_ON = threading.Event()


@dataclass
class Clock:
    """Time that passes when told to; `wall` is unix seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Monotonic seconds."""
        return self.now

    def wall(self) -> float:
        """Unix seconds."""
        return self.now + 1772366400


def limiter_of(requests: int, seconds: float) -> tuple[WindowLimiter, Clock]:
    clock = Clock()
    return WindowLimiter(requests, seconds, clock=clock, wall=clock.wall), clock


def ask(limiter: WindowLimiter, status: int = 200, headers: Mapping[str, str] = NOTHING) -> None:
    limiter.acquire(GO_ON)
    limiter.observe(status, headers)


def wait_of(limiter: WindowLimiter) -> float:
    """Seconds until a request may go, without asking for one."""
    return limiter._left()


def test_the_whole_allowance_goes_at_once() -> None:
    limiter, _ = limiter_of(25, 5.0)
    for _ in range(25):
        assert wait_of(limiter) == 0
        ask(limiter)
    assert wait_of(limiter) == pytest.approx(5.01)


def test_a_place_is_free_once_its_answer_is_older_than_the_window() -> None:
    limiter, clock = limiter_of(2, 5.0)
    limiter.acquire(GO_ON)
    clock.now += 3
    limiter.observe(200, NOTHING)
    clock.now += 1
    ask(limiter)
    assert wait_of(limiter) == pytest.approx(4.01)
    clock.now += 4.02
    assert wait_of(limiter) == 0


def test_requests_under_way_hold_their_places() -> None:
    limiter, clock = limiter_of(2, 5.0)
    limiter.acquire(GO_ON)
    limiter.acquire(GO_ON)
    clock.now += 3600
    assert wait_of(limiter) == float("inf")
    limiter.observe(0, NOTHING)
    assert wait_of(limiter) == pytest.approx(5.01)


def test_a_stop_ends_the_wait_for_a_place() -> None:
    limiter = WindowLimiter(1, 60)
    ask(limiter)
    stopping = threading.Event()
    threading.Timer(0.05, stopping.set).start()
    started = time.monotonic()
    with pytest.raises(RunError, match="stopped"):
        limiter.acquire(stopping)
    assert time.monotonic() - started < 2


def test_the_wait_after_a_429_holds_for_all_threads() -> None:
    limiter, clock = limiter_of(25, 5.0)
    ask(limiter, 429, {"retry-after": "2"})
    assert wait_of(limiter) == pytest.approx(2)
    ask_later = WindowLimiter(25, 5.0)
    ask(ask_later, 429, NOTHING)
    assert wait_of(ask_later) == 0
    clock.now += 2.1
    assert wait_of(limiter) == 0


def test_a_429_that_closes_the_door_for_long_ends_the_run_of_everyone() -> None:
    limiter, _ = limiter_of(25, 5.0)
    ask(limiter, 429, {"retry-after": "3600"})
    with pytest.raises(RunError, match="no more requests until"):
        limiter.acquire(GO_ON)


@pytest.mark.parametrize("prefix", ["", "x-"])
def test_an_allowance_others_used_up_is_waited_for(prefix: str) -> None:
    limiter, clock = limiter_of(25, 5.0)
    reset = str(int(clock.wall()) + 3)
    ask(limiter, 200, {f"{prefix}ratelimit-remaining": "0", f"{prefix}ratelimit-reset": reset})
    assert wait_of(limiter) == pytest.approx(3)


def test_an_allowance_we_used_up_is_counted_exactly() -> None:
    limiter, clock = limiter_of(5, 5.0)
    for left in (4, 3, 2, 1, 0):
        ask(limiter, 200, {"ratelimit-remaining": str(left), "ratelimit-reset": str(int(clock.wall()) + 60)})
        clock.now += 1.002
    assert wait_of(limiter) == pytest.approx(0.0, abs=1e-3)


def test_a_reset_of_a_wrong_clock_costs_a_window_at_most() -> None:
    limiter, clock = limiter_of(25, 5.0)
    ask(limiter, 200, {"ratelimit-remaining": "0", "ratelimit-reset": str(int(clock.wall()) + 9999)})
    assert wait_of(limiter) == pytest.approx(5.01)


@pytest.mark.parametrize(("requests", "seconds"), [(0, 5), (-1, 5), (1, 0)])
def test_a_limit_that_allows_nothing_is_refused(requests: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one"):
        WindowLimiter(requests, seconds)


def test_per_minute_counts_sixty_seconds() -> None:
    clock = Clock()
    limiter = PerMinute(600, clock=clock, wall=clock.wall)
    for _ in range(600):
        ask(limiter)
    assert wait_of(limiter) == pytest.approx(60.12)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_server_window_ever_holds_more_than_the_allowance(data: st.DataObject) -> None:
    """The server counts each request at any moment it is under way; answers come in any order."""
    limiter, clock = limiter_of(3, 10.0)
    under_way: list[float] = []
    counted: list[float] = []
    for _ in range(data.draw(st.integers(1, 40))):
        clock.now += data.draw(st.floats(0, 6))
        if under_way and data.draw(st.booleans()):
            sent = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            counted.append(data.draw(st.floats(sent, clock.now)))
            limiter.observe(200, NOTHING)
        elif wait_of(limiter) == 0:
            limiter.acquire(GO_ON)
            under_way.append(clock.now)
    counted += under_way
    assert all(sum(at - 10.0 < other <= at for other in counted) <= 3 for at in counted)


@dataclass
class Fixed:
    """A server's counter whose windows start at multiples of `seconds`."""

    requests: int
    seconds: float
    window: int = -1
    used: int = 0

    def remaining(self, now: float) -> int:
        """Count one request; what is left, negative when it is one too many."""
        window = int(now / self.seconds)
        self.used = self.used + 1 if window == self.window else 1
        self.window = window
        return self.requests - self.used


@dataclass
class Sliding:
    """A server's counter of the last `seconds`, refused requests included."""

    requests: int
    seconds: float
    log: deque[float] = field(default_factory=deque)

    def remaining(self, now: float) -> int:
        """Count one request; what is left, negative when it is one too many."""
        while self.log and self.log[0] <= now - self.seconds:
            self.log.popleft()
        self.log.append(now)
        return self.requests - len(self.log)


def refusing(server: Any, counter: Fixed | Sliding) -> Callable[[], int]:
    """Make `server` count, and tell what it counts as Pennylane does; gives the number of refusals so far."""
    lock = threading.Lock()
    refused = 0

    class Counting(list[Any]):
        """One step for ever, made when it is played."""

        def __getitem__(self, _: object) -> bytes:
            nonlocal refused
            with lock:
                left = counter.remaining(time.monotonic())
            told = {
                "ratelimit_remaining": str(max(0, left)),
                "ratelimit_reset": str(int(time.time() + counter.seconds) + 1),
            }
            if left >= 0:
                return bytes(server.reply(200, b"{}", **told))
            refused += 1
            return bytes(server.reply(429, b"Rate limit exceeded", retry_after="1", **told))

    server.steps = Counting([b""])
    return lambda: refused


def run(server: Any, limiter: Limiter, requests: int, threads: int) -> float:
    """Seconds `requests` took."""
    factory = HttpFactory()
    http = factory(server.url, product="P", headers=dict, limiter=limiter)
    started = time.monotonic()
    workers = [
        threading.Thread(target=lambda: [http.get("/x") for _ in range(requests // threads)]) for _ in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    took = time.monotonic() - started
    http.close()
    assert factory.requests == requests
    return took


@pytest.mark.parametrize("counter", [Fixed, Sliding])
@pytest.mark.parametrize("threads", [1, 4])
def test_the_allowance_is_used_up_and_never_exceeded(server: Any, counter: type[Any], threads: int) -> None:
    refused = refusing(server, counter(25, 0.5))
    took = run(server, WindowLimiter(25, 0.5), 100, threads)
    assert refused() == 0
    # Three whole windows, then the last 25 at once. That 95 % are used is measured over real windows below: here a busy
    # machine's pauses are long beside half a second, so only losing a whole window shows.
    assert 1.5 <= took < 1.95


@pytest.mark.slow
def test_a_hundred_requests_at_pennylanes_limit_take_fifteen_seconds(server: Any) -> None:
    refused = refusing(server, Sliding(25, 5.0))
    took = run(server, WindowLimiter(25, 5.0), 100, 2)
    assert refused() == 0
    assert 15.0 <= took <= 15.0 / 0.95


def test_two_connections_of_one_token_share_the_limiter() -> None:
    one = shared_limiter("k1", lambda: WindowLimiter(1, 60))
    assert shared_limiter("k1", lambda: WindowLimiter(1, 60)) is one
    assert shared_limiter("k2", lambda: WindowLimiter(1, 60)) is not one


def test_a_limiter_outlives_the_run_that_used_it() -> None:
    first = id(shared_limiter("kept", lambda: WindowLimiter(1, 60)))
    gc.collect()
    assert id(shared_limiter("kept", lambda: WindowLimiter(1, 60))) == first


def test_the_limiter_asked_for_longest_ago_is_forgotten_when_there_are_many() -> None:
    oldest = shared_limiter("oldest", lambda: WindowLimiter(1, 60))
    for number in range(256):
        shared_limiter(f"other {number}", lambda: WindowLimiter(1, 60))
    assert shared_limiter("oldest", lambda: WindowLimiter(1, 60)) is not oldest


def test_threads_that_ask_at_once_get_the_same_limiter() -> None:
    kept: list[Limiter] = []
    threads = [
        threading.Thread(target=lambda: kept.append(shared_limiter("race", lambda: WindowLimiter(1, 60))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(kept) == 8
    assert len({id(limiter) for limiter in kept}) == 1
