"""Which malformed answers are there? Each spoils a sound JSON answer, given as bytes; both sides get the same kinds."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from duebridge.core.testing import Fault

#: What `huge` and `gzip_bomb` hold: several times what an answer may.
MANY = 512 * 2**20

Spoil = Callable[[bytes], dict[str, Any]]


def given(body: bytes, **headers: str) -> dict[str, Any]:
    """The options of an answer with this body."""
    return {
        "fault": "answer",
        "base64": base64.b64encode(body).decode(),
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }


def with_member(sound: bytes, member: str) -> bytes:
    """The same object with one more member, in front of the others."""
    return sound.replace(b"{", b"{" + member.encode() + b",", 1)


#: Unreadable whatever was asked; what it answered instead is told by these words.
UNREADABLE: Mapping[str, tuple[Spoil, str]] = {
    "a web page": (lambda _: {"fault": "html"}, "a web page instead of JSON"),
    "truncated JSON": (lambda _: {"fault": "truncated"}, "JSON that is damaged or ends early"),
    "text": (lambda _: given(b"upstream connect error"), "something that isn't JSON"),
    "NaN": (lambda sound: given(with_member(sound, '"x":NaN')), "NaN, which isn't JSON"),
    "infinity": (lambda sound: given(with_member(sound, '"x":-Infinity')), "-Infinity, which isn't JSON"),
    "a number of 1,000 digits": (
        lambda sound: given(with_member(sound, f'"x":{"9" * 1000}')),
        "a number of more than 40 digits",
    ),
    "1e400": (lambda sound: given(with_member(sound, '"x":1e400')), "a number of more than 40 digits"),
    "1e with 30 nines": (lambda sound: given(with_member(sound, f'"x":1e{"9" * 30}')), "a number"),
    "invalid UTF-8": (
        lambda sound: given(with_member(sound, '"x":"?"').replace(b"?", b"\xc3\x28")),
        "JSON that is damaged",
    ),
    "UTF-16": (lambda sound: given(sound.decode().encode("utf-16")), "something that isn't JSON"),
    "100,000 brackets": (lambda _: given(b"[" * 100_000), "JSON nested too deeply"),
    "a sound answer nested 100,000 deep": (
        lambda sound: given(with_member(sound, f'"x":{"[" * 100_000}{"]" * 100_000}')),
        "JSON nested too deeply",
    ),
    "two answers": (lambda sound: given(sound + sound), "JSON that is damaged"),
    "damaged gzip": (
        lambda sound: given(b"\x1f\x8b\x08\x00" + gzip.compress(sound)[8:], content_encoding="gzip"),
        "damaged gzip",
    ),
    "gzip that ends early": (
        lambda sound: given(gzip.compress(sound)[:-12], content_encoding="gzip"),
        "gzip",
    ),
    "JSON called gzip": (lambda sound: given(sound, content_encoding="gzip"), "damaged gzip"),
    "an encoding not asked for": (
        lambda sound: given(sound, content_encoding="br"),
        "an encoding that was not asked for",
    ),
    "a huge answer": (lambda _: {"fault": "huge", "bytes": MANY}, "more than 67,108,864 bytes"),
    "a gzip bomb": (lambda _: {"fault": "gzip_bomb", "bytes": MANY}, "more than 67,108,864 bytes"),
}

#: Unusual, and yet the answer it was.
TOLERATED: Mapping[str, Spoil] = {
    "called text": lambda sound: given(sound, content_type="text/html"),
    "called nothing": lambda sound: given(sound, content_type=""),
    "a byte order mark": lambda sound: given(b"\xef\xbb\xbf" + sound),
    "a key twice": lambda sound: given(with_member(sound, '"id":"first","items":[],"has_more":true')),
    "half a character": lambda sound: given(with_member(sound, r'"x":"\ud83d","\udc00":1')),
    "gzip": lambda sound: given(gzip.compress(sound), content_encoding="gzip"),
    "a stranger's keys": lambda sound: given(with_member(sound, '"x":[{}],"y":null')),
}


def fault(options: Mapping[str, Any], **which: Any) -> Fault:
    """The rule that answers so."""
    return Fault(**options, **which)


def page(sound: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A page changed by `change`, which may return what to answer instead."""
    content = json.loads(sound)
    changed = change(content)
    return json.dumps(content if changed is None else changed).encode()
