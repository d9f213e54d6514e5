"""How does Harvest word a refusal?

401 in OAuth's words, 404 by status and error, the rest by a message (spec, Error; help.getharvest.com/api-v2,
introduction > general). The texts of messages are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An answer other than success, its body JSON."""

    def __init__(self, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def nameless() -> Refusal:
    """400 for a request that doesn't say which application makes it."""
    return Refusal(400, {"code": 400, "message": "Provide a User-Agent header that identifies your application"})


def unauthorized() -> Refusal:
    """401 for a missing, a wrong and a revoked token."""
    return Refusal(
        401,
        {
            "error": "invalid_token",
            "error_description": "The access token is unknown, expired or revoked",
        },
    )


def forbidden() -> Refusal:
    """403 for somebody who may not see invoices."""
    return Refusal(403, {"code": 403, "message": "You do not have permission to access this resource"})


def not_found() -> Refusal:
    """404, also for an account the token can't reach."""
    return Refusal(404, {"status": 404, "error": "Not Found"})


def unprocessable(message: str) -> Refusal:
    """422."""
    return Refusal(422, {"code": 422, "message": message})


def too_many(seconds: int) -> Refusal:
    """429; `seconds` until the window ends."""
    return Refusal(429, {"code": 429, "message": "Too many requests"}, {"retry-after": str(seconds)})
