"""Which requests are made of Harvest, as whom and how fast? HTTP calls, nothing else.

Paths are below `/v2`. Every GET may raise `AuthError` (401; `Forbidden` for 403), `NotFound`, `Refused` and `RunError`.
Every request names the account and the application: without the second Harvest answers 400.
Source: help.getharvest.com/api-v2, introduction > general, authentication.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from duebridge.core.api import Answer, Json, Services, WindowLimiter, shared_limiter
from duebridge.plugins.harvest.settings import HarvestSettings

API = "/v2"
#: 100 requests in 15 seconds for each token.
REQUESTS, SECONDS = 100, 15.0
#: An invoice's file must be smaller than this.
MOST_FILE = 100_000_000

Params = Mapping[str, str | int]


class HarvestClient:
    """One account's connection; all clients of one token in a process share its rate limit."""

    def __init__(self, settings: HarvestSettings, services: Services) -> None:
        """Open connections when they are needed."""
        self._settings = settings
        self._http = services.http(
            settings.base_url,
            product="Harvest",
            headers=self._headers,
            limiter=shared_limiter(self._limiter_key(), lambda: WindowLimiter(requests=REQUESTS, seconds=SECONDS)),
            max_bytes=MOST_FILE - 1,
            explain=_words,
        )

    @property
    def told_time(self) -> datetime | None:
        """What Harvest's own clock said in its latest answer."""
        return self._http.told_time

    def get(self, path: str, params: Params) -> Json:
        """The parsed answer of GET `path`."""
        return self._http.get(f"{API}{path}", params)

    def public_file(self, address: str) -> bytes:
        """The file at the company's web address, where no token goes."""
        return self._http.download_public(address)

    def own_path(self, url: str) -> tuple[str, dict[str, str]] | None:
        """The path and query of a link in an answer; None when it leads anywhere else than to the API."""
        base, link = urlsplit(f"{self._settings.base_url}{API}/"), urlsplit(url)
        if (link.scheme, link.netloc) != (base.scheme, base.netloc) or not link.path.startswith(base.path):
            return None
        return link.path.removeprefix(base.path.rstrip("/")), dict(parse_qsl(link.query))

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def _headers(self) -> dict[str, str]:
        """Asked for at each attempt, so that a token that changes while we run is used from then on."""
        return {
            "Authorization": f"Bearer {self._settings.token.get_secret_value()}",
            "Harvest-Account-Id": self._settings.account_id,
            "User-Agent": f"DueBridge (self-hosted, account {self._settings.account_id})",
        }

    def _limiter_key(self) -> str:
        who = f"{self._settings.base_url}\n{self._settings.token.get_secret_value()}"
        return sha256(who.encode()).hexdigest()


def _words(answer: Answer) -> str:
    """What Harvest says in a refusal: it has a description when it is about the token, else a message or an error."""
    content: Any = answer.json()
    if not isinstance(content, dict):
        return ""
    texts = (content.get(name) for name in ("error_description", "message", "error"))
    return next((text for text in texts if isinstance(text, str) and text), "")
