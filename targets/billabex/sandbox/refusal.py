"""How the stand-in says no."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(ValueError):
    """A request the stand-in refuses: HTTP `status`, a `message` for the JSON body, extra `headers`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        """Keep what the answer will hold."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def invalid(message: str) -> NoReturn:
    """Refuse with 400: the request can't be taken as it is."""
    raise Refusal(400, message)


def missing(message: str) -> NoReturn:
    """Refuse with 404: what a path or a body names does not exist."""
    raise Refusal(404, message)


def conflict(message: str) -> NoReturn:
    """Refuse with 409: something that is there stands against it."""
    raise Refusal(409, message)
