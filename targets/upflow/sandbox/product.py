"""How is Upflow's stand-in plugged into the sandbox server? Requests in, JSON out, and control calls beside.

Handlers run on one event loop and never wait while they change something, so nothing is locked; control calls must be
made on that loop too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, ClassVar, NoReturn

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from duebridge.core.sandbox.product import ProductSandbox
from duebridge.targets.upflow.sandbox.control import Control
from duebridge.targets.upflow.sandbox.definitions import seed
from duebridge.targets.upflow.sandbox.exchange import Call, Reply, Route
from duebridge.targets.upflow.sandbox.gate import Gate
from duebridge.targets.upflow.sandbox.refusal import Refusal, invalid
from duebridge.targets.upflow.sandbox.routes import Routes
from duebridge.targets.upflow.sandbox.state import State

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class UpflowSandbox(ProductSandbox):
    """Upflow's API below `/v1`: the rules of each operation are in the module of its noun.

    Tests may set `pause`, awaited in the middle of every write, so that overlapping ones meet, and `today`, which
    decides what is overdue (UTC).
    """

    name: ClassVar[str] = "upflow"
    pause: Callable[[], Awaitable[None]] = staticmethod(lambda: asyncio.sleep(0))
    today: Callable[[], date] = staticmethod(lambda: datetime.now(UTC).date())

    @property
    def overlapping_writes(self) -> list[str]:
        """One sentence for each write refused because another for the same customer was under way."""
        return self.gate.overlapping_writes

    def reset(self) -> None:
        """Go back to an organization that has received nothing; limits start anew."""
        state = State(self.options.seed)
        seed(state)
        self.gate = Gate(limited=self.options.limits == "real")
        self.routes = Routes(state, self._day)
        self._control = Control(self.routes)

    def router(self) -> APIRouter:
        """Offer one entry for all paths; the table is in `routes`."""
        router = APIRouter()
        router.add_route("/v1/{path:path}", self._serve, methods=_METHODS, include_in_schema=False)
        return router

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object of `collection`, what is left out filled in."""
        return self._control.create(collection, values)

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:  # noqa: ARG002 - Upflow keeps no events
        """Change fields of an object; derived ones given here are shown as given until its next write."""
        return self._control.patch(collection, id, values)

    def delete(self, collection: str, id: str, *, event: bool) -> None:  # noqa: ARG002 - Upflow keeps no events
        """Remove an object with all that hangs on it, links included."""
        self._control.delete(collection, id)

    def _day(self) -> date:
        return self.today()  # asked each time: a test may set another clock

    async def _serve(self, request: Request) -> Response:
        try:
            return _respond(await self._answer(request))
        except Refusal as refusal:
            return _respond(Reply(refusal.status, {"message": refusal.message}), dict(refusal.headers))

    async def _answer(self, request: Request) -> Reply:
        gate = self.gate
        gate.admit(request.headers)
        with gate.slot():
            route, ids = self.routes.find(request.method, _raw_path(request))
            if route.touches is None:
                return route.run(Call(ids, request.query_params))
            body = None if request.method == "DELETE" else _parse(await _receive(request))
            return await self._write(gate, route, Call(ids, request.query_params, body), request)

    async def _write(self, gate: Gate, route: Route, call: Call, request: Request) -> Reply:
        customers = route.touches(call) if route.touches else frozenset()
        with gate.hold(customers, f"{request.method} {request.url.path}"):
            await self.pause()
            return route.run(call)


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope["raw_path"]
    return raw.split(b"?", 1)[0].partition(b"/v1/")[2].decode("latin-1")


async def _receive(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(400, "the connection ended before the body did") from None


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is not JSON: {error}") from None


def _refuse_constant(word: str) -> NoReturn:
    invalid(f"{word} is not JSON")


def _respond(reply: Reply, headers: dict[str, str] | None = None) -> Response:
    if reply.content is None:
        return Response(status_code=reply.status, headers=headers)
    content = json.dumps(reply.content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, reply.status, headers, "application/json")
