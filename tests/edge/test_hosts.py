"""Credentials go to the product's own server alone, and nobody sends us elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.edge.http import Refused
from duebridge.core.errors import AuthError, RecordError, RunError

PDF = b"%PDF-1.7\n\0\xff"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_host_is_named(
    edge: Any, server: Any, other_server: Any, status: int
) -> None:
    server.plays(server.reply(status, location=f"http://user@127.0.0.1:{other_server.port}/y?token=hidden"))
    with pytest.raises(RunError, match=f"sends us on to 127.0.0.1:{other_server.port} ") as caught:
        edge.to(server.url).get("/x")
    assert "hidden" not in str(caught.value)
    assert not other_server.seen
    assert len(server.seen) == 1


def test_a_redirect_on_the_same_host_is_not_followed_either(edge: Any, server: Any) -> None:
    server.plays(server.reply(302, location="/login"))
    with pytest.raises(RunError, match="sends us on to another path"):
        edge.to(server.url).get("/x")
    assert len(server.seen) == 1


@pytest.mark.parametrize("location", ["http://[half", "http://x:99999/", "javascript:x", "\u00ff"])
def test_a_redirect_to_nonsense_is_not_followed(edge: Any, server: Any, location: str) -> None:
    server.plays(server.reply(302, location=location))
    with pytest.raises(RunError, match="sends us on"):
        edge.to(server.url).get("/x")


def test_a_write_sent_elsewhere_is_not_sent_on(edge: Any, server: Any, other_server: Any) -> None:
    server.plays(server.reply(307, location=other_server.url))
    with pytest.raises(RunError, match="sends us on"):
        edge.to(server.url).write("POST", "/x", {}, safety="upsert")
    assert not other_server.seen


def test_a_file_of_the_product_is_fetched_with_credentials(edge: Any, server: Any) -> None:
    server.plays(server.reply(200, PDF, content_type="application/pdf"))
    assert edge.to(f"{server.url}/harvest").download("/client/invoices/k.pdf") == PDF
    assert server.seen[0].target == "/harvest/client/invoices/k.pdf"
    assert "authorization" in server.seen[0].headers


def test_a_file_elsewhere_is_fetched_without(edge: Any, server: Any, other_server: Any) -> None:
    other_server.plays(other_server.reply(200, PDF))
    http = edge.to(server.url, headers=lambda: {"Authorization": "Bearer t", "X-Api-Key": "k"})
    assert http.download(f"{other_server.url}/file?signature=abc") == PDF
    sent = other_server.seen[0].headers
    assert sorted(sent) == ["accept", "accept-encoding", "host", "user-agent"]


def test_the_same_host_on_another_port_is_elsewhere(edge: Any, server: Any, other_server: Any) -> None:
    edge.to(server.url).download(f"http://localhost:{server.port}/file")
    assert "authorization" not in server.seen[0].headers


def test_a_file_elsewhere_must_be_encrypted_when_the_product_is(edge: Any, other_server: Any) -> None:
    with pytest.raises(RunError, match="without https"):
        edge.to("https://app.pennylane.com").download(f"{other_server.url}/file")
    assert not other_server.seen


@pytest.mark.parametrize("status", [401, 403])
def test_a_file_refused_elsewhere_is_not_about_our_credentials(
    edge: Any, server: Any, other_server: Any, status: int
) -> None:
    other_server.plays(other_server.reply(status, b"<Error><Message>Request has expired</Message></Error>"))
    with pytest.raises(Refused, match="Request has expired"):
        edge.to(server.url).download(f"{other_server.url}/file")


def test_a_file_refused_to_our_credentials_is(edge: Any, server: Any) -> None:
    server.plays(server.reply(401))
    with pytest.raises(AuthError):
        edge.to(server.url).download("/file")


def test_an_address_of_a_file_is_not_shown(edge: Any, server: Any) -> None:
    server.plays(server.reply(404))
    with pytest.raises(Refused) as caught:
        edge.to(server.url).download("/client/invoices/hidden-key.pdf?x=hidden")
    assert "hidden" not in str(caught.value)
    assert f"GET a file on 127.0.0.1:{server.port}" in str(caught.value)


def test_an_empty_file_is_empty(edge: Any, server: Any) -> None:
    server.plays(server.reply(200, b""))
    assert edge.to(server.url).download("/file") == b""


def test_files_elsewhere_do_not_use_up_the_products_allowance(edge: Any, server: Any, other_server: Any) -> None:
    taken: list[object] = []

    class Counting:
        """Counts."""

        def acquire(self, stopping: object) -> None:
            """Note it."""
            taken.append(stopping)

        def observe(self, status: int, headers: object) -> None:
            """Ignore it."""

    http = edge.factory(server.url, product="P", headers=dict, limiter=Counting())
    http.download(f"{other_server.url}/file")
    assert taken == []
    http.download("/file")
    assert len(taken) == 1
    http.close()


def test_no_credentials_go_to_a_public_address_even_of_the_product(edge: Any, server: Any) -> None:
    server.plays(server.reply(200, PDF))
    assert edge.to(server.url).download_public(f"{server.url}/public/k?key=abc") == PDF
    assert server.seen[0].target == "/public/k?key=abc"
    assert "authorization" not in server.seen[0].headers


def test_a_public_address_sends_on_to_where_the_file_is_kept(edge: Any, server: Any, other_server: Any) -> None:
    server.plays(server.reply(302, location="/moved"), server.reply(302, location=f"{other_server.url}/kept?key=abc"))
    other_server.plays(other_server.reply(200, PDF))
    assert edge.to(server.url).download_public(f"{server.url}/public") == PDF
    assert [request.target for request in server.seen] == ["/public", "/moved"]
    assert other_server.seen[0].target == "/kept?key=abc"
    assert "authorization" not in other_server.seen[0].headers


def test_a_public_address_that_sends_round_and_round_is_given_up(edge: Any, server: Any) -> None:
    server.plays(server.reply(302, location="/public?key=hidden"))
    with pytest.raises(RunError, match="from address to address") as caught:
        edge.to(server.url).download_public(f"{server.url}/public")
    assert len(server.seen) == 4
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("location", ["http://[half", "javascript:x", "ftp://x/hidden"])
def test_a_public_address_that_sends_on_to_nonsense_is_given_up(edge: Any, server: Any, location: str) -> None:
    server.plays(server.reply(302, location=location))
    with pytest.raises(RunError, match="isn't a") as caught:
        edge.to(server.url).download_public(f"{server.url}/public")
    assert "hidden" not in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_a_public_address_answers_is_neither_repeated_nor_about_our_credentials(
    edge: Any, server: Any, status: int
) -> None:
    server.plays(server.reply(status, b"<Error>/public?key=hidden has expired</Error>"))
    with pytest.raises(Refused) as caught:
        edge.to(server.url).download_public(f"{server.url}/public?key=hidden")
    assert caught.value.status == status
    assert "hidden" not in str(caught.value)
    assert f"GET a file on 127.0.0.1:{server.port}" in str(caught.value)


def test_a_public_address_that_breaks_is_not_repeated_in_what_is_said(edge: Any, server: Any) -> None:
    server.plays(server.reply(500, b"no file for hidden"))
    with pytest.raises(RunError, match="answered 500") as caught:
        edge.to(server.url).download_public(f"{server.url}/public?key=hidden")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("way", ["download", "download_public"])
def test_a_file_that_is_too_large_rejects_its_record(edge: Any, server: Any, way: str) -> None:
    server.plays(server.reply(200, b"x" * (2**20 + 1)))
    with pytest.raises(RecordError, match="larger than 1 MiB"):
        getattr(edge.to(server.url, max_bytes=2**20), way)(f"{server.url}/file")
    assert len(server.seen) == 1
