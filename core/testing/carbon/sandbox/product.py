"""Carbon's stand-in server: a small receivables API whose POST makes another object each time.

    GET    /v1/company              {id, name}
    POST   /v1/{collection}         201 and the object, a new one whatever its reference
    GET    /v1/{collection}         {items, total}, oldest first; ?reference= (exact, may be several) ?page= ?size=
    GET    /v1/{collection}/{id}    200 and the object, whether a search shows it yet or not
    PUT    /v1/{collection}/{id}    200 and the object, its fields replaced
    DELETE /v1/{collection}/{id}    204

Collections: customers, invoices, credit_notes, payments, allocations; `holdings` has their fields. Every request needs
`Authorization: Bearer sandbox-carbon`. Refusals are `{"message": ...}`.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from duebridge.core.sandbox.product import ProductSandbox, UnknownObject, UnusableValues
from duebridge.core.testing.carbon.sandbox.holdings import Holdings, Refusal

T = TypeVar("T")

TOKEN = "sandbox-carbon"  # noqa: S105 - the sandbox's published token
PER_MINUTE = 600
LARGEST_PAGE = 200


class CarbonSandbox(ProductSandbox):
    """Carbon's API below `/v1`. Switch: `visible_after`, how many seconds a search does not show a new object.

    Tests may set `clock` (seconds), which decides what is visible.
    """

    name: ClassVar[str] = "carbon"
    clock: Callable[[], float] = staticmethod(time.monotonic)

    def reset(self) -> None:
        """Go back to a company that has received nothing."""
        self.holdings = Holdings(self._now)
        self._admitted: deque[float] = deque()

    def router(self) -> APIRouter:
        """The paths of the API."""
        router = APIRouter()
        for path, methods in (
            ("/v1/company", ["GET"]),
            ("/v1/{collection}", ["GET", "POST"]),
            ("/v1/{collection}/{id}", ["GET", "PUT", "DELETE"]),
        ):
            router.add_route(path, self._serve, methods=methods, include_in_schema=False)
        return router

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object; every required field must be given."""
        return self._controlled(lambda: self.holdings.view(self.holdings.make(collection, values)))

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:  # noqa: ARG002 - Carbon keeps no events
        """Change fields of an object."""

        def change() -> dict[str, Any]:
            before = self.holdings.at(collection, id).values
            return self.holdings.view(self.holdings.replace(collection, id, before | values))

        return self._controlled(change)

    def delete(self, collection: str, id: str, *, event: bool) -> None:  # noqa: ARG002 - Carbon keeps no events
        """Remove an object."""
        self._controlled(lambda: self.holdings.remove(collection, id))

    def settings(self) -> dict[str, Any]:
        """The switch, as `PUT /_sandbox/settings/carbon` takes it."""
        return {"visible_after": self.holdings.visible_after}

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the switch."""
        super().configure(values)
        seconds = values.get("visible_after", 0)
        if isinstance(seconds, bool) or not (isinstance(seconds, int | float) and 0 <= seconds < float("inf")):
            raise UnusableValues("visible_after must be seconds, 0 or more")
        if "visible_after" in values:
            self.holdings.visible_after = float(seconds)
        return self.settings()

    def _now(self) -> float:
        return self.clock()  # asked each time: a test may set another clock

    def _controlled(self, change: Callable[[], T]) -> T:
        try:
            return change()
        except Refusal as refusal:
            raise (UnknownObject if refusal.status == 404 else UnusableValues)(refusal.message) from None

    async def _serve(self, request: Request) -> Response:
        try:
            self._admit(request.headers)
            status, content = self._answer(request, await _received(request))
        except Refusal as refusal:
            headers = {"retry-after": "1"} if refusal.status == 429 else None
            return _response(refusal.status, {"message": refusal.message}, headers)
        return _response(status, content)

    def _admit(self, headers: Mapping[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "the token is missing or wrong")
        if self.options.limits == "off":
            return
        now = time.monotonic()
        while self._admitted and self._admitted[0] <= now - 60:
            self._admitted.popleft()
        if len(self._admitted) >= PER_MINUTE:
            raise Refusal(429, f"more than {PER_MINUTE} requests a minute")
        self._admitted.append(now)

    def _answer(self, request: Request, body: bytes) -> tuple[int, Any]:
        collection, id = request.path_params.get("collection"), request.path_params.get("id")
        if collection is None:
            return 200, {"id": "carbon-1", "name": "Carbon Copies SARL"}
        if id is not None:
            return self._answer_one(request.method, collection, id, body)
        if request.method == "POST":
            return 201, self.holdings.view(self.holdings.make(collection, _parsed(body)))
        return 200, self._listed(collection, request.query_params)

    def _answer_one(self, method: str, collection: str, id: str, body: bytes) -> tuple[int, Any]:
        holdings = self.holdings
        if method == "DELETE":
            holdings.remove(collection, id)
            return 204, None
        if method == "PUT":
            return 200, holdings.view(holdings.replace(collection, id, _parsed(body)))
        return 200, holdings.view(holdings.at(collection, id))

    def _listed(self, collection: str, query: Mapping[str, str]) -> dict[str, Any]:
        things = self.holdings.shown(collection, query.get("reference"))
        page, size = _number(query, "page", 1), _number(query, "size", 50)
        if size > LARGEST_PAGE:
            raise Refusal(422, f"size is at most {LARGEST_PAGE}")
        some = things[(page - 1) * size : page * size]
        return {"items": [self.holdings.view(thing) for thing in some], "total": len(things)}


async def _received(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(400, "the connection ended before the body did") from None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is not JSON") from None


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and 0 < len(given) < 10 and int(given)):
        raise Refusal(422, f"{name} must be a whole number, 1 or more")
    return int(given)


def _response(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    if content is None:
        return Response(status_code=status, headers=headers)
    return Response(json.dumps(content), status, headers, "application/json")
