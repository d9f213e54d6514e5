"""How is what Pennylane answers spoilt, and from which request on: refused, broken, cut off, nonsense?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

JSON = "application/json"


class Answer(Protocol):
    """What is sent in the product's place."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class CutOff:
    """An answer whose connection ends in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce more than is sent."""
        headers = [(b"content-type", JSON.encode()), (b"content-length", b"100000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"items": [', "more_body": True})


#: Every way a read fails here, by what an operator would call it.
WAYS: Mapping[str, Callable[[], Answer]] = {
    "refused": lambda: Response('{"error": "Unprocessable"}', 422, media_type=JSON),
    "broken": lambda: Response("upstream connect error", 503, media_type="text/plain"),
    "gone": lambda: Response('{"error": "Not Found"}', 404, media_type=JSON),
    "cut": CutOff,
    "web page": lambda: Response("<html><body>Maintenance</body></html>", 200, media_type="text/html"),
    "half JSON": lambda: Response('{"items": [{"id": 1, "na', 200, media_type=JSON),
    "another shape": lambda: Response('{"items": null, "has_more": false}', 200, media_type=JSON),
    "no word of more": lambda: Response('{"items": []}', 200, media_type=JSON),
    "an empty page with more": lambda: Response(
        '{"items": [], "has_more": true, "next_cursor": "x"}', 200, media_type=JSON
    ),
}


@dataclass
class Spoilt:
    """Lets `passing` different requests to Pennylane through and spoils the later ones; counts what it met."""

    way: str
    passing: int
    path: str = ""
    met: list[str] = field(default_factory=list)

    async def between(self, request: Request) -> Response | None:
        """Answer in Pennylane's place once enough have passed."""
        path = request.url.path
        if not path.startswith("/pennylane/") or self.path not in path:
            return None
        asked = f"{path}?{request.url.query}"
        if not self.met or self.met[-1] != asked:  # a repetition is the same request
            self.met.append(asked)
        return WAYS[self.way]() if len(self.met) > self.passing else None  # type: ignore[return-value]
