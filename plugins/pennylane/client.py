"""Which requests are made of Pennylane, as whom and how fast. HTTP calls, nothing else.

Paths are below `/api/external/v2`. Every request may raise `AuthError` (401; `Forbidden` for 403), `NotFound`,
`Refused` (`.status`) and `RunError`, a write `UnknownOutcome` too.
Source: spec; the rate limit is on readme:/docs/rate-limiting-1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from duebridge.core.api import Form, Json, Payload, Safety, Services, WindowLimiter, shared_limiter
from duebridge.plugins.pennylane.settings import PennylaneSettings

API = "/api/external/v2"
#: 25 requests in 5 seconds for each token, whatever the endpoint.
REQUESTS, SECONDS = 25, 5.0
PER_MINUTE = 300
#: The largest file Pennylane keeps: 100 MB (spec, POST /file_attachments), taken as the smaller of the two megabytes.
MOST_FILE = 100 * 10**6

Params = Mapping[str, str | int]


class PennylaneClient:
    """One company's connection; all clients of one token in a process share its rate limit."""

    def __init__(
        self, settings: PennylaneSettings, services: Services, *, per_minute: int = PER_MINUTE, deadline: float = 60.0
    ) -> None:
        """`per_minute` is for a token other programs use too: fewer requests, counted apart.

        An attempt is over after `deadline` seconds.
        """
        self._settings = settings
        requests = max(1, per_minute * REQUESTS // PER_MINUTE)
        self._http = services.http(
            settings.base_url,
            product="Pennylane",
            headers=self._headers,
            deadline=deadline,
            max_bytes=MOST_FILE,
            limiter=shared_limiter(
                self._limiter_key(per_minute), lambda: WindowLimiter(requests=requests, seconds=SECONDS)
            ),
        )

    def get(self, path: str, params: Params, shape: Callable[[bytes], Json | None] | None = None) -> Json:
        """The parsed answer of GET `path`, by `shape` where it can."""
        return self._http.get(f"{API}{path}", params, shape=shape)

    def write(self, method: str, path: str, body: Payload | Form, *, safety: Safety) -> Json | None:
        """The answer to a write of `path`; `safety` says what a lost one means."""
        return self._http.write(method, f"{API}{path}", body, safety=safety)

    def me(self) -> Json:
        """Who the token belongs to; needs no scope."""
        return self.get("/me", {})

    def public_file(self, address: str) -> bytes:
        """The file at an address an answer names, which takes no token and stands in no message."""
        return self._http.download_public(address)

    def own_path(self, url: str) -> tuple[str, dict[str, str]] | None:
        """The path and query of a link in an answer, or None when it leads to another host: it gets no token."""
        base, link = urlsplit(f"{self._settings.base_url}{API}/"), urlsplit(url)
        if (link.scheme, link.netloc) != (base.scheme, base.netloc) or not link.path.startswith(base.path):
            return None
        return link.path.removeprefix(base.path.rstrip("/")), dict(parse_qsl(link.query))

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def _headers(self) -> dict[str, str]:
        """Asked for at each attempt, so that a token that changes while we run is used from then on."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def _limiter_key(self, per_minute: int) -> str:
        who = f"{self._settings.base_url}\n{self._settings.token.get_secret_value()}"
        if per_minute != PER_MINUTE:
            who = f"{who}\n{per_minute}"
        return sha256(who.encode()).hexdigest()
