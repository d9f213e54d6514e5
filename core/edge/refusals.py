"""Which errors does an answer raise, and what did the product say?"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from duebridge.core.errors import AuthError, RecordError
from duebridge.core.secrecy import hide

#: What is kept of a product's words.
LONGEST_TEXT = 300
#: No product explains itself at greater length; an error page beyond it is not read.
LONGEST_PAGE = 64 * 1024

_INVISIBLE = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a product answered. `headers` have lower-case names; `body` is decoded, and cut at 64 KiB for errors."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text; what isn't UTF-8 is shown as such."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any | None:
        """The body parsed, or None when it isn't JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Refused(RecordError):
    """The product will not take this request as it is."""

    def __init__(self, message: str, answer: Answer, text: str = "") -> None:
        """`text` is what the product said, shortened and cleaned."""
        super().__init__(message)
        self.answer = answer
        self.status = answer.status
        self.text = text


class NotFound(Refused):
    """The product has nothing there (404, 410)."""


class Forbidden(AuthError):
    """The credentials are valid but lack a permission (403); the message carries what the product said."""

    def __init__(self, message: str, answer: Answer, text: str = "") -> None:
        """`text` is what the product said, shortened and cleaned."""
        super().__init__(message)
        self.answer = answer
        self.status = answer.status
        self.text = text


def said(answer: Answer, explain: Callable[[Answer], str] | None, sent: Mapping[str, str]) -> str:
    """The product's own words: from `explain`, else details, message, error or the raw text; at most 300 characters.

    Should they repeat a credential of the headers `sent`, it is hidden.
    """
    words = explain(answer) if explain else _words(answer)
    for secret in _credentials(sent):
        words = words.replace(secret, "[hidden]")
    return shorten(words)


def shorten(text: str) -> str:
    """`text` on one line, without control characters and registered secrets, at most 300 characters."""
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in hide(text[: LONGEST_TEXT * 10]))
    line = " ".join(visible.split())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def _credentials(headers: Mapping[str, str]) -> list[str]:
    """The values in `headers` that must never be shown, longest first, with what follows `Bearer` as well."""
    parts = {part for value in headers.values() for part in (value, value.rpartition(" ")[2]) if len(part) > 5}
    return sorted(parts, key=len, reverse=True)


def _words(answer: Answer) -> str:
    content = answer.json()
    if isinstance(content, dict):
        for name in ("details", "message", "error"):
            if words := _flat(content.get(name)):
                return words
    return _plain(answer.text)


def _flat(value: Any, depth: int = 3) -> str:
    """A JSON value as words: lists by comma, objects as `name: value`; an object's own message alone if it has one."""
    if value is None or isinstance(value, bool) or depth == 0:
        return ""
    if isinstance(value, dict):
        own = value.get("message") or value.get("error")
        if isinstance(own, str):
            return own
        parts = [(name, _flat(inner, depth - 1)) for name, inner in list(value.items())[:20]]
        return ", ".join(f"{name}: {words}" for name, words in parts if words)
    if isinstance(value, list):
        return ", ".join(filter(None, (_flat(inner, depth - 1) for inner in value[:20])))
    return str(value)


def _plain(text: str) -> str:
    if "<" not in text:
        return text
    return html.unescape(_TAG.sub(" ", _INVISIBLE.sub(" ", text)))
