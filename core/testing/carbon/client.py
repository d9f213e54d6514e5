"""Which HTTP calls does Carbon offer us? Calls and nothing else; paths below `/v1`.

Everything raises what `Http` raises: `Refused` for an answer that says no, `AuthError`, `RunError`, `UnknownOutcome`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from duebridge.core.api import Json, Payload, PerMinute, RunError, Services, UnknownOutcome, shared_limiter
from duebridge.core.testing.carbon.settings import CarbonSettings

#: The largest page Carbon gives.
PAGE = 200


class CarbonClient:
    """One company's API, under its request budget; safe to use from several threads."""

    def __init__(self, options: CarbonSettings, services: Services) -> None:
        """Open no connection yet. All clients of one token at one address share one budget of requests."""
        self._token = options.token.get_secret_value()
        allowed = options.requests_per_minute
        whose = sha256(f"carbon\n{options.base_url}\n{self._token}\n{allowed}".encode()).hexdigest()
        limiter = shared_limiter(whose, lambda: PerMinute(allowed))
        self._http = services.http(options.base_url, product="Carbon", headers=self._headers, limiter=limiter)

    def company(self) -> Json:
        """Who the token belongs to: `{id, name}`."""
        return self._http.get("/v1/company")

    def found(self, collection: str, reference: str) -> list[Mapping[str, Json]]:
        """Every object of `collection` with exactly this reference, up to a page of them."""
        return self._page(collection, {"reference": reference})

    def all(self, collection: str) -> Iterator[Mapping[str, Json]]:
        """Yield every object of `collection`, oldest first."""
        page = 1
        while items := self._page(collection, {"page": page}):
            yield from items
            page += 1

    def create(self, collection: str, body: Payload) -> str:
        """Make an object, another one each time; return its id. Sent once, never again by itself."""
        made = self._http.write("POST", f"/v1/{collection}", body, safety="create_once")
        if not (isinstance(made, dict) and made.get("id")):
            raise UnknownOutcome(
                f"Carbon answered POST /v1/{collection} without an id: it may have made the object or not; "
                "the next run looks for it"
            )
        return str(made["id"])

    def replace(self, collection: str, id: str, body: Payload) -> None:
        """Give the object `id` these fields and no others."""
        self._http.write("PUT", f"/v1/{collection}/{id}", body, safety="replace")

    def delete(self, collection: str, id: str) -> None:
        """Remove the object `id`; one that is not there counts as removed."""
        self._http.write("DELETE", f"/v1/{collection}/{id}", safety="delete")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _page(self, collection: str, query: Mapping[str, str | int]) -> list[Mapping[str, Json]]:
        answer = self._http.get(f"/v1/{collection}", {"size": PAGE, **query})
        items = answer.get("items") if isinstance(answer, dict) else None
        if not (isinstance(items, list) and all(isinstance(item, dict) and item.get("id") for item in items)):
            raise RunError(f"Carbon, GET /v1/{collection}: the answer lists no objects with ids; check base_url")
        return items

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}
