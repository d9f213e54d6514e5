"""Fixtures: scenes between Pennylane's stand-in and Afakto's folder, small ones without data and one with the usual."""

from __future__ import annotations

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
from duebridge.targets.afakto.sandbox import AfaktoSandbox

from ..acceptance.interference import Interference
from ..acceptance.pacing import wide_budget
from ..acceptance.scene import Clock
from .scene import TOKENS, Scene, Served

OpenScene = Callable[..., Scene]


@contextmanager
def serving(**options: Any) -> Iterator[Served]:
    """Serve both stand-ins, without limits unless told otherwise."""
    chosen = SandboxOptions(**({"limits": "off"} | options))
    clock, interference = Clock(), Interference()
    pennylane, afakto = PennylaneSandbox(chosen, clock=clock), AfaktoSandbox(chosen)
    with running_sandbox([pennylane, afakto], inside=[interference.wrap]) as running:
        budget = wide_budget(running.base("pennylane"), TOKENS["PENNYLANE_TOKEN"])
        yield Served(running, pennylane, afakto, clock, interference, budget)


@pytest.fixture(scope="session")
def afakto_served() -> Iterator[Callable[..., Served]]:
    """Return what serves the stand-ins, once for each set of options."""
    running: dict[tuple[tuple[str, Any], ...], Served] = {}
    with ExitStack() as stack:

        def serve(**options: Any) -> Served:
            key = tuple(sorted(options.items()))
            if key not in running:
                running[key] = stack.enter_context(serving(**options))
            return running[key]

        yield serve


@pytest.fixture(scope="session")
def installed() -> Registry:
    """The connectors that are installed."""
    return Registry.load()


@pytest.fixture
def afakto_scene(afakto_served: Callable[..., Served], installed: Registry, tmp_path: Path) -> Iterator[OpenScene]:
    """Return a maker of scenes in the test's own folder, the stand-ins as at their start."""
    with httpx.Client(timeout=60) as http:

        def open_one(**options: Any) -> Scene:
            served = afakto_served(**options)
            served.clock.ahead = timedelta()
            served.interference.between = None
            assert http.post(f"{served.running.url}/_sandbox/reset").status_code == 204
            scene = Scene(served, tmp_path, installed, http)
            scene.delivered.mkdir()
            scene.configure()
            return scene

        yield open_one


@pytest.fixture
def empty(afakto_scene: OpenScene) -> Scene:
    """A ledger without customers and documents: what a test makes is all there is."""
    return afakto_scene(customers=0, invoices=0)


@pytest.fixture
def usual(afakto_scene: OpenScene) -> Scene:
    """A ledger with 40 customers and 300 rows in its invoice list, of every kind there is."""
    return afakto_scene(customers=40, invoices=300)
