"""A stand-in behind a real local server, and a client that holds its keys."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.targets.upflow.sandbox import UpflowSandbox

KEYS = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}
TODAY = date(2026, 3, 15)


class Server:
    """One uvicorn server in a thread; `url` is what stands before `/v1`."""

    def __init__(self, product: UpflowSandbox) -> None:
        self.product = product
        app = FastAPI()
        app.include_router(product.router(), prefix=f"/{product.name}")
        # named as TCP, or asyncio leaves out TCP_NODELAY and each answer waits 40 ms
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/{product.name}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> Server:
        self._thread.start()  # the socket listens already: early requests wait in its queue
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class Upflow(httpx.Client):
    """A client whose shortcuts make valid objects, a field changed here and there."""

    def send_customer(self, key: str = "c1", /, **changes: Any) -> httpx.Response:
        return self.post("/customers", json={"externalId": key, "name": f"Customer {key}"} | changes)

    def send_invoice(self, key: str = "i1", customer: str = "c1", /, **changes: Any) -> httpx.Response:
        return self.post("/invoices", json=invoice(key, customer) | changes)

    def send_credit_note(self, key: str = "n1", customer: str = "c1", /, **changes: Any) -> httpx.Response:
        return self.post(
            "/credit_notes", json=invoice(key, customer) | {"grossAmount": 4000, "netAmount": 3000} | changes
        )

    def send_payment(self, key: str = "p1", customer: str = "c1", /, **changes: Any) -> httpx.Response:
        return self.post("/payments", json=payment(key, customer) | changes)

    def send_refund(self, key: str = "r1", customer: str = "c1", /, **changes: Any) -> httpx.Response:
        return self.post("/refunds", json=payment(key, customer) | changes)

    def link(self, key: str = "l1", **arrays: dict[str, int]) -> httpx.Response:
        """Reconcile: `link(invoices={"i1": 500}, payments={"p1": 500})`."""
        listed = {
            name: [{"externalId": document, "amountLinked": amount} for document, amount in shares.items()]
            for name, shares in arrays.items()
        }
        return self.post("/reconcile", json={"externalId": key} | listed)

    def shown(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


def invoice(key: str, customer: str) -> dict[str, Any]:
    return {
        "externalId": key,
        "customId": f"F-{key}",
        "issuedAt": "2026-03-01",
        "dueDate": "2026-03-31",
        "currency": "EUR",
        "grossAmount": 12000,
        "netAmount": 10000,
        "customer": {"externalId": customer},
    }


def payment(key: str, customer: str) -> dict[str, Any]:
    return {
        "externalId": key,
        "currency": "EUR",
        "amount": 12000,
        "validatedAt": "2026-03-10",
        "customer": {"externalId": customer},
    }


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(UpflowSandbox(SandboxOptions(limits="off"))) as running:
        yield running


@pytest.fixture
def product(server: Server) -> UpflowSandbox:
    """The stand-in, emptied; today is 2026-03-15, nothing is limited."""
    product = server.product
    product.reset()
    product.today = lambda: TODAY
    product.pause = lambda: asyncio.sleep(0)
    return product


@pytest.fixture(scope="session")
def connection(server: Server) -> Iterator[Upflow]:
    with Upflow(base_url=f"{server.url}/v1", headers=KEYS, timeout=10) as client:
        yield client


@pytest.fixture
def upflow(product: UpflowSandbox, connection: Upflow) -> Upflow:
    return connection


@pytest.fixture
def refused() -> Callable[..., None]:
    """Assert a refusal whose message holds the given words."""

    def check(answer: httpx.Response, status: int, *words: str) -> None:
        assert answer.status_code == status, answer.text
        message = answer.json()["message"]
        for word in words:
            assert word in message, message

    return check


@pytest.fixture
def invoice_body() -> dict[str, Any]:
    """A complete invoice of the customer c1."""
    return invoice("i1", "c1")


@pytest.fixture
def serve() -> type[Server]:
    """Serve a stand-in of the test's own: `with serve(product) as server`."""
    return Server
