"""Scenes of the way to Fincome: a small ledger where what a test makes is all there is, and a large one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.fincome.sandbox import FincomeSandbox

from .fincome_scene import SECRETS, FincomeScene
from .pacing import wide_budget
from .scene import Clock

OpenScene = Callable[..., FincomeScene]


@pytest.fixture(scope="session")
def fincome_served() -> Iterator[Callable[..., tuple[RunningSandbox, Clock]]]:
    """Return what serves both stand-ins without limits, once for each size of the ledger."""
    running: dict[tuple[int, int], tuple[RunningSandbox, Clock]] = {}
    held = []
    with ExitStack() as stack:

        def serve(customers: int, invoices: int) -> tuple[RunningSandbox, Clock]:
            if (customers, invoices) not in running:
                options = SandboxOptions(customers=customers, invoices=invoices, limits="off")
                clock = Clock()
                products = [PennylaneSandbox(options, clock=clock), FincomeSandbox(options)]
                sandbox = stack.enter_context(running_sandbox(products))
                held.append(wide_budget(sandbox.base("pennylane"), SECRETS["PENNYLANE_TOKEN"]))
                running[customers, invoices] = sandbox, clock
            return running[customers, invoices]

        yield serve


@pytest.fixture
def open_fincome(
    fincome_served: Callable[..., tuple[RunningSandbox, Clock]], registry: Registry, tmp_path: Path
) -> Iterator[OpenScene]:
    """Return a maker of scenes in the test's own folder, the stand-ins as at their start."""
    with httpx.Client(timeout=60) as http:

        def open_one(customers: int, invoices: int) -> FincomeScene:
            sandbox, clock = fincome_served(customers, invoices)
            clock.ahead = timedelta()
            assert http.post(f"{sandbox.url}/_sandbox/reset").status_code == 204
            scene = FincomeScene(sandbox.url, tmp_path, registry, http, clock)
            scene.configure()
            return scene

        yield open_one


@pytest.fixture
def small(open_fincome: OpenScene) -> FincomeScene:
    """A ledger with one customer, `acme`, which documents go to unless told otherwise."""
    scene = open_fincome(0, 0)
    for collection in ("products", "billing_subscriptions"):
        for row in scene.ledger(collection):
            scene.remove(collection, row["id"])
    scene.make("customers", name="Acme", external_reference="acme")
    return scene


@pytest.fixture
def large(open_fincome: OpenScene) -> FincomeScene:
    """A ledger with 40 customers, 300 rows in its invoice list, products and subscriptions of every kind."""
    return open_fincome(40, 300)
