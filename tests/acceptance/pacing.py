"""Lets a test read without waiting for the source's allowance; pace has tests of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from duebridge.core.edge.limits import WindowLimiter, shared_limiter

from .scene import SECRETS, Scene


@contextmanager
def unpaced(scene: Scene) -> Iterator[None]:
    """Hold a wide budget where the clients of this scene's token look for the one they share."""
    who = f"{scene.url}/pennylane\n{SECRETS['PENNYLANE_TOKEN']}"
    wide = WindowLimiter(requests=1_000_000, seconds=1.0)
    held = shared_limiter(sha256(who.encode()).hexdigest(), lambda: wide)
    assert held is wide, "a client of an earlier run is still there"
    yield
