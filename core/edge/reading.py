"""What does the body of an answer hold?

JSON is read with numbers kept exact: `Decimal` for what has a point or an exponent, `int` otherwise. NaN, Infinity and
numbers beyond 40 digits are unreadable. Of a key written twice the last counts: no product writes one, and noticing it
would cost a Python call for each object.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any

#: More digits than any amount or id has; arithmetic on millions of them would hang the run.
MOST_DIGITS = 40
#: More values than any page has. Each may take 100 bytes and more once parsed, so that a few megabytes of them would
#: fill the memory; a body below the second number can't hold so many that it matters.
MOST_VALUES = 500_000
_SPARSE = 2 * 2**20
_PIECE = 64 * 1024
_SURROGATE = re.compile(r"\\u[dD]")


class Unreadable(ValueError):
    """The body isn't what it claims to be; the message ends a sentence that starts with "answered"."""


class TooLarge(Unreadable):
    """The body is beyond what may be read."""


def body(pieces: Iterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    """The decoded body, at most `most` bytes; never holds more than that and one piece of 64 KiB.

    Raises `TooLarge`, and `Unreadable` for an encoding we did not ask for or a damaged one.
    """
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        pieces = inflated(pieces)
    elif encoding not in ("identity", ""):
        raise Unreadable("in an encoding that was not asked for")
    elif (length := headers.get("content-length", "")).isdecimal() and int(length[:19]) > most:
        raise TooLarge(_too_large(most))
    return _joined(pieces, most)


def start(pieces: Iterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    """The first `most` bytes of the decoded body, or as much as can be read of it."""
    kept = bytearray()
    gzipped = headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")
    try:
        for piece in inflated(pieces) if gzipped else pieces:
            kept += piece
            if len(kept) >= most:
                break
    except Unreadable:
        return bytes(kept)
    return bytes(kept[:most])


def inflated(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The content of a gzip stream, 64 KiB at most at a time, whatever it would inflate to."""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        rest = piece
        while rest and not stream.eof:
            try:
                yield stream.decompress(rest, _PIECE)
            except zlib.error:
                raise Unreadable("with damaged gzip") from None
            rest = stream.unconsumed_tail
    if begun and not stream.eof:
        raise Unreadable("with gzip that ends early")


def refuse_dense(content: bytes) -> None:
    """Raise `TooLarge` for a body that would take far more memory than its size once it is parsed."""
    if len(content) > _SPARSE and sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise TooLarge(f"with more than {MOST_VALUES:,} values")


def parsed(content: bytes, content_type: str = "") -> Any:
    """`content` as JSON. Raises `Unreadable`, saying what was there instead."""
    try:
        text = content.decode("utf-8-sig")
        value = _DECODER.decode(text)
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("with JSON nested too deeply") from None
    except ValueError:
        raise Unreadable(_instead(content, content_type)) from None
    return _without_lone_surrogates(value) if "\\" in text and _SURROGATE.search(text) else value


def _joined(pieces: Iterable[bytes], most: int) -> bytes:
    kept = BytesIO()  # gives what it holds away without a copy, which a list of pieces can't be joined without
    for piece in pieces:
        if kept.tell() + len(piece) > most:
            raise TooLarge(_too_large(most))
        kept.write(piece)
    return kept.getvalue()


def _too_large(most: int) -> str:
    return f"with more than {most:,} bytes"


def _instead(content: bytes, content_type: str) -> str:
    start = content[:200].lstrip().lower()
    if not start:
        return "with nothing"
    if start.startswith(b"<") or "html" in content_type:
        return "with a web page instead of JSON"
    if start[:1] in b'{["':
        return "with JSON that is damaged or ends early"
    return "with something that isn't JSON"


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise Unreadable(f"with a number of more than {MOST_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) < MOST_DIGITS and "e" not in text and "E" not in text:
        return Decimal(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable("with a number out of range") from None
    if len(text) > MOST_DIGITS + 8 or abs(number.adjusted()) > MOST_DIGITS:
        raise Unreadable(f"with a number of more than {MOST_DIGITS} digits")
    return number


def _constant(name: str) -> Any:
    raise Unreadable(f"with {name}, which isn't JSON")


_DECODER = json.JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=_constant)


def _without_lone_surrogates(value: Any) -> Any:
    """JSON can escape half a character, which no database or target stores; such halves become U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _broken(value) else value
    if isinstance(value, list):
        return [_without_lone_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_lone_surrogates(key): _without_lone_surrogates(inner) for key, inner in value.items()}
    return value


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
