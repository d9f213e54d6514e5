"""A Pennylane source pointed at a local server, and what a run of it brings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from duebridge.core.api import Json, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.plugins.pennylane.settings import PennylaneSettings
from duebridge.plugins.pennylane.source import PennylaneSource

API = "/api/external/v2"
#: What the sandbox takes.
TOKEN = "sandbox-pennylane"


class KeptMemory(dict[str, Any]):
    """A connector's memory, for one test."""

    def put(self, key: str, value: Json) -> None:
        """Keep `value`."""
        self[key] = value


class Fake:
    """A server whose answer to each path is a function of the query; it remembers the queries."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.asked: list[tuple[str, dict[str, str]]] = []
        #: Its own, so that a test isn't paced by the requests of another.
        self.token = uuid4().hex

    @property
    def base_url(self) -> str:
        return str(self.server.url_for("")).rstrip("/")

    def serve(self, path: str, answer: Callable[[dict[str, str]], Any]) -> None:
        """Answer GET `path` with JSON, or with a (status, text)."""

        def handle(request: Request) -> Response:
            query = dict(request.args)
            self.asked.append((path, query))
            told = answer(query)
            if isinstance(told, tuple):
                return Response(told[1], status=told[0])
            return Response(json.dumps(told), content_type="application/json")

        self.server.expect_request(API + path, method="GET").respond_with_handler(handle)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Bench:
    """Makes sources for one server; `notes` is what they said, `now` the clock they read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.now = datetime.now(UTC)
        self.opened: list[PennylaneSource] = []

    def source(self, base_url: str, token: str = TOKEN) -> PennylaneSource:
        """A new source, as a new run would build it."""
        services = Services(http=HttpFactory(), memory=KeptMemory(), note=self._note, now=lambda: self.now)
        source = PennylaneSource(PennylaneSettings.model_validate({"token": token, "base_url": base_url}), services)
        self.opened.append(source)
        return source

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Sources are closed after the test."""
    made = Bench()
    yield made
    for source in made.opened:
        source.close()


@pytest.fixture
def fake(httpserver: HTTPServer) -> Fake:
    """A server without any answers yet."""
    return Fake(httpserver)
