"""Which HTTP calls does Fincome's API offer us? Calls and nothing else; paths below `/product`.

Source: Fincome's API page (address, creating or updating by an id of ours, answers 202 and 422 with `detail`). Raises
what `Http` raises: `Refused` for an answer that says no, `AuthError`, `RunError`, `UnknownOutcome`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from duebridge.core.api import (
    Answer,
    AuthError,
    Http,
    Json,
    Payload,
    PerMinute,
    Refused,
    RunError,
    Services,
    UnknownOutcome,
    shared_limiter,
)
from duebridge.targets.fincome.settings import FincomeSettings

_WHERE = "Fincome's key is made under Settings > Developers; the header it goes in is the setting `header`"


class FincomeClient:
    """One account's API; safe to use from several threads."""

    def __init__(self, options: FincomeSettings, services: Services) -> None:
        """Open no connection yet. All clients of one key at one address share one budget of requests."""
        self._options = options
        allowed = options.requests_per_minute
        limiter = shared_limiter(f"fincome:{options.base_url}:{self.key_digest}:{allowed}", lambda: PerMinute(allowed))
        self._http: Http = services.http(
            options.base_url, product="Fincome", headers=self._headers, limiter=limiter, explain=explained
        )

    @property
    def key_digest(self) -> str:
        """A digest of the key: tells keys apart, tells nothing about them."""
        return hashlib.sha256(self._key.encode()).hexdigest()

    def try_key(self) -> None:
        """Ask for customers, to learn whether the key is good; that the API lists none says nothing about the key."""
        try:
            self._http.get(self._path("customers"))
        except AuthError as refusal:
            raise AuthError(f"{refusal} ({_WHERE})") from refusal
        except Refused as refused:
            if refused.status in (404, 410):
                raise RunError(
                    f"{refused}; check base_url, and the name of the customers' path in the setting `paths`"
                ) from refused

    def save(self, collection: str, body: Payload) -> str | None:
        """Create or update by the body's `id`; return the id Fincome answers with, if it tells one."""
        path = self._path(collection)
        try:
            reply = self._http.write("POST", path, body, safety="upsert")
        except AuthError as refusal:
            raise AuthError(f"{refusal} ({_WHERE})") from refusal
        if reply is not None and not isinstance(reply, dict):
            raise UnknownOutcome(
                f"Fincome may or may not have taken this: the answer to POST {path} is no object; it will be sent again"
            )
        return _id(reply)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _path(self, collection: str) -> str:
        return f"/product/{getattr(self._options.paths, collection)}"

    @property
    def _key(self) -> str:
        return self._options.api_key.get_secret_value() if self._options.api_key is not None else ""

    def _headers(self) -> Mapping[str, str]:
        name = self._options.header
        return {name: f"Bearer {self._key}" if name.lower() == "authorization" else self._key}


def explained(answer: Answer) -> str:
    """What a refusal says: `detail` is a sentence, or a list of places in the body with what is wrong there."""
    content = answer.json()
    detail = content.get("detail") if isinstance(content, dict) else None
    if isinstance(detail, list):
        return "; ".join(filter(None, map(_complaint, detail)))
    return detail if isinstance(detail, str) else answer.text


def _complaint(entry: Json) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    place = entry.get("loc")
    steps = [str(step) for step in place if step != "body"] if isinstance(place, list) else []
    said = str(entry.get("msg") or entry.get("type") or "")
    return f"{'.'.join(steps)}: {said}" if steps else said


def _id(reply: Json) -> str | None:
    found = reply.get("id") if isinstance(reply, dict) else None
    return str(found) if (isinstance(found, str) and found) or type(found) is int else None
