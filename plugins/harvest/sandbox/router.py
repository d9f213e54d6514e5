"""Which path is answered how?

Every request of the API passes the rate limit, then names application, token and account. The web address, below
`/client`, asks for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duebridge.plugins.harvest.sandbox import files, objects
from duebridge.plugins.harvest.sandbox.access import admit, token_of
from duebridge.plugins.harvest.sandbox.listing import SORTS, listed, whole_id
from duebridge.plugins.harvest.sandbox.refusals import Refusal, forbidden, not_found

if TYPE_CHECKING:
    from duebridge.plugins.harvest.sandbox.product import HarvestSandbox

PREFIX = "/v2"
COMPANY = "Studio Aurore SARL"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered: what its path and query name, and where the stand-in is reached."""

    ids: Mapping[str, str]
    query: Mapping[str, str]
    root: str
    path: str


Answer = Callable[["HarvestSandbox", Asked], Any]


def _company(product: HarvestSandbox, asked: Asked) -> Any:
    return objects.company(COMPANY, product.web_address or asked.root, invoice_feature=product.invoice_feature)


def _me(product: HarvestSandbox, _: Asked) -> Any:
    return objects.owner(product.timezone)


def _list(collection: str) -> Answer:
    def answer(product: HarvestSandbox, asked: Asked) -> Any:
        rows = product.state.rows[collection].values()
        return listed(SORTS[collection], rows, asked.query, f"{asked.root}{asked.path}", product.page_size)

    return answer


def _one(collection: str, name: str) -> Answer:
    return lambda product, asked: product.state.found(collection, whole_id(asked.ids[name]) or 0)


def _payments(product: HarvestSandbox, asked: Asked) -> Any:
    invoice = product.state.found("invoices", whole_id(asked.ids["invoiceId"]) or 0)
    rows = product.state.payments_of(invoice["id"])
    return listed(SORTS["payments"], rows, asked.query, f"{asked.root}{asked.path}", product.page_size)


ROUTES: tuple[tuple[str, Answer], ...] = (
    ("/company", _company),
    ("/users/me", _me),
    ("/clients", _list("clients")),
    ("/clients/{clientId}", _one("clients", "clientId")),
    ("/contacts", _list("contacts")),
    ("/contacts/{contactId}", _one("contacts", "contactId")),
    ("/invoices", _list("invoices")),
    ("/invoices/{invoiceId}", _one("invoices", "invoiceId")),
    ("/invoices/{invoiceId}/payments", _payments),
    ("/invoice_item_categories", _list("invoice_item_categories")),
    (
        "/invoice_item_categories/{invoiceItemCategoryId}",
        _one("invoice_item_categories", "invoiceItemCategoryId"),
    ),
)
_ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Api:
    """The endpoints over one stand-in."""

    def __init__(self, product: HarvestSandbox) -> None:
        self.product = product

    def router(self) -> APIRouter:
        """The routes, and a 404 for every other path below the API's root."""
        router = APIRouter()
        for path, answer in ROUTES:
            router.add_route(PREFIX + path, self._endpoint(answer), methods=["GET"])
        router.add_route(PREFIX + "/{rest:path}", self._endpoint(_nothing), methods=_ALL_METHODS)
        router.add_route(files.PATH, self._file, methods=["GET"])
        return router

    def _endpoint(self, answer: Answer) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            with self.product.lock:
                told = {"date": format_datetime(self.product.clock().astimezone(UTC), usegmt=True)}
                try:
                    return _json(self._answered(request, answer), 200, told)
                except Refusal as refusal:
                    return _json(refusal.body, refusal.status, told | refusal.headers)

        return endpoint

    async def _file(self, request: Request) -> Response:
        with self.product.lock:
            return files.serve(self.product, request)

    def _answered(self, request: Request, answer: Answer) -> Any:
        query = dict(request.query_params)
        product = self.product
        if product.windows is not None:
            product.windows.count(token_of(request.headers, query))
        admit(request.headers, query, valid=product.token_valid)
        if not product.permitted:
            raise forbidden()
        root = f"{request.url.scheme}://{request.url.netloc}/{product.name}"
        path = request.url.path.removeprefix(f"/{product.name}")
        return answer(product, Asked(request.path_params, query, root, path))


def _nothing(_: HarvestSandbox, __: Asked) -> Any:
    raise not_found()


def _json(content: Any, status: int, headers: Mapping[str, str]) -> Response:
    """JSON in ASCII: a lone surrogate, which a name may hold, has no UTF-8."""
    body = json.dumps(content, separators=(",", ":"))
    return Response(body, status, headers, media_type="application/json")
