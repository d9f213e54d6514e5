"""How is Billabex's stand-in plugged into the sandbox server? Requests in, JSON out, and control calls beside.

    GET    /api/public/v1/status                                       without a token
    GET    …/organizations  …/organizations/{id}
    GET POST …/accounts   GET PUT DELETE …/accounts/{id}   PUT DELETE …/accounts/{id}/source
    GET POST …/accounts/{id}/contacts   PUT …/contacts/upsert   GET PUT PATCH DELETE …/contacts/{id}
    GET POST …/invoices   GET DELETE …/invoices/{id}   PUT …/invoices/{id}/paid-amount
    GET POST …/credit-notes   GET DELETE …/credit-notes/{id}
    POST   …/credit-allocations   POST …/credit-allocations/remove

Lists of the organization need `organizationId`, and go on with `after` until `nodes` is empty. A write with an
`Idempotency-Key` that was answered before is answered the same again, and refused with another request.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, ClassVar, NoReturn

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from duebridge.core.sandbox.product import ProductSandbox
from duebridge.targets.billabex.sandbox import forms
from duebridge.targets.billabex.sandbox.control import Control
from duebridge.targets.billabex.sandbox.exchange import Call, Reply
from duebridge.targets.billabex.sandbox.gate import Gate
from duebridge.targets.billabex.sandbox.refusal import Refusal, invalid
from duebridge.targets.billabex.sandbox.routes import KINDS, Routes
from duebridge.targets.billabex.sandbox.state import Answered, State
from duebridge.targets.billabex.sandbox.switches import Switches

_ROOT = "/api/public/v1"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class BillabexSandbox(ProductSandbox):
    """Billabex's API below `/api/public/v1`: the rules of each operation are in the module of its noun.

    Tests may set `clock` (unix seconds), which decides what a list shows, what is late (UTC) and the rate limit.
    """

    name: ClassVar[str] = "billabex"
    clock: Callable[[], float] = staticmethod(time.time)

    def reset(self) -> None:
        """Go back to an organization that has received nothing; limits and switches start anew."""
        self.gate = Gate(limited=self.options.limits == "real", clock=self._now)
        self.hold(State(self.options.seed), Switches())

    def hold(self, state: State, switches: Switches) -> None:
        """Serve this state."""
        self.state = state
        self.routes = Routes(state, switches, self._now, self._today)
        self._control = Control(self.routes)

    def router(self) -> APIRouter:
        """Offer one entry for all paths; the table is in `routes`."""
        router = APIRouter()
        router.add_route(f"{_ROOT}/{{path:path}}", self._serve, methods=_METHODS, include_in_schema=False)
        return router

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object of `accounts`, `contacts`, `invoices` or `credit-notes`, what is left out filled in."""
        return self._control.create(collection, values)

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:  # noqa: ARG002 - Billabex tells no events
        """Change fields of an object; `readOnlyReason` too."""
        return self._control.patch(collection, id, values)

    def delete(self, collection: str, id: str, *, event: bool) -> None:  # noqa: ARG002 - Billabex tells no events
        """Remove an object with all that is in it."""
        self._control.delete(collection, id)

    def settings(self) -> dict[str, Any]:
        """The switches, as `switches` has them."""
        return self.routes.switches.shown()

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn switches."""
        super().configure(values)
        self.routes.switches = self.routes.switches.turned(values)
        return self.settings()

    def _now(self) -> float:
        return self.clock()  # asked each time: a test may set another clock

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock(), UTC).date()

    async def _serve(self, request: Request) -> Response:
        path = _raw_path(request)
        if path == "status" and request.method == "GET":
            return _respond(Reply(200, {"status": "ok"}))
        headers: dict[str, str] = {}
        try:
            headers = self.gate.admit(request.headers)
            return _respond(await self._answer(request, path), headers)
        except Refusal as refusal:
            return _respond(Reply(refusal.status, {"message": refusal.message}), headers | dict(refusal.headers))

    async def _answer(self, request: Request, path: str) -> Reply:
        operation, pattern, ids = self.routes.find(request.method, path)
        if request.method == "GET":
            return operation(Call(ids, request.query_params))
        raw = await _received(request)
        said = sha256(b"\n".join((request.method.encode(), path.encode(), raw))).digest()
        if (before := self._answered(request, said)) is not None:
            return before
        reply = operation(Call(ids, request.query_params, await self._body(request, pattern, raw)))
        if key := request.headers.get("idempotency-key"):
            self.state.answered[key] = Answered(said, reply.status, reply.content, self.clock())
        return reply

    def _answered(self, request: Request, said: bytes) -> Reply | None:
        """What this key was answered before, unless that is too long ago."""
        key = request.headers.get("idempotency-key", "")
        held = self.state.answered.get(key)
        if held is None or held.at + self.routes.switches.keys_kept_for <= self.clock():
            return None
        if held.request != said:
            raise Refusal(422, "this Idempotency-Key was used for another request")
        return Reply(held.status, held.content)

    async def _body(self, request: Request, pattern: tuple[str, ...], raw: bytes) -> Any:
        kind = next((kind for kind in KINDS if pattern == (kind,)), None)
        if kind is None:
            return _parsed(raw) if request.method != "DELETE" else None
        fields, file = await forms.received(request)
        values = forms.understood(kind, fields)
        return values | forms.checked_file(file, required=self.routes.switches.file_required)


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope["raw_path"]
    return raw.split(b"?", 1)[0].partition(f"{_ROOT}/".encode())[2].decode("latin-1")


async def _received(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(400, "the connection ended before the body did") from None


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is not JSON: {error}") from None
    except InvalidOperation:
        raise Refusal(400, "the body holds a number beyond reason") from None


def _refuse_constant(word: str) -> NoReturn:
    invalid(f"{word} is not JSON")


def _respond(reply: Reply, headers: dict[str, str] | None = None) -> Response:
    if reply.content is None:
        return Response(status_code=reply.status, headers=headers)
    content = json.dumps(reply.content, ensure_ascii=False, separators=(",", ":"))
    return Response(content.encode("utf-8", "replace"), reply.status, headers, "application/json")
