"""Scenes between the products' stand-ins: small ones without data, and one with the usual data of a seed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

from .fincome_fixtures import fincome_served, large, open_fincome, small  # noqa: F401 - fixtures, for every test here
from .interference import Interference
from .pacing import wide_budget
from .scene import SECRETS, Clock, OpenScene, Scene, Served


@contextmanager
def serving(**options: Any) -> Iterator[Served]:
    """Serve both stand-ins, without limits unless told otherwise."""
    chosen = SandboxOptions(**({"limits": "off"} | options))
    clock, interference = Clock(), Interference()
    pennylane, upflow = PennylaneSandbox(chosen, clock=clock), UpflowSandbox(chosen)
    upflow.today = clock.today
    with running_sandbox([pennylane, upflow], inside=[interference.wrap]) as running:
        held = wide_budget(running.base("pennylane"), SECRETS["PENNYLANE_TOKEN"]) if chosen.limits == "off" else None
        yield Served(running, pennylane, upflow, clock, interference, held)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The connectors that are installed."""
    return Registry.load()


@pytest.fixture(scope="session")
def served_with() -> Iterator[Callable[..., Served]]:
    """Return what serves the stand-ins, once for each set of options."""
    running: dict[tuple[tuple[str, Any], ...], Served] = {}
    with ExitStack() as stack:

        def serve(**options: Any) -> Served:
            key = tuple(sorted(options.items()))
            if key not in running:
                running[key] = stack.enter_context(serving(**options))
            return running[key]

        yield serve


@pytest.fixture
def open_scene(served_with: Callable[..., Served], registry: Registry, tmp_path: Path) -> Iterator[OpenScene]:
    """Return a maker of scenes in the test's own folder, the stand-ins as at their start."""
    with httpx.Client(timeout=60) as http:

        def open_one(**options: Any) -> Scene:
            served = served_with(**options)
            served.clock.ahead = timedelta()
            served.interference.between = None
            served.upflow.pause = _no_pause
            assert http.post(f"{served.running.url}/_sandbox/reset").status_code == 204
            scene = Scene(served, tmp_path, registry, http)
            scene.configure()
            return scene

        yield open_one


async def _no_pause() -> None:
    await asyncio.sleep(0)


@pytest.fixture
def empty(open_scene: OpenScene) -> Scene:
    """A ledger without customers and documents: what a test makes is all there is."""
    return open_scene(customers=0, invoices=0)


@pytest.fixture
def usual(open_scene: OpenScene) -> Scene:
    """A ledger with 40 customers and 300 rows in its invoice list, of every kind there is."""
    return open_scene(customers=40, invoices=300)
