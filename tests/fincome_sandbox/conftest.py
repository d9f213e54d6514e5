"""Fincome's stand-in, served for the tests of itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.targets.fincome.sandbox import FincomeSandbox


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve the stand-in."""
    with running_sandbox([FincomeSandbox(SandboxOptions())]) as running:
        yield running.url


@pytest.fixture
def fincome(served: str) -> Iterator[httpx.Client]:
    """A client with the key, below `/fincome/product/`, of an account that has received nothing."""
    with httpx.Client(base_url=f"{served}/fincome/product/", headers={"X-API-Key": "sandbox-fincome"}) as client:
        assert client.post(f"{served}/_sandbox/reset").status_code == 204
        yield client


@pytest.fixture
def control(served: str, fincome: httpx.Client) -> Iterator[httpx.Client]:
    """A client for control calls on the same account."""
    with httpx.Client(base_url=f"{served}/_sandbox/fincome/") as client:
        yield client
