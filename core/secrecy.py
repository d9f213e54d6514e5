"""Which values are secrets of this process, and how are they taken out of a text?

Below everything else, so that no message of ours can be made without it: errors and reports hide what is registered.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
#: Shorter values would mask ordinary words; they are covered by the name of their key alone.
SHORTEST = 6

_ESCAPE = re.compile("%[0-9A-F]{2}")


class _Known:
    """The registered values; what reads them never waits for what adds one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        with self._lock:
            if value in self._values:
                return
            self._values.update(_spellings(value))
            longest_first = sorted(self._values, key=lambda known: (-len(known), known))
            self.pattern = re.compile("|".join(map(re.escape, longest_first)))


_known = _Known()


def register_secret(value: str) -> None:
    """Mask `value` in everything printed from now on, as it is, in addresses, in JSON and in web pages.

    An empty value, or one of fewer than six characters, is not registered: it would mask ordinary text.
    """
    if len(value.strip()) < SHORTEST:
        return
    _known.add(value)
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        for line in lines:
            if len(line) >= SHORTEST and not line.startswith("-----"):
                _known.add(line)


def hide(text: str) -> str:
    """Return `text` with every registered value masked."""
    pattern = _known.pattern
    return text if pattern is None else pattern.sub(MASK, text)


def _spellings(value: str) -> Iterable[str]:
    stripped = value.strip()
    in_addresses = quote(stripped, safe="")
    return {
        value,
        stripped,
        in_addresses,
        _ESCAPE.sub(lambda found: found[0].lower(), in_addresses),
        quote(stripped),
        quote_plus(stripped),
        json.dumps(stripped)[1:-1],
        repr(stripped)[1:-1],
        html.escape(stripped),
    }
