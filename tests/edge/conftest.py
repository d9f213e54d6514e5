"""A server that does exactly what a test says, and an edge whose waits take no time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from duebridge.core.edge.http import Answer, Http, HttpFactory
from duebridge.core.edge.limits import WindowLimiter

TOKEN = "tok-secret-0123456789"
#: A fixed instant for the edge's clock: 2026-03-01 12:00:00 UTC.
NOON = 1772366400.0


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Step = bytes | Callable[[socket.socket], None]


@dataclass
class ScriptedServer:
    """Plays `steps` one request at a time, the last one for ever: bytes are sent, functions get the socket."""

    steps: list[Step] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    #: When each request had arrived, monotonic seconds.
    times: list[float] = field(default_factory=list)
    #: Set at the end of the test; steps that hang wait on it.
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Listen."""
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
        """A whole response; underscores in header names become dashes."""
        head = {"content-type": "application/json", "content-length": str(len(body))}
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body

    def plays(self, *steps: Step) -> None:
        """Answer with `steps` from now on."""
        self.steps = list(steps)

    def close(self) -> None:
        """Hang up on everyone."""
        self.over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # a blocked accept() would keep the port open
        self._listening.close()
        for sock in self._open:
            sock.close()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        try:
            with sock, sock.makefile("rb") as incoming:
                while request := _request(incoming):
                    with self._lock:
                        self.seen.append(request)
                        self.times.append(time.monotonic())
                        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
                    if callable(step):
                        step(sock)
                        return
                    sock.sendall(step)
        except (OSError, ValueError):
            return  # the other side left, which is what many tests are about


def _request(incoming: object) -> Seen | None:
    line = incoming.readline().decode().split()  # type: ignore[attr-defined]
    if len(line) < 2:
        return None
    headers = {}
    while (text := incoming.readline().decode().strip()) != "":  # type: ignore[attr-defined]
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Seen(line[0], line[1], headers, body)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A scripted server, answering `{}` until told otherwise."""
    scripted = ScriptedServer([ScriptedServer.reply()])
    yield scripted
    scripted.close()


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    """A second one, to be another host."""
    scripted = ScriptedServer([ScriptedServer.reply()])
    yield scripted
    scripted.close()


@dataclass
class Edge:
    """Makes `Http`s whose waits are only written down."""

    waits: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    opened: list[Http] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Count from zero."""
        self.factory = HttpFactory(sleep=self.waits.append, clock=lambda: NOON, stopping=self.stopping)

    def to(
        self,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]] = lambda: {"Authorization": f"Bearer {TOKEN}"},
        explain: Callable[[Answer], str] | None = None,
        deadline: float = 5.0,
        retries: int = 5,
        max_bytes: int = 2**20,
    ) -> Http:
        """An `Http` for `url`."""
        http = self.factory(
            url,
            product="Pennylane",
            headers=headers,
            limiter=WindowLimiter(10_000, 0.01),
            deadline=deadline,
            retries=retries,
            max_bytes=max_bytes,
            explain=explain,
        )
        self.opened.append(http)
        return http


@pytest.fixture
def edge() -> Iterator[Edge]:
    """An edge whose clock stands at `NOON`."""
    made = Edge()
    yield made
    for http in made.opened:
        http.close()
