"""From a tick to an acknowledgement between the products' stand-ins: YAML in, HTTP out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.scheduler import serve

from .conftest import Until

YAML = """
database: sqlite:///served.db
connections:
  acme-upflow:
    source: {connector: pennylane, token: sandbox-pennylane, base_url: "${SANDBOX}/pennylane"}
    target:
      connector: upflow
      api_key: sandbox-upflow-key
      api_secret: sandbox-upflow-secret
      base_url: "${SANDBOX}/upflow"
      create_custom_fields: true
    schedule: {every: 1s}
  by-hand:
    source: {connector: pennylane, token: sandbox-pennylane, base_url: "${SANDBOX}/pennylane"}
    target: {connector: upflow, api_key: other, api_secret: sandbox-upflow-secret, base_url: "${SANDBOX}/upflow"}
    schedule: manual
"""
UPFLOW = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


@pytest.fixture
def sandbox(registry: Registry) -> Iterator[RunningSandbox]:
    options = SandboxOptions(customers=3, invoices=10, limits="off")
    with running_sandbox([registry.sandboxes[name](options) for name in ("pennylane", "upflow")]) as running:
        yield running


@pytest.fixture
def app(sandbox: RunningSandbox, registry: Registry, tmp_path: Path) -> Iterator[App]:
    path = tmp_path / "duebridge.yaml"
    path.write_text(YAML, encoding="utf-8")
    opened = App(load_configuration(path, registry, {"SANDBOX": sandbox.url}), registry)
    yield opened
    opened.close()


def customers_at_upflow(sandbox: RunningSandbox) -> set[str]:
    answer = httpx.get(f"{sandbox.base('upflow')}/v1/customers", headers=UPFLOW)
    return {row["externalId"] for row in answer.raise_for_status().json()["customers"]}


def test_a_served_connection_carries_the_ledger_over_and_what_changes_there_after_it(
    app: App, sandbox: RunningSandbox, until: Until
) -> None:
    stopping, codes = threading.Event(), list[int]()
    thread = threading.Thread(target=lambda: codes.append(serve(app, stopping)))
    thread.start()
    try:
        until(lambda: len(customers_at_upflow(sandbox)) == 3)
        made = httpx.post(
            f"{sandbox.url}/_sandbox/pennylane/customers", json={"name": "Atelier Nouveau", "customer_type": "company"}
        ).raise_for_status()
        until(lambda: f"pennylane-customer-{made.json()['id']}" in customers_at_upflow(sandbox))
    finally:
        stopping.set()
        thread.join(30)
    assert codes == [0]
    assert app.store.known_connection("by-hand") is None
