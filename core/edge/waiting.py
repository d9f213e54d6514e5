"""How long until a request may be made again, and how do we wait without missing a stop?"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from duebridge.core.errors import RunError

#: Longer waits than this end the run: the next one comes by the schedule anyway.
LONGEST_WAIT = 120.0
LONGEST_BACKOFF = 8.0

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def backoff(attempt: int) -> float:
    """Seconds before the repetition that follows attempt number `attempt` (from 0): 1, 2, 4, 8, 8, ..."""
    return float(min(LONGEST_BACKOFF, 2 ** min(attempt, 10)))


def told_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the product asks us to wait, by `retry-after` or else its rate limit's reset; None when it doesn't say.

    `headers` have lower-case names, `now` is unix seconds. `retry-after` holds seconds or an HTTP date (RFC 9110
    section 10.2.3). A reset holds unix seconds; milliseconds and plain delays are met too, and told apart by size.
    """
    asked = retry_after(headers, now)
    return asked if asked is not None else reset_in(headers, now)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds asked for by `retry-after` alone."""
    text = headers.get("retry-after", "")
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def reset_in(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the rate limit's window starts anew by `(x-)ratelimit-reset`; None when it isn't told."""
    text = headers.get("ratelimit-reset") or headers.get("x-ratelimit-reset") or ""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if number > 1e12:
        number /= 1000
    return max(0.0, number - now if number > 1e9 else number)


class Patience:
    """Waits through `sleep`, notices `stopping`, tells the time by `clock` (unix seconds)."""

    def __init__(
        self, sleep: Callable[[float], object] | None, clock: Callable[[], float], stopping: threading.Event
    ) -> None:
        """`sleep` None: wait on `stopping` itself, so that a stop ends the wait at once."""
        self._sleep = sleep or stopping.wait
        self.clock = clock
        self.stopping = stopping

    def wait(self, seconds: float, who: str) -> None:
        """Wait; raises `RunError` when it would be too long, or when the run is stopped meanwhile."""
        refuse_long(seconds, self.clock(), who)
        self.heed_stop(who)
        self._sleep(seconds)
        self.heed_stop(who)

    def heed_stop(self, who: str) -> None:
        """Raise `RunError` once the run is being stopped."""
        if self.stopping.is_set():
            raise RunError(f"stopped before the next request to {who}; the next run goes on from here")


def refuse_long(seconds: float, now: float, who: str) -> None:
    """Raise `RunError`, saying when to come back, if `seconds` is more than a run should spend waiting."""
    if seconds <= LONGEST_WAIT:
        return
    try:
        when = f"{datetime.fromtimestamp(now + seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        when = "a time beyond the calendar"
    raise RunError(f"{who} asks for no more requests until {when}; run again after that")
