"""When may the next request go, so that the product never has to refuse it?

A product counts a request at some moment between its leaving here and its answer's arrival, in windows that may slide
or be fixed. `WindowLimiter` is safe with both: it lets a request go when fewer than `requests` others are under way or
were answered within the last `seconds`. Whatever the product counted within one window was then counted here too.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Protocol

from duebridge.core.edge.waiting import refuse_long, reset_in, told_to_wait
from duebridge.core.errors import RunError

__all__ = ["Limiter", "PerMinute", "WindowLimiter", "shared_limiter", "without_pace"]

#: How soon a waiting thread notices that the run is being stopped, in seconds.
_NOTICE = 0.2
#: The part of a window added to it, for clocks that do not run at quite the same speed.
_MARGIN = 0.002


class Limiter(Protocol):
    """Paces requests. For each `acquire` there is exactly one `observe`, whatever happens in between."""

    def acquire(self, stopping: threading.Event) -> None:
        """Return once a request may go; raises `RunError` when `stopping` is set meanwhile, or the wait is too long."""

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer (lower-case header names); status 0 when none came."""


class WindowLimiter:
    """At most `requests` in any `seconds`; thread-safe, shared by everything that uses one token.

    Also obeys the product when it knows better: a 429's wait holds for all, and so does `ratelimit-remaining: 0` until
    the reset, unless our own requests explain it (the window above is exact then; a reset, in whole seconds, is not).
    `clock` is monotonic seconds, `wall` unix seconds.
    """

    def __init__(
        self,
        requests: int = 25,
        seconds: float = 5.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Start with the whole allowance."""
        if requests < 1 or seconds <= 0:
            raise ValueError("a rate limit allows at least one request in a positive time")
        self.requests = requests
        self.seconds = seconds
        self._clock = clock
        self._wall = wall
        self._changed = threading.Condition()
        self._under_way = 0
        self._answered: deque[float] = deque()
        self._earlier: deque[float] = deque()
        self._closed_until = float("-inf")

    def acquire(self, stopping: threading.Event) -> None:
        """Return once a request may go."""
        with self._changed:
            while (left := self._left()) > 0:
                if stopping.is_set():
                    raise RunError("stopped while waiting for the product's rate limit; the next run goes on from here")
                self._changed.wait(min(left, _NOTICE))
            self._under_way += 1

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer; status 0 when none came."""
        with self._changed:
            now = self._clock()
            self._forget(now)
            closed = self._closed_for(status, headers)
            self._under_way = max(0, self._under_way - 1)
            self._answered.append(now)
            self._closed_until = max(self._closed_until, now + closed)
            self._changed.notify_all()

    def _left(self) -> float:
        """Seconds until a request may go, as far as can be told now."""
        now = self._clock()
        self._forget(now)
        if (closed := self._closed_until - now) > 0:
            refuse_long(closed, self._wall(), "the product's rate limit")
            return closed
        surplus = self._under_way + len(self._answered) - self.requests
        if surplus < 0:
            return 0.0
        if surplus >= len(self._answered):
            return float("inf")
        return max(self._answered[surplus] + self._window - now, 1e-4)

    @property
    def _window(self) -> float:
        return self.seconds * (1 + _MARGIN)

    def _forget(self, now: float) -> None:
        while self._answered and self._answered[0] + self._window <= now:
            self._earlier.append(self._answered.popleft())
        while self._earlier and self._earlier[0] + 2 * self._window <= now:
            self._earlier.popleft()

    def _closed_for(self, status: int, headers: Mapping[str, str]) -> float:
        if status == 429:
            return told_to_wait(headers, self._wall()) or 0.0
        remaining = headers.get("ratelimit-remaining") or headers.get("x-ratelimit-remaining")
        if remaining != "0" or self._explained():
            return 0.0
        return min(reset_in(headers, self._wall()) or 0.0, self._window)

    def _explained(self) -> bool:
        """Whether our own requests may have used up the allowance. Two windows back: an answer may take a while."""
        return self._under_way + len(self._answered) + len(self._earlier) >= self.requests


class PerMinute(WindowLimiter):
    """At most `requests` in any 60 seconds. A quiet minute may be followed by all of them at once."""

    def __init__(
        self,
        requests: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Start with the whole allowance."""
        super().__init__(requests, 60.0, clock=clock, wall=wall)


#: Beyond this many, the limiter asked for longest ago is forgotten: its windows are long over.
_MOST_SHARED = 256
_SHARED: OrderedDict[str, Limiter] = OrderedDict()
_SHARED_LOCK = threading.Lock()
_PACELESS: list[bool] = []


@contextmanager
def without_pace() -> Iterator[None]:
    """Let the clients made meanwhile send as fast as they can, for stand-ins that count nothing. Not for products."""
    _PACELESS.append(True)
    try:
        yield
    finally:
        _PACELESS.pop()


def shared_limiter(key: str, make: Callable[[], Limiter]) -> Limiter:
    """The one limiter of this process under `key`, made when there is none.

    It outlives the run that asked for it, so that a run right after another finds the window as it is. `key` should be
    a hash of the product's address and token. Only its digest is kept.
    """
    if _PACELESS:
        return WindowLimiter(requests=1_000_000, seconds=1.0)
    digest = sha256(key.encode()).hexdigest()
    with _SHARED_LOCK:
        limiter = _SHARED.pop(digest, None) or make()
        _SHARED[digest] = limiter
        if len(_SHARED) > _MOST_SHARED:
            _SHARED.popitem(last=False)
        return limiter
