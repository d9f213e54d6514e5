"""Which malformed answers are there, made of a sound one, and with which words is each turned away?

A sound answer is JSON in which some object has a member `paid`.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from duebridge.core.testing import Fault

#: What `huge` and `gzip_bomb` hold: several times what any answer may.
MANY = 512 * 2**20
#: The most JSON an answer may hold, and a little less than that.
ALMOST = 15 * 2**20

_PAID = re.compile(rb'"paid":(true|false)')


@dataclass(frozen=True)
class Malformed:
    """A kind of malformed answer: how it is made of a sound one, and words that tell why it was turned away.

    Without words it is taken for what it would have been.
    """

    make: Callable[[bytes], Mapping[str, Any]]
    words: str = ""
    large: bool = False

    def fault(self, sound: bytes, **which: Any) -> Fault:
        """The rule that answers so."""
        return Fault(**self.make(sound), **which)


def given(body: bytes, **headers: str) -> Mapping[str, Any]:
    """An answer with this body, sent as JSON unless the headers say otherwise."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"fault": "answer", "base64": base64.b64encode(body).decode(), "headers": named}


def instead(value: str | bytes) -> Callable[[bytes], Mapping[str, Any]]:
    """The sound answer with this in the place of a truth value."""
    written = value if isinstance(value, bytes) else value.encode()
    return lambda sound: given(_PAID.sub(lambda _: b'"paid":' + written, sound, count=1))


def beside(members: str) -> Callable[[bytes], Mapping[str, Any]]:
    """The sound answer with these members before the truth value."""
    return lambda sound: given(_PAID.sub(lambda found: members.encode() + b"," + found[0], sound, count=1))


def changed(change: Callable[[Any], Any]) -> Callable[[bytes], Mapping[str, Any]]:
    """What `change` makes of the parsed answer."""
    return lambda sound: given(json.dumps(change(json.loads(sound))).encode())


def _packed(body: bytes) -> Mapping[str, Any]:
    return given(gzip.compress(body, 1), content_encoding="gzip")


DIGITS = "a number of more than 40 digits"
DAMAGED = "JSON that is damaged or ends early"
DEEP = "JSON nested too deeply"
TOO_MUCH = "with more than "

#: Whatever was asked.
UNREADABLE: Mapping[str, Malformed] = {
    "a web page": Malformed(lambda _: {"fault": "html"}, "a web page instead of JSON"),
    "truncated JSON": Malformed(lambda _: {"fault": "truncated"}, DAMAGED),
    "a cut connection": Malformed(lambda _: {"fault": "cut"}, "the connection ended early"),
    "text": Malformed(lambda _: given(b"upstream connect error"), "something that isn't JSON"),
    "blanks": Malformed(lambda _: given(b" \n "), "with nothing"),
    "NaN": Malformed(instead("NaN"), "NaN, which isn't JSON"),
    "minus infinity": Malformed(instead("-Infinity"), "-Infinity, which isn't JSON"),
    "1,000 digits": Malformed(instead("9" * 1000), DIGITS),
    "1,000 decimals": Malformed(instead("0." + "9" * 1000), DIGITS),
    "1e400": Malformed(instead("1e400"), DIGITS),
    "1e999999999999999999999": Malformed(instead("1e" + "9" * 21), "a number out of range"),
    "invalid UTF-8": Malformed(instead(b'"\xc3\x28"'), DAMAGED),
    "a raw surrogate": Malformed(instead(b'"\xed\xa0\xbd"'), DAMAGED),
    "a control character": Malformed(instead(b'"\x00"'), DAMAGED),
    "UTF-16": Malformed(lambda sound: given(sound.decode().encode("utf-16")), "something that isn't JSON"),
    "100,000 brackets": Malformed(lambda _: given(b"[" * 100_000), DEEP),
    "depth of 100,000": Malformed(instead("[" * 100_000 + "]" * 100_000), DEEP),
    "two answers at once": Malformed(lambda sound: given(sound + sound), DAMAGED),
    "damaged gzip": Malformed(
        lambda sound: given(gzip.compress(sound)[:-9] + b"\xff" * 9, content_encoding="gzip"), "damaged gzip"
    ),
    "gzip that ends early": Malformed(
        lambda sound: given(gzip.compress(sound)[:-12], content_encoding="gzip"), "gzip that ends early"
    ),
    "JSON called gzip": Malformed(lambda sound: given(sound, content_encoding="gzip"), "damaged gzip"),
    "an encoding not asked for": Malformed(
        lambda sound: given(sound, content_encoding="br"), "an encoding that was not asked for"
    ),
    "a huge answer": Malformed(lambda _: {"fault": "huge", "bytes": MANY}, TOO_MUCH, large=True),
    "a gzip bomb": Malformed(lambda _: {"fault": "gzip_bomb", "bytes": MANY}, TOO_MUCH, large=True),
    "millions of values": Malformed(
        lambda _: _packed(b'{"items":[%s[]]}' % (b"[]," * (ALMOST // 3))), TOO_MUCH, large=True
    ),
}

#: Odd, and yet the answer it is.
TOLERATED: Mapping[str, Malformed] = {
    "JSON called a web page": Malformed(lambda sound: given(sound, content_type="text/html")),
    "JSON called nothing": Malformed(lambda sound: given(sound, content_type="")),
    "a byte order mark": Malformed(lambda sound: given(b"\xef\xbb\xbf" + sound)),
    "gzip though none was needed": Malformed(_packed),
    "a key twice": Malformed(beside('"paid":null,"paid":7')),
    "half a character": Malformed(beside(r'"half":"\ud83d","\udc00":1')),
    "keys nobody knows": Malformed(beside('"new":[{}],"newer":{"a":null}')),
}

#: Not the page of a list that Pennylane answers.
NO_PAGE: Mapping[str, Malformed] = {
    "nothing": Malformed(lambda _: given(b""), "with nothing"),
    "null": Malformed(lambda _: given(b"null"), "without a list of items"),
    "a list for an object": Malformed(changed(lambda page: page["items"]), "without a list of items"),
    "no items": Malformed(changed(lambda page: {**page, "items": None}), "without a list of items"),
    "items missing": Malformed(changed(lambda _: {"has_more": False, "next_cursor": None}), "without a list"),
    "an item that is a number": Malformed(
        changed(lambda page: {**page, "items": [7, *page["items"]]}), "an item without an id"
    ),
    "an item without id": Malformed(changed(lambda page: {**page, "items": [{}]}), "an item without an id"),
    "more, but not where": Malformed(
        changed(lambda page: {**page, "has_more": True, "next_cursor": 7}), "there is more but not where"
    ),
    "no word of more": Malformed(
        changed(lambda page: {"items": page["items"]}), "without saying whether there is more"
    ),
    "15 MB of padding": Malformed(
        lambda _: _packed(b'{"padding":"%s"}' % (b"x" * ALMOST)), "without a list of items", large=True
    ),
}

#: Not what Upflow answers a write with.
NO_REPLY: Mapping[str, Malformed] = {
    "nothing": Malformed(lambda _: given(b""), "the object's id"),
    "null": Malformed(lambda _: given(b"null"), "the object's id"),
    "a list for an object": Malformed(lambda sound: given(b"[%s]" % sound), "the object's id"),
    "a number": Malformed(lambda _: given(b"7"), "the object's id"),
    "an object without id": Malformed(lambda _: given(b'{"status":"ok"}'), "the object's id"),
    "a list of ids": Malformed(lambda _: given(b'{"id":["a"]}'), "the object's id"),
}


def row(name: str, value: Any) -> Malformed:
    """A page whose first row has another value under a name, which is the row's own trouble."""

    def spoil(page: Any) -> Any:
        first, *others = page["items"]
        return {**page, "items": [{**first, name: value}, *others]}

    return Malformed(changed(spoil), "Pennylane")


NO_DOCUMENT: Mapping[str, Malformed] = {
    "no amount": row("currency_amount", None),
    "an amount that is a list": row("currency_amount", ["1.00"]),
    "an amount in words": row("currency_amount", "twelve"),
    "an amount of 1,000 digits": row("currency_amount", "9" * 1000),
    "an amount that is NaN": row("currency_amount", "NaN"),
    "a day that isn't": row("date", "2026-02-30"),
    "a status that is a number": row("status", 7),
    "a customer that is a number": row("customer", 7),
    "a currency nobody has": row("currency", {"code": "EUR"}),
}
