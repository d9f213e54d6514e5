"""How does the sandbox do to a connection what ASGI has no words for: hang up, reset, send half a head?

`WiredProtocol` is uvicorn's own, and puts a `Wire` into each request's scope. A connection whose request is being
struck is dropped when the server stops, so that nothing waits for it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

WIRE = "duebridge.sandbox.wire"
#: Linger for 0 seconds: closing drops what is unsent and tells the other side by a reset.
_ABRUPTLY = struct.pack("ii", 1, 0)


class Wire:
    """The connection a request came by. `striking` is set while a fault is being done to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.striking = False

    @property
    def closing(self) -> bool:
        """Whether either side has left."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send bytes as they are, past HTTP; the connection must be closed afterwards."""
        if not self.closing:
            self._transport.write(data)

    def finish(self) -> None:
        """Say that nothing follows (FIN), and go on listening."""
        if not self.closing:
            self._transport.write_eof()

    def hang_up(self) -> None:
        """Close, once what was written has gone."""
        self._transport.close()

    def reset(self) -> None:
        """Close by a TCP reset (RST)."""
        if not self.closing:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
            self._transport.abort()

    def drop(self) -> None:
        """Close at once, whatever is unsent."""
        self._transport.abort()


class WiredProtocol(H11Protocol):
    """HTTP/1.1 whose requests can reach the connection they came by."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._app = self.app
        self._wire: Wire | None = None
        self.app = self._wired

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Keep the connection at hand."""
        super().connection_made(transport)
        self._wire = Wire(transport)

    def shutdown(self) -> None:
        """Close when the request under way is answered; now, if it may never be."""
        super().shutdown()
        if self._wire is not None and self._wire.striking:
            self._wire.drop()

    async def _wired(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[WIRE] = self._wire
        await self._app(scope, receive, send)


def wire_of(scope: Scope) -> Wire:
    """The connection a request came by. Raises `RuntimeError` under a server other than the sandbox's own."""
    wire: Wire | None = scope.get(WIRE)
    if wire is None:
        raise RuntimeError("faults are done by the sandbox's own server: use running_sandbox or `duebridge sandbox`")
    return wire
