"""Nothing is sent once the right to send has passed, however the attempt had begun."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import httpcore
import pytest

from duebridge.core.edge import deadline
from duebridge.core.edge.http import HttpFactory
from duebridge.core.elapsed import elapsed
from duebridge.core.errors import RunError, UnknownOutcome


@pytest.fixture
def until(edge: Any) -> list[float]:
    """The instant until which `edge` may send, in a list so that it can be moved."""
    held = [elapsed() + 60]
    edge.factory = HttpFactory(sleep=edge.waits.append, stopping=edge.stopping, until=lambda: held[0])
    return held


def test_while_it_lasts_requests_go_out(edge: Any, server: Any, until: list[float]) -> None:
    assert edge.to(server.url).get("/x") == {}
    until[0] += 60
    assert edge.to(server.url).get("/x") == {}


def test_once_it_has_passed_nobody_is_even_called(edge: Any, server: Any, until: list[float]) -> None:
    http = edge.to(server.url)
    until[0] = elapsed()
    for ask in (lambda: http.get("/x"), lambda: http.write("POST", "/x", {}, safety="upsert")):
        with pytest.raises(RunError, match="Pennylane was not asked: this run was held up for longer than its lease"):
            ask()
    assert (server.connections, server.seen) == (0, [])


def test_a_pause_while_credentials_are_made_leaves_the_request_unsent(
    edge: Any, server: Any, until: list[float]
) -> None:
    def headers() -> Mapping[str, str]:
        until[0] = elapsed()
        return {}

    with pytest.raises(RunError, match="was not asked"):
        edge.to(server.url, headers=headers).write("POST", "/x", {}, safety="create_once")
    assert server.seen == []


def test_an_attempt_ends_with_it_and_is_not_repeated(edge: Any, server: Any, until: list[float]) -> None:
    server.plays(lambda _: server.over.wait(20))
    until[0] = elapsed() + 0.4
    began = time.monotonic()
    with pytest.raises(UnknownOutcome, match="did not answer in time"):
        edge.to(server.url).write("POST", "/x", {}, safety="upsert")
    assert 0.3 < time.monotonic() - began < 1.4
    assert len(server.seen) == 1


def test_an_attempt_it_outlasts_ends_by_its_own_deadline(edge: Any, server: Any, until: list[float]) -> None:
    server.plays(lambda _: server.over.wait(20))
    began = time.monotonic()
    with pytest.raises(RunError, match="did not answer in time"):
        edge.to(server.url, deadline=0.4, retries=0).get("/x")
    assert time.monotonic() - began < 1.4


def test_a_write_into_an_open_connection_after_its_instant_sends_no_byte() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        stream = deadline.Stream(ours)
        instant = elapsed() + 0.05
        stream.write(b"the head", instant)
        threading.Event().wait(0.1)
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"the body", instant)
        stream.close()
        assert theirs.recv(100) == b"the head"
        assert theirs.recv(100) == b""
