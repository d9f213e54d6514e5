"""A ledger in memory whose documents are imported into Pennylane's stand-in, over a real store and real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

from .desk import Company, Desk


@pytest.fixture(scope="session")
def product() -> PennylaneSandbox:
    """A company without customers and documents."""
    return PennylaneSandbox(SandboxOptions(customers=0, invoices=0, limits="off"))


@pytest.fixture(scope="session")
def running(product: PennylaneSandbox) -> Iterator[RunningSandbox]:
    with running_sandbox([product]) as sandbox:
        yield sandbox


@pytest.fixture
def company(running: RunningSandbox) -> Iterator[Company]:
    """The company as it was at first, seen through its own API and the sandbox's control calls."""
    with httpx.Client(base_url=running.url, timeout=60) as http:
        assert http.post("/_sandbox/reset").status_code == 204
        yield Company(http)


@pytest.fixture
def open_desk(running: RunningSandbox, company: Company, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Return a maker of connections to the company; keywords are the target's settings."""
    made: list[Desk] = []

    def open_one(**settings: Any) -> Desk:
        desk = Desk(f"sqlite:///{tmp_path / f'desk{len(made)}.db'}", running, company, settings)
        made.append(desk)
        return desk

    yield open_one
    for desk in made:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A connection with the usual settings."""
    return open_desk(default_country="FR", zero_rate_code={"default": "exempt"})


@pytest.fixture
def a_day() -> timedelta:
    return timedelta(days=1, minutes=1)
