"""Fincome's stand-in server, below `/product`.

    GET    /{collection}         {items, total, limit, offset}, oldest first; ?limit= (100, at most 500) ?offset=
    POST   /{collection}         202 and the object: created, or the one with its id replaced
    GET    /{collection}/{id}    200 and the object
    PATCH  /{collection}/{id}    202 and the object, the fields given changed (PUT does the same)
    GET    /invoice_lines        the lines of all invoices

Collections: customers (or clients), products, prices (or plans), subscriptions, invoices, credit_notes; `shapes` has
their fields. Nothing is deleted. The key `sandbox-fincome` is taken in any header that is usual for keys, since
Fincome publishes none; no limit of requests is known, so none is kept. That GET lists everything is this stand-in's
own, for people and tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from secrets import compare_digest
from typing import Any, ClassVar, NoReturn, TypeVar
from urllib.parse import unquote

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from duebridge.core.sandbox.product import ProductSandbox, UnknownObject, UnusableValues
from duebridge.targets.fincome.sandbox.filling import filled
from duebridge.targets.fincome.sandbox.holdings import Holdings, Refusal, Values

KEY = "sandbox-fincome"
HEADERS = ("x-api-key", "api-key", "apikey", "authorization")
LARGEST_PAGE = 500

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

T = TypeVar("T")


class FincomeSandbox(ProductSandbox):
    """Fincome's API. Tests may set `now`, which stamps what is written.

    Switch: `subscription_required`, whether an invoice must name a subscription, as Fincome's help says in general.
    """

    name: ClassVar[str] = "fincome"
    now: Callable[[], datetime] = staticmethod(lambda: datetime.now(UTC))

    def reset(self) -> None:
        """Go back to an account that has received nothing."""
        self.holdings = Holdings(self._clock)

    def router(self) -> APIRouter:
        """Offer one entry for all paths."""
        router = APIRouter()
        router.add_route("/product/{path:path}", self._serve, methods=_METHODS, include_in_schema=False)
        return router

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object, what is left out filled in; what it must name is made if there is none."""
        return self._controlled(lambda: self.holdings.save(collection, filled(self.holdings, collection, values)))

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:  # noqa: ARG002 - Fincome keeps no events
        """Change fields of an object."""
        return self._controlled(lambda: self.holdings.change(collection, id, values))

    def delete(self, collection: str, id: str, *, event: bool) -> None:  # noqa: ARG002 - Fincome keeps no events
        """Remove an object."""
        self._controlled(lambda: self.holdings.remove(collection, id))

    def settings(self) -> dict[str, Any]:
        """The switch, as `PUT /_sandbox/settings/fincome` takes it."""
        return {"subscription_required": self.holdings.subscription_required}

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the switch."""
        super().configure(values)
        required = values.get("subscription_required", self.holdings.subscription_required)
        if not isinstance(required, bool):
            raise UnusableValues("subscription_required must be true or false")
        self.holdings.subscription_required = required
        return self.settings()

    def _clock(self) -> datetime:
        return self.now()  # asked each time: a test may set another clock

    def _controlled(self, change: Callable[[], T]) -> T:
        try:
            return change()
        except Refusal as refusal:
            raise (UnknownObject if refusal.status == 404 else UnusableValues)(str(refusal)) from None

    async def _serve(self, request: Request) -> Response:
        try:
            _admit(request.headers)
            status, content = self._answer(request.method, _steps(request), request, await _received(request))
        except Refusal as refusal:
            return _response(refusal.status, {"detail": refusal.detail})
        return _response(status, content)

    def _answer(self, method: str, steps: Sequence[str], request: Request, body: bytes) -> tuple[int, Any]:
        if steps == ["invoice_lines"] and method == "GET":
            return 200, _page(self.holdings.lines(), request.query_params)
        if len(steps) == 1 and method in ("GET", "POST"):
            return self._of_collection(method, steps[0], request, body)
        if len(steps) == 2 and method in ("GET", "PUT", "PATCH"):
            return self._of_one(method, steps[0], steps[1], body)
        if len(steps) in (1, 2):
            self.holdings.shelf(steps[0])
            raise Refusal(405, "Method Not Allowed")
        raise Refusal(404, "Not Found")

    def _of_collection(self, method: str, collection: str, request: Request, body: bytes) -> tuple[int, Any]:
        shelf = self.holdings.shelf(collection)
        if method == "GET":
            return 200, _page(list(shelf.values()), request.query_params)
        return 202, self.holdings.save(collection, _parsed(body))

    def _of_one(self, method: str, collection: str, id: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return 200, self.holdings.at(collection, id)
        return 202, self.holdings.change(collection, id, _parsed(body))


def _admit(headers: Mapping[str, str]) -> None:
    given = next((headers[name] for name in HEADERS if headers.get(name)), None)
    if given is None:
        raise Refusal(401, "Not authenticated")
    if not compare_digest(given.removeprefix("Bearer ").encode(), KEY.encode()):
        raise Refusal(401, "The API key is not valid")


def _steps(request: Request) -> list[str]:
    """The path below `/product/`, split before it is decoded, so that an id may hold a slash."""
    raw: bytes = request.scope["raw_path"]
    below = raw.split(b"?", 1)[0].decode("latin-1").partition("/product/")[2]
    return [unquote(step) for step in below.rstrip("/").split("/")]


def _page(items: list[Values], query: Mapping[str, str]) -> Values:
    limit, offset = _number(query, "limit", 100, 1), _number(query, "offset", 0, 0)
    if limit > LARGEST_PAGE:
        raise _complained("limit", f"Input should be less than or equal to {LARGEST_PAGE}", "less_than_equal")
    return {"items": items[offset : offset + limit], "total": len(items), "limit": limit, "offset": offset}


def _number(query: Mapping[str, str], name: str, usual: int, least: int) -> int:
    given = query.get(name, str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) >= least):
        raise _complained(name, f"Input should be a whole number, {least} or more", "int_parsing")
    return int(given)


def _complained(name: str, said: str, sort: str) -> Refusal:
    return Refusal(422, [{"loc": ["query", name], "msg": said, "type": sort}])


async def _received(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(400, "the connection ended before the body did") from None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(422, [{"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}]) from None


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _response(status: int, content: Any) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, None, "application/json")
