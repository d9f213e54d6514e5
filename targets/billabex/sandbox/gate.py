"""May this request come in? A bearer token, and 300 requests in any 60 seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from secrets import compare_digest

from duebridge.targets.billabex.sandbox.refusal import Refusal

TOKEN = "sandbox-billabex"  # noqa: S105 - the sandbox's published token

ALLOWED, WINDOW = 300, 60


class Gate:
    """Counts what came in; used on one event loop, so nothing is locked."""

    def __init__(self, *, limited: bool, clock: Callable[[], float]) -> None:
        """Enforce the published limit when `limited`; `clock` gives unix seconds."""
        self.limited = limited
        self.clock = clock
        self._admitted: deque[float] = deque()

    def admit(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Refuse a wrong token with 401, the 301st request of a minute with 429; return the headers of the limit."""
        given = headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {TOKEN}".encode()):
            raise Refusal(401, "the token is missing or wrong")
        if not self.limited:
            return {}
        now, admitted = self.clock(), self._admitted
        while admitted and admitted[0] <= now - WINDOW:
            admitted.popleft()
        if len(admitted) >= ALLOWED:
            wait = max(1, math.ceil(admitted[0] + WINDOW - now))
            raise Refusal(429, f"more than {ALLOWED} requests a minute", self._told() | {"Retry-After": str(wait)})
        admitted.append(now)
        return self._told()

    def _told(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(ALLOWED),
            "X-RateLimit-Remaining": str(ALLOWED - len(self._admitted)),
            "X-RateLimit-Reset": str(math.ceil(self._admitted[0] + WINDOW) if self._admitted else 0),
        }
