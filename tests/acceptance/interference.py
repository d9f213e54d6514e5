"""What may stand between the stand-ins and who asks them: an answer in their place, or a wait before theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

#: Given a request, the answer in the product's place, or None to let the product answer.
Between = Callable[[Request], Awaitable[Response | None]]


class Interference:
    """An ASGI wrapper that lets everything pass until `between` is set."""

    def __init__(self) -> None:
        self.between: Between | None = None
        self._app: ASGIApp | None = None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Stand before `app`."""
        self._app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        between = self.between
        if between is not None and scope["type"] == "http" and not scope["path"].startswith("/_sandbox"):
            answer = await between(Request(scope, receive))
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_page(request: Request, path: str, *, later: bool) -> bool:
    """Whether a request asks for a page of `path` (below the API's prefix): the first, or a `later` one."""
    return request.url.path.endswith(f"/v2/{path}") and ("cursor" in parse_qs(request.url.query)) is later
