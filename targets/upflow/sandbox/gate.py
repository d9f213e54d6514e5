"""May this request come in? Keys, rate, concurrency, and one import at a time per customer.

Upflow publishes 600 requests a minute, at most 10 at once, and asks that entities of one customer are never imported at
the same time.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from secrets import compare_digest

from duebridge.targets.upflow.sandbox.refusal import Refusal

KEY = "sandbox-upflow-key"
SECRET = "sandbox-upflow-secret"  # noqa: S105 - the sandbox's published secret

PER_MINUTE = 600
AT_ONCE = 10


class Gate:
    """Counts what is under way; used on one event loop, so nothing is locked."""

    def __init__(self, *, limited: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Enforce the published limits when `limited`; `clock` gives seconds."""
        self.limited = limited
        self.clock = clock
        self.overlapping_writes: list[str] = []
        self._admitted: deque[float] = deque()
        self._under_way = 0
        self._held: dict[str, str] = {}

    def admit(self, headers: Mapping[str, str]) -> None:
        """Refuse wrong keys with 401, the 601st request of a minute with 429."""
        key, secret = headers.get("x-api-key", ""), headers.get("x-api-secret", "")
        if not (_same(key, KEY) and _same(secret, SECRET)):
            raise Refusal(401, "X-Api-Key or X-Api-Secret is missing or wrong")
        if self.limited:
            self._count()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Take one of the ten places, or refuse with 429."""
        if self.limited and self._under_way >= AT_ONCE:
            raise Refusal(429, f"more than {AT_ONCE} requests at once", {"Retry-After": "1"})
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    @contextmanager
    def hold(self, customers: frozenset[str], what: str) -> Iterator[None]:
        """Keep `customers` for one write; refuse with 409, and remember, when another write has one of them."""
        if busy := sorted(customers & self._held.keys()):
            self.overlapping_writes.append(f"{what} while {self._held[busy[0]]} (customer {busy[0]})")
            raise Refusal(409, "another import for this customer is under way; send one at a time")
        self._held |= dict.fromkeys(customers, what)
        try:
            yield
        finally:
            for customer in customers:
                del self._held[customer]

    def _count(self) -> None:
        now = self.clock()
        admitted = self._admitted
        while admitted and admitted[0] <= now - 60:
            admitted.popleft()
        if len(admitted) >= PER_MINUTE:
            wait = max(1, math.ceil(admitted[0] + 60 - now))
            raise Refusal(429, f"more than {PER_MINUTE} requests a minute", {"Retry-After": str(wait)})
        admitted.append(now)


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())
