"""Lets tests read without waiting for the source's allowance; pace has tests of its own."""

from __future__ import annotations

from hashlib import sha256

from duebridge.core.edge.limits import Limiter, WindowLimiter, shared_limiter


def wide_budget(pennylane_base: str, token: str) -> Limiter:
    """A budget without an end, put where the clients of this token look for theirs for as long as it is held."""
    wide = WindowLimiter(requests=1_000_000, seconds=1.0)
    held = shared_limiter(sha256(f"{pennylane_base}\n{token}".encode()).hexdigest(), lambda: wide)
    assert held is wide, "a client of an earlier run is still there"
    return wide
