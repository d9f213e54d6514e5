"""What a write comes to, by how harmless its repetition is."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.edge.http import File, Form, NotFound, Refused
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome

REPEATABLE = ["upsert", "replace", "delete"]
ALL = [*REPEATABLE, "create_once"]


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def vanish(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_WR)


def cut(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 201 Created\r\ncontent-length: 20\r\n\r\n{")


#: What may happen after the request left: bytes to send, or what to do to the connection.
LOST: dict[str, bytes | Callable[[socket.socket], None]] = {
    "connection reset": reset,
    "half closed": vanish,
    "body cut": cut,
    "408": b"HTTP/1.1 408 T\r\ncontent-length: 0\r\n\r\n",
    "500": b"HTTP/1.1 500 E\r\ncontent-length: 0\r\n\r\n",
    "502": b"HTTP/1.1 502 E\r\ncontent-length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 E\r\ncontent-length: 0\r\n\r\n",
    "504": b"HTTP/1.1 504 E\r\ncontent-length: 0\r\n\r\n",
    "web page": b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
    "half a JSON": b'HTTP/1.1 201 OK\r\ncontent-length: 7\r\n\r\n{"id": ',
}


def test_a_write_is_sent_as_json_and_answers_json(edge: Any, server: Any) -> None:
    server.plays(server.reply(201, b'{"id": "41aa"}'))
    body = {"name": "Café", "amount": Decimal("12.10"), "whole": Decimal("3.00"), "none": None}
    assert edge.to(server.url).write("POST", "/customers", body, safety="create_once") == {"id": "41aa"}
    seen = server.seen[0]
    assert (seen.method, seen.target) == ("POST", "/customers")
    assert seen.headers["content-type"] == "application/json"
    assert seen.body.decode() == '{"name":"Café","amount":12.1,"whole":3,"none":null}'


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_empty_answer_is_none(edge: Any, server: Any, status: int) -> None:
    server.plays(server.reply(status, b""))
    assert edge.to(server.url).write("PUT", "/x", {}, safety="replace") is None


def test_a_write_may_carry_headers_of_its_own(edge: Any, server: Any) -> None:
    edge.to(server.url).write("POST", "/x", {}, safety="upsert", headers={"Idempotency-Key": "k1"})
    assert server.seen[0].headers["idempotency-key"] == "k1"
    assert "authorization" in server.seen[0].headers


def test_a_form_carries_fields_and_files_at_every_attempt(edge: Any, server: Any) -> None:
    server.plays(server.reply(503), server.reply(201, b'{"id": 1}'))
    form = Form({"number": "F-1", "tag": ["a", "b"]}, {"file": File("é.pdf", b"%PDF-1.7\0")})
    edge.to(server.url).write("POST", "/invoices", form, safety="upsert")
    for seen in server.seen:
        assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert seen.body.count(b"%PDF-1.7\0") == 1
        assert seen.body.count(b'name="tag"') == 2
        assert b"application/pdf" in seen.body


def test_a_form_without_files_is_a_form_too_and_its_bytes_can_be_the_same_each_time(edge: Any, server: Any) -> None:
    server.plays(server.reply(503), server.reply(201, b'{"id": 1}'))
    kind = {"content-type": "multipart/form-data; boundary=b0undary"}
    edge.to(server.url).write("POST", "/invoices", Form({"number": "F-1"}, {}), safety="upsert", headers=kind)
    first, again = server.seen
    assert first.body == again.body
    assert first.body == b'--b0undary\r\nContent-Disposition: form-data; name="number"\r\n\r\nF-1\r\n--b0undary--\r\n'


@pytest.mark.parametrize(
    "body",
    [
        {"amount": Decimal("0.1234567890123456789")},
        {"amount": Decimal("NaN")},
        {"amount": float("inf")},
        {"name": "half \ud83d"},
        {"when": object()},
        Form({"name": "half \ud83d"}, {}),
    ],
)
def test_what_json_cannot_hold_exactly_is_not_sent(edge: Any, server: Any, body: object) -> None:
    with pytest.raises(RecordError):
        edge.to(server.url).write("POST", "/x", body, safety="upsert")
    assert not server.seen


@pytest.mark.parametrize("loss", LOST)
def test_a_create_is_never_repeated_once_it_may_have_arrived(edge: Any, server: Any, loss: str) -> None:
    server.plays(LOST[loss])
    with pytest.raises(UnknownOutcome, match=r"Pennylane may or may not have taken this: .*POST /x on"):
        edge.to(server.url).write("POST", "/x", {"a": 1}, safety="create_once")
    assert len(server.seen) == 1
    assert edge.waits == []


@pytest.mark.parametrize("safety", REPEATABLE)
@pytest.mark.parametrize("loss", LOST)
def test_a_harmless_write_is_repeated_until_it_is_answered(edge: Any, server: Any, loss: str, safety: str) -> None:
    server.plays(LOST[loss], LOST[loss], server.reply(200, b'{"id": 1}'))
    assert edge.to(server.url).write("PUT", "/x", {"a": 1}, safety=safety) == {"id": 1}
    assert [json.loads(seen.body) for seen in server.seen] == [{"a": 1}] * 3
    assert edge.waits == [1, 2]


@pytest.mark.parametrize("loss", LOST)
def test_a_harmless_write_never_answered_is_unknown(edge: Any, server: Any, loss: str) -> None:
    server.plays(LOST[loss])
    with pytest.raises(UnknownOutcome):
        edge.to(server.url).write("PUT", "/x", {}, safety="upsert")
    assert len(server.seen) == (3 if loss in ("web page", "half a JSON") else 6)


@pytest.mark.parametrize("safety", ALL)
def test_a_request_that_never_left_is_repeated_whatever_it_was(edge: Any, server: Any, safety: str) -> None:
    server.close()
    with pytest.raises(RunError, match="cannot reach"):
        edge.to(server.url).write("POST", "/x", {}, safety=safety)
    assert edge.waits == [1, 2, 4, 8, 8]


@pytest.mark.parametrize("safety", ALL)
def test_too_many_requests_was_not_processed_so_it_is_repeated(edge: Any, server: Any, safety: str) -> None:
    server.plays(server.reply(429, b"Rate limit exceeded", retry_after="0"), server.reply(201, b'{"id": 1}'))
    assert edge.to(server.url).write("POST", "/x", {}, safety=safety) == {"id": 1}


def test_too_many_requests_for_ever_ends_the_run_without_doubt(edge: Any, server: Any) -> None:
    server.plays(server.reply(429, b"Rate limit exceeded"))
    with pytest.raises(RunError, match="too many requests: Rate limit exceeded"):
        edge.to(server.url).write("POST", "/x", {}, safety="create_once")


def test_doubt_remains_when_the_server_disappears_afterwards(edge: Any, server: Any) -> None:
    def answer_once_and_leave(sock: socket.socket) -> None:
        sock.sendall(server.reply(503))
        server.close()

    server.plays(answer_once_and_leave)
    with pytest.raises(UnknownOutcome, match="cannot reach"):
        edge.to(server.url).write("PUT", "/x", {}, safety="upsert")


def test_doubt_remains_when_the_run_is_stopped_or_told_to_come_back_later(edge: Any, server: Any) -> None:
    server.plays(server.reply(503, retry_after="9999"))
    with pytest.raises(UnknownOutcome, match="503"):
        edge.to(server.url).write("PUT", "/x", {}, safety="upsert")
    edge.stopping.set()
    server.plays(server.reply(500))
    with pytest.raises(UnknownOutcome, match="500"):
        edge.to(server.url).write("PUT", "/x", {}, safety="upsert")


@pytest.mark.parametrize("status", [404, 410])
def test_deleting_what_is_gone_is_done(edge: Any, server: Any, status: int) -> None:
    server.plays(server.reply(status, b'{"error": "Not Found"}'))
    assert edge.to(server.url).write("DELETE", "/x/1", safety="delete") is None


def test_updating_what_is_gone_is_not(edge: Any, server: Any) -> None:
    server.plays(server.reply(404, b'{"error": "Not Found"}'))
    with pytest.raises(NotFound):
        edge.to(server.url).write("PUT", "/x/1", {}, safety="replace")


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refused_write_is_not_repeated(edge: Any, server: Any, status: int) -> None:
    server.plays(server.reply(status, b'{"message": "email is taken"}'))
    with pytest.raises(Refused, match="email is taken; correct the record at its source"):
        edge.to(server.url).write("POST", "/x", {}, safety="upsert")
    assert len(server.seen) == 1


def test_credentials_refused_in_a_write_pause_the_connection(edge: Any, server: Any) -> None:
    server.plays(server.reply(401, b'{"error": "The access token is invalid"}'))
    with pytest.raises(AuthError, match="The access token is invalid"):
        edge.to(server.url).write("POST", "/x", {}, safety="create_once")


def test_a_write_goes_to_the_products_own_server_alone(edge: Any, server: Any, other_server: Any) -> None:
    with pytest.raises(RunError, match="credentials don't go there"):
        edge.to(server.url).write("POST", f"{other_server.url}/x", {}, safety="upsert")
    assert not other_server.seen


def test_what_was_sent_is_not_in_the_message(edge: Any, server: Any) -> None:
    server.plays(server.reply(500))
    with pytest.raises(UnknownOutcome) as caught:
        edge.to(server.url).write("POST", "/x?key=hidden", {"iban": "hidden"}, safety="create_once")
    assert "hidden" not in str(caught.value)


def test_a_connection_the_server_closed_meanwhile_is_not_used(edge: Any, server: Any) -> None:
    closed = threading.Event()

    def answer_and_close(sock: socket.socket) -> None:
        sock.sendall(server.reply(201))
        sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    server.plays(answer_and_close, answer_and_close)
    http = edge.to(server.url)
    for _ in range(5):
        closed.clear()
        assert http.write("POST", "/x", {}, safety="create_once") == {}
        assert closed.wait(5)
    assert server.connections == 5
