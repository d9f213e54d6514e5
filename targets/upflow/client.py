"""Which HTTP calls does Upflow's API offer us? Calls and nothing else; paths below `/v1`.

Bodies and replies are JSON as Upflow has them. References are our `externalId`s, in paths `external:{externalId}`.
Everything raises what `Http` raises: `Refused` for an answer that says no, `AuthError`, `RunError`, `UnknownOutcome`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from duebridge.core.api import Http, Json, Payload, PerMinute, RunError, Services, shared_limiter
from duebridge.targets.upflow.settings import UpflowSettings

#: The largest page Upflow gives.
PAGE = 500


class UpflowClient:
    """One organization's API, under its request budget; safe to use from several threads."""

    def __init__(self, options: UpflowSettings, services: Services) -> None:
        """Open no connection yet. All clients of one key at one address share one budget of requests."""
        self._options = options
        limiter = shared_limiter(
            f"upflow:{options.base_url}:{self.key_digest}", lambda: PerMinute(options.requests_per_minute)
        )
        self._http: Http = services.http(options.base_url, product="Upflow", headers=self._headers, limiter=limiter)

    @property
    def key_digest(self) -> str:
        """A digest of the API key: tells keys apart, tells nothing about them."""
        return hashlib.sha256(self._options.api_key.get_secret_value().encode()).hexdigest()

    def try_key(self) -> None:
        """Ask for one customer, to learn whether the key is good."""
        self._http.get("/v1/customers", {"limit": "1"})

    def custom_fields(self) -> Iterator[Mapping[str, Json]]:
        """Yield every custom field: `{id, name, ...}`."""
        return self._list("/v1/custom_fields", "customFields", "custom_fields", "items")

    def create_custom_field(self, body: Payload) -> Json:
        """Create a custom field; return Upflow's reply. Sent once, never again by itself."""
        return self._http.write("POST", "/v1/custom_fields", body, safety="create_once")

    def save(self, collection: str, body: Payload) -> str | None:
        """Create or update by `externalId` in `customers`, `invoices`, `credit_notes` or `payments`; return its id."""
        return _id(self._http.write("POST", f"/v1/{collection}", body, safety="upsert"))

    def delete(self, collection: str, reference: str) -> None:
        """Remove the object of this reference; one that is not there counts as removed."""
        self._http.write("DELETE", f"/v1/{collection}/{_external(reference)}", safety="delete")

    def reconcile(self, body: Payload) -> str | None:
        """Make or replace the link of the body's `externalId`; empty arrays take it back. Return the link's id."""
        return _id(self._http.write("POST", "/v1/reconcile", body, safety="upsert"))

    def contacts(self, customer: str) -> Iterator[Mapping[str, Json]]:
        """Yield the contacts of the customer of this reference: `{id, externalId, email, ...}`."""
        return self._list(f"/v1/customers/{_external(customer)}/contacts", "contacts", "items")

    def save_contact(self, customer: str, body: Payload) -> None:
        """Create or update one contact of the customer of this reference."""
        self._http.write("POST", f"/v1/customers/{_external(customer)}/contacts", body, safety="upsert")

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

    def _list(self, path: str, *arrays: str) -> Iterator[Mapping[str, Json]]:
        """Yield the items of all pages of `path`; `arrays` are the names their array may have."""
        offset = 0
        while True:
            answer = self._http.get(path, {"offset": str(offset), "limit": str(PAGE)})
            items = _items(answer, arrays, path)
            yield from items
            offset += len(items)
            if len(items) < PAGE and offset >= answer.get("total", 0):
                return
            if not items:
                raise RunError(
                    f"Upflow, GET {path}: an empty page after {offset} of {answer['total']}; run again later"
                )


def _items(answer: Json, arrays: tuple[str, ...], path: str) -> list[Mapping[str, Json]]:
    found = [answer[name] for name in arrays if name in answer] if isinstance(answer, dict) else []
    if not found or not isinstance(found[0], list):
        raise RunError(
            f"Upflow, GET {path}: the answer has no list named {' or '.join(arrays)}; "
            "check base_url, and whether Upflow changed its API"
        )
    return found[0]


def _id(reply: Json) -> str | None:
    found = reply.get("id") if isinstance(reply, dict) else None
    return str(found) if found is not None else None


def _external(reference: str) -> str:
    return f"external:{quote(reference, safe='')}"
