"""Carbon's stand-in without limits, and its connector asking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from duebridge.core.connector import Delivery, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.testing.carbon.sandbox import TOKEN, CarbonSandbox
from duebridge.core.testing.carbon.settings import CarbonSettings
from duebridge.core.testing.carbon.target import CarbonTarget


class Forgetful:
    """A connector's memory that keeps nothing: Carbon's wants none."""

    def get(self, key: str) -> Any:
        raise AssertionError(f"asked for {key}")

    def put(self, key: str, value: Any) -> None:
        raise AssertionError(f"asked to keep {key}")


@pytest.fixture
def carbon() -> CarbonSandbox:
    """A stand-in that holds nothing."""
    return CarbonSandbox(SandboxOptions(limits="off"))


@pytest.fixture
def sandbox(carbon: CarbonSandbox) -> Iterator[RunningSandbox]:
    """The stand-in, served."""
    with running_sandbox([carbon]) as running:
        yield running


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    """Ask the stand-in with its token; paths below `/v1/`."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{sandbox.base('carbon')}/v1/", headers=headers, timeout=20) as client:
        yield client


@pytest.fixture
def target(sandbox: RunningSandbox) -> Iterator[CarbonTarget]:
    """The connector, which waits for nothing."""
    http = HttpFactory(sleep=lambda _: None)
    services = Services(http, Forgetful(), lambda _: None, lambda: datetime.now(UTC))
    settings = CarbonSettings(token=SecretStr(TOKEN), base_url=sandbox.base("carbon"), requests_per_minute=100_000)
    connector = CarbonTarget(settings, services)
    yield connector
    connector.close()


def delivery_of(operation: Any, *, target_id: str | None = None, write: str = "customer", **payload: Any) -> Delivery:
    payload = {"reference": "book-customer-1", "name": "Acme"} | payload
    return Delivery(
        kind="customer",
        id="1",
        part="",
        operation=operation,
        reference=payload["reference"],
        payload=payload,
        target_id=target_id,
        write=write,
    )


@pytest.fixture
def delivery() -> Callable[..., Delivery]:
    """Return a maker of deliveries of a customer."""
    return delivery_of
