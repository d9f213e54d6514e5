"""What did the products receive, in which order, with what answer?"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Where a request's scope has its entry.
ENTRY = "duebridge.sandbox.entry"


@dataclass(slots=True)
class Entry:
    """One request as it arrived; `status` stays None until (unless) an answer begins.

    `fault` names the fault that struck, and `acted` is what the product answered nevertheless.
    """

    at: datetime
    product: str
    method: str
    path: str
    query: str
    status: int | None = None
    body: bytes = b""
    fault: str | None = None
    acted: int | None = None

    def shown(self) -> dict[str, Any]:
        """The journal row: `at` RFC 3339 UTC, `path` and `query` as requested, `body` parsed JSON or None.

        `fault` and `acted` are there when a fault struck; `acted` is None when the product did not act.
        """
        struck = {"fault": self.fault, "acted": self.acted} if self.fault else {}
        return {
            "at": self.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "product": self.product,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "body": _parsed(self.body),
            **struck,
        }


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:  # a form or a file: the journal shows JSON bodies only
        return None


class Journal:
    """Every request to a product since the start or the last reset, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        """How many requests were received."""
        return len(self._entries)

    def begin(self, product: str, scope: Scope) -> Entry:
        """Note the arrival of a request."""
        raw_path = scope.get("raw_path") or scope["path"].encode()
        query = scope["query_string"].decode("latin-1")
        entry = Entry(datetime.now(UTC), product, scope["method"], raw_path.decode("latin-1"), query)
        self._entries.append(entry)
        return entry

    def rows(self) -> list[dict[str, Any]]:
        """All rows, oldest first, as JSON."""
        return [entry.shown() for entry in list(self._entries)]

    def clear(self) -> None:
        """Forget everything."""
        self._entries = []


class JournalMiddleware:
    """Notes requests below `/{product}/`; everything else passes untouched.

    Plain ASGI, because it is on every request.
    """

    def __init__(self, app: ASGIApp, journal: Journal, products: Collection[str]) -> None:
        """Wrap `app`, writing to `journal` what reaches one of `products`."""
        self.app = app
        self.journal = journal
        self.products = frozenset(products)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, noting it when it is a product's."""
        product = scope["path"].split("/", 2)[1] if scope["type"] == "http" else ""
        if product not in self.products:
            await self.app(scope, receive, send)
            return
        entry = scope[ENTRY] = self.journal.begin(product, scope)
        if _announces_body(scope):
            if not await _read(receive, entry):
                return
            receive = _replaying(entry.body, receive)

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        await self.app(scope, receive, noting_send)


async def _read(receive: Receive, entry: Entry) -> bool:
    """Read the whole body first: a handler that refuses early never asks for it. False when the client went away."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return False
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            entry.body = b"".join(chunks)
            return True


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read first, then what really follows."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _announces_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
