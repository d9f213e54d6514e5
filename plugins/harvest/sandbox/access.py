"""May this request pass: who asks, of which account, how often?

Source: help.getharvest.com/api-v2, authentication, introduction > general (100 requests in 15 seconds). Token and
account may come as the parameters `access_token` and `account_id` instead of headers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

from duebridge.plugins.harvest.sandbox.refusals import nameless, not_found, too_many, unauthorized

TOKEN = "sandbox-harvest"  # noqa: S105 - the stand-in's published token
ACCOUNT = "1234"
REQUESTS, SECONDS = 100, 15


def admit(headers: Mapping[str, str], query: Mapping[str, str], *, valid: bool) -> None:
    """Let a request in, or raise why not: no application named, no such token (or none is `valid`), no such account."""
    if not headers.get("user-agent", "").strip():
        raise nameless()
    if token_of(headers, query) != TOKEN or not valid:
        raise unauthorized()
    if (headers.get("harvest-account-id") or query.get("account_id", "")).strip() != ACCOUNT:
        raise not_found()


def token_of(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """The token of a request, empty when it has none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else query.get("access_token", "")


class Windows:
    """Counts requests for each token in fixed windows aligned to the epoch. `now` gives unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts: dict[str, tuple[int, int]] = {}

    def count(self, token: str) -> None:
        """Count a request. Raises the 429."""
        now = self._now()
        window = int(now // SECONDS)
        seen_window, used = self._counts.get(token, (window, 0))
        used = used + 1 if seen_window == window else 1
        self._counts[token] = (window, used)
        if used > REQUESTS:
            raise too_many(max(1, ceil((window + 1) * SECONDS - now)))
