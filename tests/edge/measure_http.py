"""What does the edge cost beside bare httpx? Run `python tests/edge/measure_http.py [rounds]`; not a test.

Both sides ask the same server (another process, canned answers over kept-alive connections) in turn; medians.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.connection import Connection

import httpx

from duebridge.core.edge.http import HttpFactory
from duebridge.core.edge.limits import WindowLimiter

INVOICE = {
    "label": "Prestation d'été — n° 12",
    "amount": "1230.50",
    "currency": "EUR",
    "exchange_rate": 1.25,
    "customer": {"id": 193957360, "url": "https://app.pennylane.com/api/external/v2/customers/193957360"},
    "invoice_lines": {"url": "https://app.pennylane.com/api/external/v2/customer_invoices/1/invoice_lines"},
    "pdf_description": "y" * 1050,
    "paid": False,
}
PAGE = json.dumps({"items": [{"id": 10**9 + i, **INVOICE} for i in range(125)]}, ensure_ascii=False).encode()
PAYLOAD = {"externalId": "pl-1", "grossAmount": 144000, "currency": "EUR", "customer": {"externalId": "pl-c-1"}}
TAKEN = b'{"id": "41aa", "state": "DUE"}'


def _reply(body: bytes) -> bytes:
    limits = b"ratelimit-remaining: 24\r\nratelimit-reset: 1772366400\r\n"
    return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n" % (limits, len(body)) + body


def _talk(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = b""
    while piece := sock.recv(65536):
        buffer += piece
        if buffer.endswith(b"}") or (buffer.startswith(b"GET") and buffer.endswith(b"\r\n\r\n")):
            sock.sendall(_reply(TAKEN if buffer.startswith(b"POST") else PAGE))
            buffer = b""


def _serve(ready: Connection) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    ready.send(listening.getsockname()[1])
    while True:
        sock, _ = listening.accept()
        threading.Thread(target=_talk, args=(sock,), daemon=True).start()


def _compare(name: str, bare: Callable[[], object], ours: Callable[[], object], rounds: int) -> str:
    taken: dict[Callable[[], object], list[float]] = {bare: [], ours: []}
    for _ in range(rounds):
        for call, times in taken.items():
            started = time.perf_counter()
            call()
            times.append(time.perf_counter() - started)
    one, other = (statistics.median(times[10:]) * 1000 for times in taken.values())
    return f"{name}: bare {one:.3f} ms, ours {other:.3f} ms, added {other - one:+.3f} ms\n"


def main(rounds: int) -> None:
    """Measure, and write the figures."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=_serve, args=(sending,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiving.recv()}"
    token = {"Authorization": "Bearer t"}
    http = HttpFactory()(url, product="P", headers=lambda: token, limiter=WindowLimiter(10**6, 1.0))
    bare = httpx.Client(base_url=url, headers={**token, "Accept-Encoding": "gzip"})
    query = {"limit": "100", "cursor": "a"}
    sys.stdout.write(
        _compare(
            f"get {len(PAGE) // 1000} kB",
            lambda: json.loads(bare.get("/x", params=query).content, parse_float=Decimal),
            lambda: http.get("/x", query),
            rounds,
        )
        + _compare(
            "small POST",
            lambda: json.loads(bare.post("/x", json=PAYLOAD).content),
            lambda: http.write("POST", "/x", PAYLOAD, safety="upsert"),
            rounds,
        )
    )
    http.close()
    bare.close()
    server.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
