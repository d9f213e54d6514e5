"""How much time has passed, the time a computer slept or a process was stopped included?"""

from __future__ import annotations

import sys
import time


def _clock_id() -> int | None:
    """Linux counts sleep in CLOCK_BOOTTIME, macOS in CLOCK_MONOTONIC; Python's own clock leaves it out on both."""
    name = "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
    clock: int | None = getattr(time, name, None)
    try:
        if clock is not None:
            time.clock_gettime(clock)
    except OSError:
        return None  # an old kernel, or a sandbox that doesn't offer it
    return clock


_CLOCK = _clock_id()


def elapsed() -> float:
    """Return seconds since some fixed moment; never goes back."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
