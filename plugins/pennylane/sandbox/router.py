"""Which path is answered how?

Every request passes the rate limit, the token, its scopes and the contract's parameters before it is looked up. Answers
are put together from the rows' own JSON text, so that a page costs little.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from duebridge.plugins.pennylane.sandbox import answers, customer_writes, files, imports
from duebridge.plugins.pennylane.sandbox.access import Grant, bearer
from duebridge.plugins.pennylane.sandbox.answers import Asked
from duebridge.plugins.pennylane.sandbox.bodies import check, read_json, schema_of
from duebridge.plugins.pennylane.sandbox.contract import PREFIX, Operation, operation, whole_number
from duebridge.plugins.pennylane.sandbox.refusals import Refusal, not_found
from duebridge.plugins.pennylane.sandbox.uploads import Upload, read_upload

if TYPE_CHECKING:
    from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

#: What came with a request: its bytes, a file, or why neither can be had; told only to who may ask.
Received = bytes | Upload | Refusal
#: What answers a request: JSON bytes, or None for 204.
Answer = Callable[["PennylaneSandbox", Asked], bytes | None]

ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("get", "/me", answers.me),
    ("get", "/customers", answers.listed("customers")),
    ("get", "/customers/{id}", answers.one("customers")),
    ("get", "/customers/{customer_id}/contacts", answers.owned("customers", "contacts")),
    ("get", "/customer_invoices", answers.invoices),
    ("get", "/customer_invoices/{id}", answers.one("customer_invoices")),
    (
        "get",
        "/customer_invoices/{customer_invoice_id}/invoice_lines",
        answers.owned("customer_invoices", "invoice_lines"),
    ),
    ("get", "/customer_invoices/{customer_invoice_id}/payments", answers.owned("customer_invoices", "payments")),
    (
        "get",
        "/customer_invoices/{customer_invoice_id}/matched_transactions",
        answers.owned("customer_invoices", "matched_transactions"),
    ),
    ("put", "/customer_invoices/{id}/mark_as_paid", answers.mark_as_paid),
    ("post", "/customer_invoices/import", imports.import_invoice),
    ("put", "/customer_invoices/{id}/update_imported", imports.update_imported),
    ("post", "/customer_invoices/{id}/link_credit_note", imports.link_credit_note),
    ("post", "/file_attachments", answers.upload),
    ("post", "/company_customers", customer_writes.created("company")),
    ("get", "/company_customers/{id}", customer_writes.shown("company")),
    ("put", "/company_customers/{id}", customer_writes.changed("company")),
    ("post", "/individual_customers", customer_writes.created("individual")),
    ("get", "/individual_customers/{id}", customer_writes.shown("individual")),
    ("put", "/individual_customers/{id}", customer_writes.changed("individual")),
    ("get", "/ledger_entries", answers.ledger_entries),
    ("get", "/ledger_entries/{id}", answers.ledger_entry),
    ("get", "/ledger_entries/{ledger_entry_id}/ledger_entry_lines", answers.ledger_entry_lines),
    ("get", "/changelogs/customers", answers.changelog("customers")),
    ("get", "/changelogs/customer_invoices", answers.changelog("customer_invoices")),
    ("get", "/changelogs/products", answers.changelog("products")),
    ("get", "/ledger_accounts", answers.listed("ledger_accounts")),
    ("get", "/ledger_accounts/{id}", answers.one("ledger_accounts")),
    ("get", "/products", answers.listed("products")),
    ("get", "/products/{id}", answers.one("products")),
    ("get", "/billing_subscriptions", answers.listed("billing_subscriptions")),
    ("get", "/billing_subscriptions/{id}", answers.one("billing_subscriptions")),
    (
        "get",
        "/billing_subscriptions/{billing_subscription_id}/invoice_lines",
        answers.owned("billing_subscriptions", "subscription_lines"),
    ),
)
_ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Api:
    """The endpoints over one stand-in."""

    def __init__(self, product: PennylaneSandbox) -> None:
        self.product = product

    def router(self) -> APIRouter:
        """The routes, and a 404 for every other path below the API's root."""
        router = APIRouter()
        for method, path, answer in ROUTES:
            router.add_route(PREFIX + path, self._endpoint(method, path, answer), methods=[method.upper()])
        router.add_route(PREFIX + "/{rest:path}", self._nothing, methods=_ALL_METHODS)
        router.add_route(files.PATH, self._file, methods=["GET"])
        return router

    def _endpoint(self, method: str, path: str, answer: Answer) -> Callable[[Request], Any]:
        wanted, body = operation(method, path), schema_of(method, path)

        async def endpoint(request: Request) -> Response:
            received = await _received(request, body[0] if body is not None else None)

            def respond(grant: Grant) -> Response:
                return self._answer(request, wanted, answer, grant, _read(received, wanted, body))

            with self.product.lock:
                return self._guarded(request, wanted.scopes, respond)

        return endpoint

    async def _nothing(self, request: Request) -> Response:
        with self.product.lock:
            return self._guarded(request, (), _refuse_path)

    async def _file(self, request: Request) -> Response:
        """A file: whoever has its address gets it, so neither token nor rate limit is asked about."""
        with self.product.lock:
            return files.serve(self.product, request)

    def _guarded(self, request: Request, scopes: tuple[str, ...], respond: Callable[[Grant], Response]) -> Response:
        """Count the request, let it in or not, and put the rate limit's headers on whatever comes out."""
        headers: Mapping[str, str] = {}
        try:
            token = bearer(request.headers.get("authorization", ""))
            if self.product.windows is not None:
                headers = self.product.windows.count(token)
            response = respond(self.product.tokens.admit(token, scopes))
        except Refusal as refusal:
            response = _refused(refusal)
        response.headers.update(headers)
        return response

    def _answer(self, request: Request, wanted: Operation, answer: Answer, grant: Grant, body: Any) -> Response:
        query = dict(request.query_params)
        wanted.check(query)
        ids = [whole_number(name, text) for name, text in request.path_params.items()]
        self.product.pass_days()
        root = self.product.reached_at(f"{request.url.scheme}://{request.url.netloc}")
        shown = answer(self.product, Asked(wanted, query, ids[0] if ids else 0, root, grant.scopes, body))
        return Response(shown, wanted.success, media_type=None if shown is None else "application/json")


async def _received(request: Request, media: str | None) -> Received:
    if media is None:
        return b""
    if media == "application/json":
        return await request.body()
    try:
        return await read_upload(request)
    except Refusal as refusal:
        return refusal


def _read(received: Received, wanted: Operation, body: tuple[str, Any] | None) -> Any:
    """The body, within the contract. Raises the 400 or 422."""
    if isinstance(received, Refusal):
        raise received
    if body is None or isinstance(received, Upload):
        return received
    value = read_json(received)
    check(value, body[1], f"{wanted.name}/requestBody")
    return value


def _refuse_path(_: Grant) -> Response:
    raise not_found()


def _refused(refusal: Refusal) -> Response:
    if isinstance(refusal.body, str):
        return PlainTextResponse(refusal.body, refusal.status, refusal.headers)
    return Response(json.dumps(refusal.body), refusal.status, refusal.headers, "application/json")
