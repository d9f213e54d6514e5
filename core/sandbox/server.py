"""How do the products' stand-ins become one server?

`/{product}/...` is the product's own, `/_sandbox/...` is `control`. From the outside in, a request passes the journal
(which sees it whatever becomes of the answer), the faults on order, what `create_app` was given as `inside`, then the
routes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from starlette.types import ASGIApp

from duebridge.core.sandbox.control import Control, install_refusals
from duebridge.core.sandbox.faults import Faults
from duebridge.core.sandbox.journal import Journal, JournalMiddleware
from duebridge.core.sandbox.product import ProductSandbox
from duebridge.core.sandbox.striking import FaultsMiddleware

#: Wraps an ASGI application in another one.
Wrapper = Callable[[ASGIApp], ASGIApp]


def create_app(products: Sequence[ProductSandbox], *, inside: Sequence[Wrapper] = ()) -> ASGIApp:
    """Return the ASGI application that serves `products`, each under its name, and the control endpoints.

    `inside` wrappers stand between the faults and the routes, the first outermost.
    """
    journal, faults = Journal(), Faults()
    app: ASGIApp = _routes(products, journal, faults)
    for wrap in reversed(inside):
        app = wrap(app)
    return JournalMiddleware(FaultsMiddleware(app, faults), journal, [product.name for product in products])


def _routes(products: Sequence[ProductSandbox], journal: Journal, faults: Faults) -> FastAPI:
    app = FastAPI(title="DueBridge sandbox", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    install_refusals(app)
    app.include_router(Control(products, journal, faults).router())
    for product in products:
        app.include_router(product.router(), prefix=f"/{product.name}")
    return app
