"""May this request pass: who asks, with which scopes, how often?

Source: spec, security of each operation; readme:/docs/rate-limiting-1 (25 requests in 5 seconds for each token).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil

from duebridge.plugins.pennylane.sandbox.contract import all_scopes
from duebridge.plugins.pennylane.sandbox.refusals import forbidden, too_many, unauthorized

TOKEN = "sandbox-pennylane"  # noqa: S105 - the stand-in's published token
REQUESTS, SECONDS = 25, 5


@dataclass(slots=True)
class Grant:
    """What a token may do."""

    scopes: tuple[str, ...]
    valid: bool = True


class Tokens:
    """The tokens the stand-in knows, by their text."""

    def __init__(self) -> None:
        """Know the published token, with every scope."""
        self.grants: dict[str, Grant] = {TOKEN: Grant(all_scopes())}

    def admit(self, token: str, scopes: Collection[str]) -> Grant:
        """Return the token's grant. Raises 401 for an unknown or invalid token, 403 when it has none of `scopes`."""
        grant = self.grants.get(token)
        if grant is None or not grant.valid:
            raise unauthorized()
        if scopes and not set(scopes) & set(grant.scopes):
            raise forbidden(next((scope for scope in scopes if scope.endswith(":readonly")), next(iter(scopes))))
        return grant


def bearer(authorization: str) -> str:
    """The token of an Authorization header, empty when it is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Windows:
    """Counts requests for each token in fixed windows aligned to the epoch. `now` gives unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts: dict[str, tuple[int, int]] = {}

    def count(self, token: str) -> dict[str, str]:
        """Count a request and return the headers that tell what is left. Raises the 429, with the headers."""
        now = self._now()
        window = int(now // SECONDS)
        seen_window, used = self._counts.get(token, (window, 0))
        used = used + 1 if seen_window == window else 1
        self._counts[token] = (window, used)
        reset = (window + 1) * SECONDS
        headers = {
            "ratelimit-limit": str(REQUESTS),
            "ratelimit-remaining": str(max(0, REQUESTS - used)),
            "ratelimit-reset": str(reset),
        }
        if used > REQUESTS:
            refusal = too_many(max(1, ceil(reset - now)))
            refusal.headers.update(headers)
            raise refusal
        return headers
