"""What reading from a product comes to, whatever it answers."""

from __future__ import annotations

import gzip
import logging
import random
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from duebridge.core.edge.http import Forbidden, HttpFactory, NotFound, Refused
from duebridge.core.edge.limits import WindowLimiter
from duebridge.core.errors import AuthError, ConfigError, DueBridgeError, RunError

TOKEN = "tok-secret-0123456789"


def test_a_path_is_below_base_url_and_carries_the_credentials(edge: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/pennylane/api/customers",
        query_string={"limit": "100", "cursor": "a b&c"},
        headers={"Authorization": f"Bearer {TOKEN}"},
    ).respond_with_json({"items": []})
    http = edge.to(httpserver.url_for("/pennylane"))
    assert http.get("/api/customers", {"limit": 100, "cursor": "a b&c"}) == {"items": []}


def test_gzip_is_asked_for_and_amounts_stay_exact(edge: Any, httpserver: HTTPServer) -> None:
    def handler(request: Request) -> Response:
        assert request.headers["Accept-Encoding"] == "gzip"
        return Response(gzip.compress(b'{"amount": 12.10}'), headers={"Content-Encoding": "gzip"})

    httpserver.expect_request("/x").respond_with_handler(handler)
    assert edge.to(httpserver.url_for("")).get("/x") == {"amount": Decimal("12.10")}


def test_a_next_address_on_the_same_server_is_followed_with_credentials(edge: Any, server: Any) -> None:
    edge.to(f"{server.url}/harvest").get(f"{server.url}/harvest/v2/invoices?page=2&per_page=100")
    assert server.seen[0].target == "/harvest/v2/invoices?page=2&per_page=100"
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "elsewhere", ["other port", "http://127.0.0.1.evil.example/x", "https://127.0.0.1/x", "ftp://x/y"]
)
def test_a_next_address_anywhere_else_gets_nothing(edge: Any, server: Any, other_server: Any, elsewhere: str) -> None:
    with pytest.raises(RunError, match="points to"):
        edge.to(server.url).get(f"{other_server.url}/x" if elsewhere == "other port" else elsewhere)
    assert edge.factory.requests == 0
    assert not other_server.seen


@pytest.mark.parametrize(
    "tricky", ["http://user:pw@{}/x", "http://[half/x", "http:///x", "x/y", "", "http://{}\\@evil/x\n"]
)
def test_an_address_that_is_none_is_refused(edge: Any, server: Any, tricky: str) -> None:
    with pytest.raises(RunError, match="points to"):
        edge.to(server.url).get(tricky.format(f"127.0.0.1:{server.port}"))
    assert not server.seen


@pytest.mark.parametrize(
    "address", ["", "app.pennylane.com", "ftp://x", "http://", "http://u:p@x", "http://x?key=1", "http://[x"]
)
def test_a_base_url_that_is_none_is_a_matter_of_configuration(edge: Any, address: str) -> None:
    with pytest.raises(ConfigError, match="base_url of Pennylane"):
        edge.to(address)


def test_headers_are_asked_for_before_every_attempt(edge: Any, server: Any) -> None:
    server.plays(server.reply(503), server.reply(503), server.reply())
    tokens = iter(["first-token", "second-token", "third-token"])
    edge.to(server.url, headers=lambda: {"Authorization": next(tokens)}).get("/x")
    assert [seen.headers["authorization"] for seen in server.seen] == ["first-token", "second-token", "third-token"]


def test_a_connector_may_replace_a_header_of_ours(edge: Any, server: Any) -> None:
    edge.to(server.url, headers=lambda: {"User-Agent": "DueBridge (a@b.fr)"}).get("/x")
    assert server.seen[0].headers["user-agent"] == "DueBridge (a@b.fr)"


def test_connections_are_kept_alive(edge: Any, server: Any) -> None:
    http = edge.to(server.url)
    for _ in range(5):
        http.get("/x")
    assert server.connections == 1


def test_threads_share_one_http(edge: Any, server: Any) -> None:
    http = edge.to(server.url)
    threads = [threading.Thread(target=lambda: [http.get("/x") for _ in range(20)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert edge.factory.requests == len(server.seen) == 120
    assert server.connections <= 6


def test_no_cookie_comes_back(edge: Any, server: Any) -> None:
    server.plays(server.reply(set_cookie="session=1; Path=/"))
    http = edge.to(server.url)
    http.get("/x")
    http.get("/x")
    assert "cookie" not in server.seen[1].headers


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_a_broken_server_is_asked_again_with_growing_pauses(edge: Any, server: Any, status: int) -> None:
    server.plays(*[server.reply(status)] * 4, server.reply(body=b"[1]"))
    assert edge.to(server.url).get("/x") == [1]
    assert edge.waits == [1, 2, 4, 8]
    assert edge.factory.requests == 5


def test_a_server_that_stays_broken_ends_the_run(edge: Any, server: Any) -> None:
    server.plays(server.reply(503, b'{"message": "maintenance"}'))
    with pytest.raises(RunError, match=r"Pennylane: it answered 503: maintenance \(GET /x on 127.0.0.1:\d+\)"):
        edge.to(server.url).get("/x")
    assert edge.waits == [1, 2, 4, 8, 8]
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "Sun, 01 Mar 2026 12:01:00 GMT"}, 60.0),
        ({"ratelimit_reset": "1772366403"}, 3.0),
        ({"ratelimit_reset": "4"}, 4.0),
        ({}, 1.0),
    ],
)
def test_too_many_requests_waits_as_long_as_the_product_asks(
    edge: Any, server: Any, headers: dict[str, str], wait: float
) -> None:
    server.plays(server.reply(429, b"Rate limit exceeded. Please retry.", **headers), server.reply())
    http = HttpFactory(sleep=edge.waits.append, clock=lambda: 1772366400.0)(
        server.url, product="Pennylane", headers=dict, limiter=DeafLimiter()
    )
    http.get("/x")
    http.close()
    assert edge.waits == [wait]


class DeafLimiter:
    """Lets everything go, so that the wait measured is the edge's own."""

    def acquire(self, stopping: threading.Event) -> None:
        """Go."""

    def observe(self, status: int, headers: object) -> None:
        """Whatever."""


def test_a_server_error_with_a_rate_limit_header_backs_off_as_usual(edge: Any, server: Any) -> None:
    server.plays(server.reply(500, ratelimit_reset="1772366500"), server.reply())
    edge.to(server.url).get("/x")
    assert edge.waits == [1]


def test_a_wait_beyond_two_minutes_ends_the_run_and_says_when_to_come_back(edge: Any, server: Any) -> None:
    server.plays(server.reply(503, retry_after="3600"))
    with pytest.raises(RunError, match="no more requests until 2026-03-01 13:00:00 UTC"):
        edge.to(server.url).get("/x")
    assert len(server.seen) == 1


def test_a_stop_ends_the_waiting(edge: Any, server: Any) -> None:
    server.plays(server.reply(503))
    edge.stopping.set()
    with pytest.raises(RunError, match="stopped"):
        edge.to(server.url).get("/x")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, AuthError, "does not accept our credentials"),
        (403, Forbidden, "does not permit this"),
        (404, NotFound, "has nothing there"),
        (410, NotFound, "has nothing there"),
        (400, Refused, "refused this"),
        (409, Refused, "refused this"),
        (422, Refused, "refused this"),
    ],
)
def test_what_the_product_will_not_do_is_never_asked_again(
    edge: Any, server: Any, status: int, error: type[Exception], says: str
) -> None:
    server.plays(server.reply(status, b'{"error": "requires scope \\"x:readonly\\"", "status": 1}'))
    with pytest.raises(error, match=says) as caught:
        edge.to(server.url).get("/x/1?token=hidden-in-query", {"filter": "also-hidden"})
    message = str(caught.value)
    assert len(server.seen) == 1
    assert 'requires scope "x:readonly"' in message
    assert f"GET /x/1 on 127.0.0.1:{server.port} answered {status}" in message
    assert "hidden" not in message
    assert getattr(caught.value, "status", status) == status


def test_a_refusal_keeps_the_whole_answer_for_the_connector(edge: Any, server: Any) -> None:
    server.plays(server.reply(409, b'{"error": "exists", "id": 7}', x_request_id="r1"))
    with pytest.raises(Refused) as caught:
        edge.to(server.url).get("/x")
    assert caught.value.answer.json() == {"error": "exists", "id": 7}
    assert caught.value.answer.headers["x-request-id"] == "r1"
    assert caught.value.text == "exists"


def test_a_connector_explains_its_products_errors(edge: Any, server: Any) -> None:
    server.plays(server.reply(400, b'{"errors": ["email is taken"]}'))
    with pytest.raises(Refused, match="email is taken"):
        edge.to(server.url, explain=lambda answer: answer.json()["errors"][0]).get("/x")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!doctype html><title>Sign in</title>", "a web page instead of JSON"),
        (b'{"items": [1, 2', "damaged or ends early"),
        (b'{"amount": NaN}', "NaN"),
        (b'{"id": ' + b"9" * 50 + b"}", "40 digits"),
        (b"", "nothing"),
    ],
)
def test_an_answer_without_sense_is_asked_for_twice_more(edge: Any, server: Any, body: bytes, says: str) -> None:
    server.plays(server.reply(200, body))
    with pytest.raises(RunError, match=f"it answered 200 with.*{says}"):
        edge.to(server.url).get("/x")
    assert len(server.seen) == 3


def test_an_answer_that_makes_sense_the_second_time_is_taken(edge: Any, server: Any) -> None:
    server.plays(server.reply(200, b"<html>"), server.reply(204, b""), server.reply(200, b"[]"))
    assert edge.to(server.url).get("/x") == []


def test_an_answer_cut_short_is_asked_for_again(edge: Any, server: Any) -> None:
    server.plays(lambda sock: sock.sendall(server.reply(200, b'{"items": []}')[:-3]), server.reply(200, b"[]"))
    assert edge.to(server.url).get("/x") == []
    assert edge.waits == [1]


def test_chunks_cut_short_are_asked_for_again(edge: Any, server: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    server.plays(
        lambda sock: sock.sendall(head + b"2\r\n{}\r\n"), lambda sock: sock.sendall(head + b"2\r\n{}\r\n0\r\n\r\n")
    )
    assert edge.to(server.url).get("/x") == {}


def test_something_that_is_not_http_ends_the_run(edge: Any, server: Any) -> None:
    server.plays(lambda sock: sock.sendall(b"220 mail.example.com ESMTP\r\n"))
    with pytest.raises(RunError, match="not HTTP"):
        edge.to(server.url, retries=1).get("/x")


def test_a_host_that_cannot_be_reached_is_named_with_its_port(edge: Any, server: Any) -> None:
    server.close()
    with pytest.raises(RunError, match=rf"cannot reach 127.0.0.1 port {server.port} \(.*refused"):
        edge.to(server.url).get("/x")
    assert edge.waits == [1, 2, 4, 8, 8]


def test_a_host_without_an_address_is_named(edge: Any) -> None:
    with pytest.raises(RunError, match=r"cannot reach nowhere\.invalid port 443"):
        edge.to("https://nowhere.invalid", retries=1).get("/x")


@pytest.mark.parametrize("token", ["line\nbreak-secret", "é-secret", "nul\0-secret"])
def test_credentials_that_http_cannot_carry_are_not_shown(edge: Any, server: Any, token: str) -> None:
    with pytest.raises(ConfigError, match="characters that HTTP can't carry") as caught:
        edge.to(server.url, headers=lambda: {"Authorization": f"Bearer {token}"}).get("/x")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_request_is_observed_once_whatever_happens(edge: Any, server: Any) -> None:
    limiter = WindowLimiter(1, 0.01)

    def fail() -> dict[str, str]:
        raise AuthError("reconnect")

    broken = edge.factory(server.url, product="P", headers=fail, limiter=limiter)
    with pytest.raises(AuthError, match="reconnect"):
        broken.get("/x")
    broken.close()
    server.plays(lambda sock: sock.shutdown(socket.SHUT_RDWR), server.reply())
    http = edge.factory(server.url, product="P", headers=dict, limiter=limiter)
    http.get("/x")
    http.close()
    assert len(server.seen) == 2


def test_a_page_read_in_bulk_may_take_a_shape_of_its_own(edge: Any, server: Any) -> None:
    http = edge.to(server.url)
    assert http.get("/x", shape=lambda body: [body]) == [b"{}"]
    assert http.get("/x", shape=lambda _: None) == {}


#: What servers, and those between, have been seen to say, in no order.
SCRAPS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 301 M\r\nlocation: \xff\r\n",
    b"HTTP/1.1 302 F\r\nlocation: javascript:x\r\n",
    b"HTTP/1.1 429 F\r\nratelimit-reset: 1e5\r\nretry-after: Mon, 99 Foo\r\n",
    b"HTTP/1.1 101 S\r\n",
    b"HTTP/1.1 999 S\r\n",
    b"HTTP/1.0 204 N\r\n",
    b"content-length: 5\r\n",
    b"content-length: -1\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-encoding: gzip\r\n",
    b"set-cookie: a=b; Domain=\xfe\r\n",
    b"retry-after: \xb2\r\n",
    b"location: //[::\r\n",
    b"\r\n",
    b"5\r\n{}   \r\n",
    b"0\r\n\r\n",
    b"\x1f\x8b\x08",
    b"{}",
]


def test_whatever_a_server_sends_only_our_own_errors_come_out(edge: Any, server: Any) -> None:
    chance = random.Random(20260301)  # noqa: S311 - the same scraps in every run
    http = edge.to(server.url, retries=0)
    for _ in range(500):
        said = chance.choice(SCRAPS[:5]) + b"".join(chance.choices(SCRAPS, k=chance.randint(0, 6)))
        server.plays(lambda sock, said=said: sock.sendall(said))
        with suppress(DueBridgeError):
            http.get("/x")
        with suppress(DueBridgeError):
            http.write("POST", "/x", {}, safety="create_once")


def test_neither_query_nor_credentials_are_logged(edge: Any, server: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    edge.to(server.url).get("/x", {"key": "hidden"})
    assert "hidden" not in caplog.text
    assert TOKEN not in caplog.text


def test_the_products_own_clock_is_known_from_its_latest_answer(edge: Any, server: Any) -> None:
    http = edge.to(server.url)
    assert http.told_time is None
    server.plays(server.reply(200, date="Sun, 01 Mar 2026 12:00:05 GMT"))
    http.get("/x")
    assert http.told_time == datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("told", ["", "soon", "Sun, 01 Mar 2026 12:00:05 -0000", "Sun, 99 Mar 2026 12:00:05 GMT"])
def test_a_clock_that_tells_no_time_is_no_clock(edge: Any, server: Any, told: str) -> None:
    http = edge.to(server.url)
    server.plays(server.reply(200, date=told))
    http.get("/x")
    assert http.told_time is None
