"""How does Pennylane word a refusal?

Three families of bodies are documented and all occur here: {error, status} for access, lookups and state;
{message, field, code} for what contradicts the API's schema; plain text for 429. Source: spec, error responses;
readme:/docs/rate-limiting-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An answer other than success. `body` is JSON, or text when it is a string."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def _plain(status: int, message: str) -> Refusal:
    return Refusal(status, {"error": message, "status": status})


def unauthorized() -> Refusal:
    """401; a missing, a wrong and an expired token read the same."""
    return _plain(401, "The access token is invalid")


def forbidden(scope: str) -> Refusal:
    """403, naming the scope that is missing."""
    return _plain(403, f'Access to this resource requires scope "{scope}".')


def not_found() -> Refusal:
    """404."""
    return _plain(404, "Not Found")


def conflict() -> Refusal:
    """409; what it is keyed on is not documented: here, on a used external reference."""
    return _plain(409, "Conflict with the current state of the target resource. Resource already exists.")


def unprocessable(message: str) -> Refusal:
    """422."""
    return _plain(422, message)


def bad_request(message: str) -> Refusal:
    """400 for what the schema allows and the service does not (filters, sorts, cursors)."""
    return _plain(400, message)


def bad_parameter(field: str, message: str, code: str) -> Refusal:
    """400 for what contradicts the schema; `code` is one of the spec's 25 words."""
    return Refusal(400, {"message": message, "field": field, "code": code})


def too_many(seconds: int) -> Refusal:
    """429, in plain text; `seconds` until the window ends."""
    return Refusal(429, f"Rate limit exceeded. Please retry in {seconds} seconds.", {"retry-after": str(seconds)})
