"""How is the sandbox served: in a thread for tests, or until interrupted for the command line?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from duebridge.core.errors import ConfigError, RunError
from duebridge.core.sandbox.product import ProductSandbox
from duebridge.core.sandbox.server import Wrapper, create_app
from duebridge.core.sandbox.wire import WiredProtocol

HOST = "127.0.0.1"
#: Ten times what seeding and binding take on a slow machine.
START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that answers. `url` has no trailing slash; a product's base is `url + "/" + name`."""

    url: str
    port: int
    products: tuple[ProductSandbox, ...]

    def base(self, product: str) -> str:
        """What stands before `product`'s own paths."""
        return f"{self.url}/{product}"


class _Server(uvicorn.Server):
    """Tells when it is ready, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


@contextmanager
def running_sandbox(
    products: Sequence[ProductSandbox], port: int = 0, *, inside: Sequence[Wrapper] = ()
) -> Iterator[RunningSandbox]:
    """Serve `products` from a thread on 127.0.0.1 (`port` 0: a free one) until the block ends.

    Raises `ConfigError` when the port is taken, `RunError` when the server does not come up.
    """
    listener = _bound(port)
    server = _Server(_config(products, inside))
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(START_SECONDS) or not server.started:
            raise RunError("the sandbox server did not start; run `duebridge sandbox` to see why")
        bound: int = listener.getsockname()[1]
        yield RunningSandbox(f"http://{HOST}:{bound}", bound, tuple(products))
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()


def serve_forever(products: Sequence[ProductSandbox], port: int, *, inside: Sequence[Wrapper] = ()) -> None:
    """Serve `products` on 127.0.0.1:`port` until interrupted. Raises `ConfigError` when the port is taken."""
    listener = _bound(port)
    # uvicorn stops cleanly at the first interrupt, then raises it again for its caller
    with closing(listener), suppress(KeyboardInterrupt):
        uvicorn.Server(_config(products, inside)).run([listener])


def _config(products: Sequence[ProductSandbox], inside: Sequence[Wrapper]) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(products, inside=inside),
        access_log=False,
        date_header=False,  # a stand-in whose clock a test moves tells its own time
        http=WiredProtocol,
        lifespan="off",
        log_config=None,  # the process that serves decides about logging
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
        ws="none",
    )


def _bound(port: int) -> socket.socket:
    """A listening socket: bound here, so that a free port is known before the thread starts."""
    # named as TCP, or asyncio leaves out TCP_NODELAY and each answer waits 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(f"port {port} on {HOST} can't be used ({error}); choose another with --port") from error
    listener.listen(256)
    return listener
