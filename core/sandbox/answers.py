"""What do the answers look like that no product would give: error pages, endless bodies, gzip that explodes?"""

from __future__ import annotations

import base64
import json
import math
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from duebridge.core.sandbox.faults import Fault

Headers = list[tuple[bytes, bytes]]

#: What `huge` and `gzip_bomb` hold unless told, once decoded.
MANY_BYTES = 256 * 2**20
_PIECE = 2**20
_OPEN, _CLOSE = b'{"padding":"', b'"}'
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
#: Statuses whose answers have no body (RFC 9110 sections 15.3.5, 15.4.5).
BODILESS = frozenset({204, 304})
_PHRASED = frozenset(int(status) for status in HTTPStatus)

PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Scheduled maintenance</title></head>
<body><h1>We'll be back soon</h1><p>The service is being maintained. Reference: 7f3a-19c2.</p></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is all there; `headers` are lower-case and hold its length."""

    status: int
    headers: Headers
    body: bytes

    def with_body(self, body: bytes) -> Reply:
        """The same with another body, and its length."""
        kept = [(name, value) for name, value in self.headers if name != b"content-length"]
        return Reply(self.status, [*kept, (b"content-length", str(len(body)).encode())], body)


def reply(status: int, body: bytes, content_type: str = "application/json") -> Reply:
    """An answer with a body, or without one where its status has none."""
    if status in BODILESS:
        return Reply(status, [], b"")
    return Reply(status, [(b"content-type", content_type.encode())], b"").with_body(body)


def made_up() -> Reply:
    """Stands in for a product's answer where the product doesn't act, or answers with nothing."""
    items = [{"id": number, "name": f"Object {number}"} for number in range(1, 21)]
    return reply(200, _json({"items": items, "has_more": False, "next_cursor": None}))


def failure(fault: Fault) -> Reply:
    """The status of `fault`, 503 by default, explained in the names that products use for it."""
    status = 503 if fault.status is None else fault.status
    words = _phrase(status) or "Unknown Error"
    told = reply(status, _json({"error": words, "message": words, "status": status}))
    return _with_headers(told, {**(fault.headers or {}), **_retry_after(fault)})


def web_page(fault: Fault) -> Reply:
    """A page for people, where JSON was expected."""
    return _with_headers(reply(fault.status or 200, PAGE, "text/html; charset=utf-8"), dict(fault.headers or {}))


def given(fault: Fault) -> Reply:
    """The answer that `fault` holds word by word; empty when it holds none."""
    body = base64.b64decode(fault.base64) if fault.base64 is not None else (fault.text or "").encode(errors="replace")
    return _with_headers(reply(fault.status or 200, body), dict(fault.headers or {}))


def cut_short(whole: Reply, after: int | None) -> Reply:
    """`whole` with the first `after` bytes of its body, half of them by default, and a length that agrees."""
    return whole.with_body(shortened(whole.body, after))


def shortened(data: bytes, after: int | None) -> bytes:
    """The first `after` bytes of `data`, half of them by default, and never all."""
    return data[: min(len(data) - 1, len(data) // 2 if after is None else after)]


def huge(size: int) -> Iterator[bytes]:
    """JSON of about `size` bytes, in pieces."""
    yield _OPEN
    for length in _pieces(size):
        yield b"x" * length
    yield _CLOSE


def gzip_bomb(size: int) -> Iterator[bytes]:
    """Gzip, a thousandth of `size`, that inflates to JSON of about `size` bytes; in pieces.

    A block flushed in full depends on nothing before it, so one is compressed and sent over and over.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    yield _GZIP_HEAD + _block(deflate, _OPEN)
    check, total, blocks = zlib.crc32(_OPEN), len(_OPEN), dict[int, bytes]()
    for length in _pieces(size):
        piece = b"x" * length
        if length not in blocks:
            blocks[length] = _block(deflate, piece)
        check, total = zlib.crc32(piece, check), total + length
        yield blocks[length]
    yield deflate.compress(_CLOSE) + deflate.flush(zlib.Z_FINISH)
    yield struct.pack("<II", zlib.crc32(_CLOSE, check), (total + len(_CLOSE)) % 2**32)


def wired(whole: Reply) -> tuple[bytes, bytes]:
    """Head and body of an answer as they go over the wire, after which the connection closes."""
    lines = [f"HTTP/1.1 {whole.status} {_phrase(whole.status)}".encode()]
    lines += [name + b": " + value for name, value in [*whole.headers, (b"connection", b"close")]]
    return b"\r\n".join(lines) + b"\r\n\r\n", whole.body


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in _PHRASED else ""


def _block(deflate: Any, piece: bytes) -> bytes:
    return bytes(deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH))


def _pieces(size: int) -> Iterator[int]:
    """The lengths of pieces that make `size`."""
    for _ in range(size // _PIECE):
        yield _PIECE
    if rest := size % _PIECE:
        yield rest


def _retry_after(fault: Fault) -> dict[str, str]:
    if fault.retry_after is None:
        return {}
    if fault.retry_after_as == "date":
        return {"retry-after": formatdate(math.ceil(time.time() + fault.retry_after), usegmt=True)}
    return {"retry-after": str(fault.retry_after)}


def _with_headers(plain: Reply, more: dict[str, str]) -> Reply:
    """`more` stand in the place of headers of the same name."""
    added = [(name.lower().encode(), value.encode()) for name, value in more.items()]
    names = {name for name, _ in added}
    return Reply(plain.status, [*(each for each in plain.headers if each[0] not in names), *added], plain.body)


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
