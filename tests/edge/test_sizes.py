"""However large an answer claims or turns out to be, memory stays bounded."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from duebridge.core.errors import AnswerTooLarge, RunError, UnknownOutcome

MIB = 2**20


def bomb() -> bytes:
    """Some 190 kB of gzip that inflate to 200 MB of JSON."""
    return gzip.compress(b'{"a": "' + bytes(200_000_000).replace(b"\0", b" ") + b'"}', 6)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
    ],
)
def test_a_huge_answer_is_refused_and_not_asked_for_again(edge: Any, server: Any, head: bytes) -> None:
    def gush(sock: Any) -> None:
        sock.sendall(head)
        while not server.over.is_set():
            sock.sendall(b"1" * 65536)

    server.plays(gush)
    with pytest.raises(AnswerTooLarge, match="more than 1,048,576 bytes"):
        edge.to(server.url).get("/x")
    assert len(server.seen) == 1


def test_a_huge_answer_to_a_write_leaves_its_outcome_unknown(edge: Any, server: Any) -> None:
    server.plays(server.reply(200, b"1" * (MIB + 1)))
    with pytest.raises(UnknownOutcome):
        edge.to(server.url).write("PUT", "/x", {}, safety="upsert")


def test_an_endless_explanation_of_an_error_is_cut(edge: Any, server: Any) -> None:
    def rant(sock: Any) -> None:
        sock.sendall(b"HTTP/1.1 422 No\r\n\r\n")
        while not server.over.is_set():
            sock.sendall(b"because " * 1000)

    server.plays(rant)
    with pytest.raises(Exception, match="because because") as caught:
        edge.to(server.url).get("/x")
    assert len(str(caught.value)) < 500


def test_a_gzip_bomb_in_an_error_stays_small(edge: Any, server: Any) -> None:
    server.plays(server.reply(422, gzip.compress(bytes(50_000_000).replace(b"\0", b"x")), content_encoding="gzip"))
    with pytest.raises(Exception, match="xxx") as caught:
        edge.to(server.url).get("/x")
    assert len(caught.value.answer.body) == 64 * 1024  # type: ignore[attr-defined]


def test_a_gzip_bomb_takes_no_more_memory_than_the_limit(server: Any) -> None:
    packed = bomb()
    assert len(packed) < 200_000
    server.plays(server.reply(200, packed, content_encoding="gzip"))
    program = f"""
        import resource
        from duebridge.core.edge.http import HttpFactory
        from duebridge.core.edge.limits import WindowLimiter
        from duebridge.core.errors import RunError

        http = HttpFactory()("{server.url}", product="P", headers=dict, limiter=WindowLimiter(), max_bytes=8 * 2**20)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            http.get("/x")
        except RunError as refused:
            print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, refused)
        http.close()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our program
    grown, _, message = ran.stdout.partition(" ")
    assert "more than 8,388,608 bytes" in message
    assert int(grown) < 20


def test_json_may_hold_sixteen_megabytes_the_answer_to_a_write_one_and_a_file_what_it_is_allowed(
    edge: Any, server: Any
) -> None:
    http = edge.to(server.url, max_bytes=64 * MIB)
    server.plays(server.reply(200, b'"%s"' % (b"x" * 2 * MIB)))
    assert len(http.get("/x")) == 2 * MIB
    with pytest.raises(UnknownOutcome, match="more than 1,048,576 bytes"):
        http.write("PUT", "/x", {}, safety="upsert")
    server.plays(server.reply(200, b'"%s"' % (b"x" * 17 * MIB)))
    with pytest.raises(RunError, match="more than 16,777,216 bytes"):
        http.get("/x")
    assert len(http.download("/x")) == 17 * MIB + 2


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1", b"0.1", b'""', b"[[[[[]]]]]"])
def test_json_of_more_values_than_any_page_has_is_refused_unparsed(edge: Any, server: Any, value: bytes) -> None:
    server.plays(server.reply(200, b"[%s]" % b",".join([value] * (6 * MIB // len(value)))))
    looked_at: list[bytes] = []
    with pytest.raises(RunError, match="more than 500,000 values"):
        edge.to(server.url, max_bytes=64 * MIB).get("/x", shape=looked_at.append)
    assert looked_at == []
    assert len(server.seen) == 1


def test_a_large_page_of_a_list_is_read(edge: Any, server: Any) -> None:
    row = {f"field_{number}": f"value {number}, and more" for number in range(60)}
    rows = [{**row, "lines": [row] * 20} for _ in range(100)]
    server.plays(server.reply(200, json.dumps(rows).encode()))
    assert edge.to(server.url, max_bytes=64 * MIB).get("/x") == rows
