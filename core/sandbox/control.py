"""How does a test or a demonstration look into the sandbox and change what the products hold?

    GET    /_sandbox/journal                        every product request since the last reset, oldest first
    POST   /_sandbox/reset                          the seeded state again, empty journal, no faults; 204
    GET    /_sandbox/faults                         the faults on order, and how often each struck
    PUT    /_sandbox/faults                         orders faults in the place of those before; without rules, none
    POST   /_sandbox/{product}/{collection}         adds an object; 201 and the object as stored
    PATCH  /_sandbox/{product}/{collection}/{id}    merges; 200 and the object as stored  (?event=none: no change event)
    DELETE /_sandbox/{product}/{collection}/{id}    removes; 204                          (?event=none: no change event)
    GET    /_sandbox/settings/{product}             the product's switches and their values
    PUT    /_sandbox/settings/{product}             turns the switches named in the body, leaves the others

Unknown products, collections and ids are answered 404, unusable bodies 422, always `{"error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from duebridge.core.sandbox.faults import Faults, understood
from duebridge.core.sandbox.journal import Journal
from duebridge.core.sandbox.product import ProductSandbox, UnknownObject, UnusableValues


class Control:
    """The control endpoints over some products, their journal and the faults on order."""

    def __init__(self, products: Sequence[ProductSandbox], journal: Journal, faults: Faults) -> None:
        """Control `products`, which are looked up by name."""
        self.products: Mapping[str, ProductSandbox] = {product.name: product for product in products}
        self.journal = journal
        self.faults = faults

    def router(self) -> APIRouter:
        """The endpoints, to be included without a prefix."""
        router = APIRouter(prefix="/_sandbox", include_in_schema=False)
        router.add_api_route("/journal", self.read_journal, methods=["GET"])
        router.add_api_route("/reset", self.reset, methods=["POST"])
        router.add_api_route("/faults", self.read_faults, methods=["GET"])
        router.add_api_route("/faults", self.order_faults, methods=["PUT"])
        router.add_api_route("/settings/{product}", self.read_settings, methods=["GET"])
        router.add_api_route("/settings/{product}", self.put_settings, methods=["PUT"])
        router.add_api_route("/{product}/{collection}", self.create, methods=["POST"])
        router.add_api_route("/{product}/{collection}/{id}", self.patch, methods=["PATCH"])
        router.add_api_route("/{product}/{collection}/{id}", self.delete, methods=["DELETE"])
        return router

    async def read_journal(self) -> Response:
        """Every product request since the last reset."""
        return _answer(self.journal.rows())

    async def reset(self) -> Response:
        """Back to the seeded state."""
        for product in self.products.values():
            product.reset()
        self.journal.clear()
        self.faults.clear()
        return Response(status_code=204)

    async def read_faults(self) -> Response:
        """The faults on order."""
        return _answer(self.faults.shown())

    async def order_faults(self, request: Request) -> Response:
        """Order faults in the place of those before."""
        self.faults.order(understood(await _object(request), self.products))
        return _answer(self.faults.shown())

    async def read_settings(self, request: Request) -> Response:
        """The product's switches."""
        return _answer(self._product(request).settings())

    async def put_settings(self, request: Request) -> Response:
        """Turn some of the product's switches."""
        return _answer(self._product(request).configure(await _object(request)))

    async def create(self, request: Request) -> Response:
        """Add an object."""
        stored = self._product(request).create(request.path_params["collection"], await _object(request))
        return _answer(stored, status_code=201)

    async def patch(self, request: Request) -> Response:
        """Merge into an object."""
        where = request.path_params
        event = _wants_event(request)
        stored = self._product(request).patch(where["collection"], where["id"], await _object(request), event=event)
        return _answer(stored)

    async def delete(self, request: Request) -> Response:
        """Remove an object."""
        where = request.path_params
        self._product(request).delete(where["collection"], where["id"], event=_wants_event(request))
        return Response(status_code=204)

    def _product(self, request: Request) -> ProductSandbox:
        name = request.path_params["product"]
        if name not in self.products:
            raise UnknownObject(f"no product {name!r}; there are: {', '.join(sorted(self.products))}")
        product = self.products[name]
        product.origin = f"{request.url.scheme}://{request.url.netloc}"
        return product


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise UnusableValues("the body is not JSON") from None
    if not isinstance(body, dict):
        raise UnusableValues("the body must be a JSON object")
    return body


def _answer(content: Any, status_code: int = 200) -> Response:
    """JSON in ASCII: a lone surrogate, which a body may hold, has no UTF-8."""
    return Response(json.dumps(content, separators=(",", ":")), status_code, media_type="application/json")


def _wants_event(request: Request) -> bool:
    event = request.query_params.get("event", "record")
    if event not in ("record", "none"):
        raise UnusableValues(f"event={event}: only event=none is known")
    return event == "record"


async def _unknown(_: Request, error: Exception) -> Response:
    return _answer({"error": str(error.args[0] if error.args else error)}, status_code=404)


async def _unusable(_: Request, error: Exception) -> Response:
    return _answer({"error": str(error)}, status_code=422)


def install_refusals(app: FastAPI) -> None:
    """Answer control calls that can't be carried out."""
    app.add_exception_handler(UnknownObject, _unknown)
    app.add_exception_handler(UnusableValues, _unusable)
