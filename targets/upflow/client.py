"""Which HTTP calls does Upflow's API offer us? Calls and nothing else; paths below `/v1`.

Bodies and replies are JSON as Upflow has them. References are our `externalId`s, in paths `external:{externalId}`.
Everything raises what `Http` raises: `Refused` for an answer that says no, `AuthError`, `RunError`, `UnknownOutcome`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal
from urllib.parse import quote

from duebridge.core.api import (
    AuthError,
    Forbidden,
    Http,
    Json,
    Payload,
    PerMinute,
    RunError,
    Services,
    UnknownOutcome,
    shared_limiter,
)
from duebridge.targets.upflow.settings import UpflowSettings

#: The largest page Upflow gives.
PAGE = 500
#: The name of a list where it isn't that of its path.
_LISTS = {"credit_notes": "creditNotes"}


class UpflowClient:
    """One organization's API, under its request budget; safe to use from several threads."""

    def __init__(self, options: UpflowSettings, services: Services) -> None:
        """Open no connection yet. All clients of one key at one address share one budget of requests."""
        self._options = options
        allowed = options.requests_per_minute
        limiter = shared_limiter(f"upflow:{options.base_url}:{self.key_digest}:{allowed}", lambda: PerMinute(allowed))
        self._http: Http = services.http(options.base_url, product="Upflow", headers=self._headers, limiter=limiter)

    @property
    def key_digest(self) -> str:
        """A digest of the API key: tells keys apart, tells nothing about them."""
        return hashlib.sha256(self._options.api_key.get_secret_value().encode()).hexdigest()

    def try_key(self) -> None:
        """Ask for one customer, to learn whether the key is good."""
        self._get("customers", {"limit": "1"})

    def custom_fields(self) -> Iterator[Mapping[str, Json]]:
        """Yield every custom field: `{id, name, ...}`."""
        for field in self._list("custom_fields", "customFields", "custom_fields", "items"):
            if _id(field) is None or not isinstance(field.get("name"), str):
                raise _unexpected("custom_fields", "a custom field without id or name")
            yield field

    def create_custom_field(self, body: Payload) -> Json:
        """Create a custom field; return Upflow's reply. Sent once, never again by itself."""
        return self._write("POST", "custom_fields", body, safety="create_once")

    def documents(self, collection: str) -> Iterator[Mapping[str, Json]]:
        """Yield everything in `invoices`, `credit_notes`, `payments` or `refunds`, with what is linked of each."""
        return self._list(collection, _LISTS.get(collection, collection), collection, "items")

    def save(self, collection: str, body: Payload) -> str:
        """Create or update by `externalId` in `customers`, `invoices`, `credit_notes` or `payments`; return its id."""
        id = _id(self._write("POST", collection, body))
        if id is None:
            raise _unconfirmed(collection, "the object's id")
        return id

    def delete(self, collection: str, reference: str) -> None:
        """Remove the object of this reference; one that is not there counts as removed."""
        self._write("DELETE", f"{collection}/{_external(reference)}", safety="delete")

    def reconcile(self, body: Payload) -> str | None:
        """Make or replace the link of the body's `externalId`; empty arrays take it back.

        Return the link's id, if told: what Upflow answers here is not documented, so no body is taken for a yes.
        """
        reply = self._write("POST", "reconcile", body)
        if reply is not None and not isinstance(reply, dict):
            raise _unconfirmed("reconcile", "an object")
        return _id(reply)

    def contacts(self, customer: str) -> Iterator[Mapping[str, Json]]:
        """Yield the contacts of the customer of this reference: `{id, externalId, email, ...}`."""
        path = f"customers/{_external(customer)}/contacts"
        for contact in self._list(path, "contacts", "items"):
            if _id(contact) is None:
                raise _unexpected(path, "a contact without an id")
            yield contact

    def save_contact(self, customer: str, body: Payload) -> None:
        """Create or update one contact of the customer of this reference."""
        self._write("POST", f"customers/{_external(customer)}/contacts", body)

    def delete_contact(self, customer: str, id: str) -> None:
        """Remove the contact with Upflow's `id` from the customer of this reference."""
        self._http.write(
            "DELETE", f"/v1/customers/{_external(customer)}/contacts/{quote(id, safe='')}", safety="delete"
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _headers(self) -> Mapping[str, str]:
        options = self._options
        return {
            "X-Api-Key": options.api_key.get_secret_value(),
            "X-Api-Secret": options.api_secret.get_secret_value(),
        }

    def _get(self, path: str, params: Mapping[str, str]) -> Json:
        with _naming_the_place_of_keys():
            return self._http.get(f"/v1/{path}", params)

    def _write(
        self,
        method: str,
        path: str,
        body: Payload | None = None,
        *,
        safety: Literal["upsert", "create_once", "delete"] = "upsert",
    ) -> Json:
        with _naming_the_place_of_keys():
            return self._http.write(method, f"/v1/{path}", body, safety=safety)

    def _list(self, path: str, *arrays: str) -> Iterator[Mapping[str, Json]]:
        """Yield the items of all pages of `path`; `arrays` are the names their array may have."""
        offset = 0
        while True:
            answer = self._get(path, {"offset": str(offset), "limit": str(PAGE)})
            items = _items(answer, arrays, path)
            yield from items
            offset += len(items)
            total = answer.get("total", 0)
            if type(total) is not int:
                raise _unexpected(path, "a total that is no number")
            if len(items) < PAGE and offset >= total:
                return
            if not items:
                raise RunError(f"Upflow, GET /v1/{path}: an empty page after {offset} of {total}; run again later")


@contextmanager
def _naming_the_place_of_keys() -> Iterator[None]:
    try:
        yield
    except Forbidden:
        raise
    except AuthError as refusal:
        raise AuthError(f"{refusal} (Upflow's api_key and api_secret are made under Settings > API)") from refusal


def _items(answer: Json, arrays: tuple[str, ...], path: str) -> list[Mapping[str, Json]]:
    found = [answer[name] for name in arrays if name in answer] if isinstance(answer, dict) else []
    if not found or not isinstance(found[0], list):
        raise _unexpected(path, f"no list named {' or '.join(arrays)}")
    if not all(isinstance(item, dict) for item in found[0]):
        raise _unexpected(path, "something that is no object in its list")
    return found[0]


def _unexpected(path: str, what: str) -> RunError:
    return RunError(
        f"Upflow, GET /v1/{path}: the answer has {what}; check base_url, and whether Upflow changed its API"
    )


def _unconfirmed(path: str, what: str) -> UnknownOutcome:
    """A 200 that doesn't hold what Upflow answers may come from something in between: nothing is taken for done."""
    return UnknownOutcome(
        f"Upflow may or may not have taken this: the answer to POST /v1/{path} does not hold {what}; "
        "it will be settled before anything is sent again"
    )


def _id(reply: Json) -> str | None:
    """The id of an object, or None when it has none that can be one."""
    found = reply.get("id") if isinstance(reply, dict) else None
    return str(found) if (isinstance(found, str) and found) or type(found) is int else None


def _external(reference: str) -> str:
    return f"external:{quote(reference, safe='')}"
