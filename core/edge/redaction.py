"""What must never be printed, and how is it taken out of whatever is about to be?

Masked: every value registered with `register_secret`, wherever it stands; values under keys named like a secret;
in text, the user part and the query of addresses, `Bearer …` and `token=…`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from duebridge.core.secrecy import MASK, hide, register_secret

__all__ = ["MASK", "names_secret", "redact", "redact_entry", "redact_text", "register_secret"]

DEEPEST = 8

_WORDS = "token|secret|passwd|password|passphrase|authorization|api[-_ ]?key|private[-_ ]?key|credential|cookie"
_SECRET_NAME = re.compile(rf"({_WORDS})s?$", re.IGNORECASE)
_NAME = rf"[\w-]{{0,30}}(?:{_WORDS})"  # bounded: a long text must not take quadratic time
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]{1,20}://)([^\s/?#'\"<>]*@)?([^\s?#'\"<>]*)(\?[^\s#'\"<>]*)?", re.IGNORECASE)
_PATH_QUERY = re.compile(r"(?<![\w:/?])(/[^\s?#'\"<>]*\?)[^\s#'\"<>]*=[^\s#'\"<>]*")
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_QUOTED_PAIR = re.compile(rf"(['\"]{_NAME}\\?['\"]\s*[:=]\s*b?\\?)(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_BARE_PAIR = re.compile(rf"\b({_NAME}=)(?!\*\*\*)[^\s&'\"<>,;)\]}}]+", re.IGNORECASE)


def redact_text(text: str) -> str:
    """Return `text` without secrets."""
    text = hide(text)
    if "/" in text:
        text = _ADDRESS.sub(_plain_address, text)
        text = _PATH_QUERY.sub(rf"\1{MASK}", text)
    if ":" in text or "=" in text or " " in text:
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _QUOTED_PAIR.sub(rf'\1"{MASK}"', text)
        text = _BARE_PAIR.sub(rf"\1{MASK}", text)
    return text


def names_secret(key: str) -> bool:
    """Whether what stands under `key` is taken for a secret: `api_key`, `refresh_token`, `Authorization`."""
    return _SECRET_NAME.search(key) is not None


def redact(value: Any, depth: int = 0) -> Any:
    """Return `value` as plain data (JSON would take it) without secrets; nothing of it is changed in place."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset) or _is_record(value):
        return "…" if depth >= DEEPEST else _redact_inside(value, depth + 1)
    return redact_text(value if isinstance(value, str) else _words(value))


def _redact_inside(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): redact_entry(key, item, depth) for key, item in value.items()}
    if _is_record(value):
        return {item.name: redact_entry(item.name, getattr(value, item.name, None), depth) for item in fields(value)}
    return [redact(item, depth) for item in value]


def _is_record(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def redact_entry(key: object, value: Any, depth: int = 0) -> Any:
    """Return what may be shown under `key`; an empty value shows as it is."""
    if isinstance(key, str) and names_secret(key) and value is not None and value is not True and value is not False:
        return MASK if value != "" else value
    return redact(value, depth)


def _key(key: object) -> str:
    return redact_text(key if isinstance(key, str) else _words(key))


def _words(value: object) -> str:
    try:
        return str(value) if isinstance(value, Decimal | date | time | timedelta | BaseException) else repr(value)
    except Exception as error:  # noqa: BLE001 - a line that can't be printed must not end a run
        return f"<{type(value).__name__} that can't be printed: {type(error).__name__}>"


def _plain_address(match: re.Match[str]) -> str:
    scheme, user, place, query = match.groups()
    return f"{scheme}{f'{MASK}@' if user else ''}{place}{f'?{MASK}' if query else ''}"
