"""How is each fault done to a request?

`FaultsMiddleware` asks `Faults` about each request the journal noted, and gives the ones that are struck to the way of
their fault. A way gets the product's answer, if the product acts, and does as little as its name says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duebridge.core.sandbox.answers import (
    MANY_BYTES,
    Reply,
    cut_short,
    failure,
    given,
    gzip_bomb,
    huge,
    made_up,
    shortened,
    web_page,
    wired,
)
from duebridge.core.sandbox.faults import Fault, Faults, Kind
from duebridge.core.sandbox.journal import ENTRY, Entry
from duebridge.core.sandbox.wire import Wire, wire_of

#: Seconds between two bytes of a drip unless told.
DRIP_SECONDS = 0.5


class FaultsMiddleware:
    """Stands inside the journal, before all else; plain ASGI, because it is on every request."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        """Let `faults` strike what is on its way to `app`."""
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or strike it."""
        entry: Entry | None = scope.get(ENTRY)
        fault = self.faults.choose(entry.product, entry.method, entry.path, entry.query) if entry else None
        if entry is None or fault is None:
            await self.app(scope, receive, send)
            return
        entry.fault = fault.fault
        wire = wire_of(scope)
        wire.striking = True
        try:
            answer = await self._act(scope, receive, entry) if fault.acts else None
            await WAYS[fault.fault](Struck(fault, entry, wire, receive, send, answer))
        finally:
            wire.striking = False

    async def _act(self, scope: Scope, receive: Receive, entry: Entry) -> Reply:
        """Let the product act and keep its answer."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        entry.acted = messages[0]["status"]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        headers = [(bytes(name).lower(), bytes(value)) for name, value in messages[0].get("headers", [])]
        return Reply(messages[0]["status"], headers, body)


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that is struck; `answer` is the product's, None when it doesn't act."""

    fault: Fault
    entry: Entry
    wire: Wire
    receive: Receive
    send: Send
    answer: Reply | None

    @property
    def body_bearing(self) -> Reply:
        """An answer there is something to take from."""
        return self.answer if self.answer and self.answer.body else made_up()

    async def left(self) -> None:
        """Return once the connection is no more."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer."""
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def give(self, body: bytes, *, more: bool = False) -> None:
        """Send a piece of the body."""
        await self.send({"type": "http.response.body", "body": body, "more_body": more})


async def _lose_answer(struck: Struck) -> None:
    struck.wire.hang_up()
    await struck.left()


async def _reset(struck: Struck) -> None:
    struck.wire.reset()
    await struck.left()


async def _hang(struck: Struck) -> None:
    await struck.left()


async def _drip(struck: Struck) -> None:
    """One byte now and then until the answer is complete or nobody listens."""
    head, body = wired(struck.body_bearing)
    left = asyncio.ensure_future(struck.left())
    try:
        if struck.fault.at == "head":
            await _drip_bytes(struck, head, left)
        else:
            struck.wire.write(head)
        struck.entry.status = None if left.done() else struck.body_bearing.status
        await _drip_bytes(struck, body, left)
        struck.wire.hang_up()
        await left
    finally:
        left.cancel()


async def _drip_bytes(struck: Struck, data: bytes, left: asyncio.Future[None]) -> None:
    seconds = DRIP_SECONDS if struck.fault.seconds is None else struck.fault.seconds
    for place in range(len(data)):
        if left.done():
            return
        struck.wire.write(data[place : place + 1])
        await asyncio.wait([left], timeout=seconds)


async def _cut(struck: Struck) -> None:
    """Part of the body, then closed; or part of the head, then closed in our direction alone."""
    whole, after = struck.body_bearing, struck.fault.after_bytes
    if struck.fault.at == "head":
        head, _ = wired(whole)
        struck.wire.write(shortened(head, after))
        struck.wire.finish()
    else:
        await struck.start(whole.status, whole.headers)
        await struck.give(shortened(whole.body, after), more=True)
        struck.wire.hang_up()
    await struck.left()


async def _send(struck: Struck, reply: Reply) -> None:
    await struck.start(reply.status, reply.headers)
    await struck.give(reply.body)


async def _stream(struck: Struck, pieces: Iterator[bytes], *headers: tuple[bytes, bytes]) -> None:
    """Send `pieces` as fast as they are taken, holding one at a time."""
    await struck.start(struck.fault.status or 200, [(b"content-type", b"application/json"), *headers])
    for piece in pieces:
        if struck.wire.closing:
            await struck.left()
            return
        await struck.give(piece, more=True)
        await asyncio.sleep(0)  # sending doesn't wait while the other side keeps up, and others want their turn
    await struck.give(b"")


def _most(struck: Struck) -> int:
    return struck.fault.bytes or MANY_BYTES


WAYS: Mapping[Kind, Callable[[Struck], Awaitable[None]]] = {
    "lost_answer": _lose_answer,
    "reset": _reset,
    "hang": _hang,
    "drip": _drip,
    "cut": _cut,
    "status": lambda struck: _send(struck, failure(struck.fault)),
    "html": lambda struck: _send(struck, web_page(struck.fault)),
    "truncated": lambda struck: _send(struck, cut_short(struck.body_bearing, struck.fault.after_bytes)),
    "huge": lambda struck: _stream(struck, huge(_most(struck))),
    "gzip_bomb": lambda struck: _stream(struck, gzip_bomb(_most(struck)), (b"content-encoding", b"gzip")),
    "answer": lambda struck: _send(struck, given(struck.fault)),
}
