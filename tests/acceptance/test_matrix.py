"""Every source feeds every target: whatever pair is configured, all goes once, and a second run writes nothing new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.edge.limits import without_pace
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.targets.billabex.sandbox.state import ORGANIZATION

SOURCES = {
    "pennylane": "{connector: pennylane, token: sandbox-pennylane, base_url: '%s/pennylane'}",
    "harvest": "{connector: harvest, token: sandbox-harvest, account_id: '1234', base_url: '%s/harvest', "
    "domain: '%s/harvest'}",
}
TARGETS = {
    "upflow": "{connector: upflow, api_key: sandbox-upflow-key, api_secret: sandbox-upflow-secret, "
    "base_url: '%s/upflow', create_custom_fields: true}",
    "billabex": "{connector: billabex, token: sandbox-billabex, "
    f"organization_id: {ORGANIZATION}, base_url: '%s/billabex', without_pdf: send}}",
    "fincome": "{connector: fincome, mode: api, api_key: sandbox-fincome, base_url: '%s/fincome'}",
    "fincome workbook": "{connector: fincome, mode: xlsx, directory: '@FOLDER'}",
    "afakto": "{connector: afakto, company_code: ACME, directory: '@FOLDER'}",
    "pennylane": "{connector: pennylane, token: sandbox-pennylane, base_url: '@OTHER/pennylane', default_country: FR, "
    "zero_rate_code: {default: exempt}, allow_same_product: true}",
}
PAIRS = [(source, target) for source in SOURCES for target in TARGETS]


def test_the_table_of_pairs_misses_no_connector(registry: Registry) -> None:
    assert set(SOURCES) == set(registry.sources)
    assert {name.split()[0] for name in TARGETS} == set(registry.targets)


@pytest.fixture(scope="module")
def stand_ins(registry: Registry) -> Iterator[RunningSandbox]:
    options = SandboxOptions(customers=6, invoices=24, seed=3, limits="off", broken=0)
    with running_sandbox([product(options) for product in registry.sandboxes.values()]) as running, without_pace():
        yield running


@pytest.fixture(scope="module")
def other_company(registry: Registry) -> Iterator[RunningSandbox]:
    """Books of a company without customers, documents or events."""
    options = SandboxOptions(customers=0, invoices=0, seed=3, limits="off", broken=0)
    with running_sandbox([registry.sandboxes["pennylane"](options)]) as running:
        yield running


@pytest.fixture
def opened(
    stand_ins: RunningSandbox, other_company: RunningSandbox, registry: Registry, tmp_path: Path
) -> Iterator[Callable[[str, str], App]]:
    apps: list[App] = []

    def open_pair(source: str, target: str) -> App:
        blocks = {"source": SOURCES[source], "target": TARGETS[target]}
        lines = [f"    {side}: {text.replace('%s', stand_ins.url)}" for side, text in blocks.items()]
        text = "\n".join(["connections:", "  pair:", "    history: all", *lines]).replace("@FOLDER", str(tmp_path))
        text = text.replace("@OTHER", other_company.url)
        (tmp_path / "duebridge.yaml").write_text(f"database: sqlite:///{tmp_path / 'pair.db'}\n{text}\n")
        for running in (stand_ins, other_company):
            assert httpx.post(f"{running.url}/_sandbox/reset").status_code == 204
        apps.append(App(load_configuration(tmp_path / "duebridge.yaml", registry), registry))
        return apps[-1]

    yield open_pair
    for app in apps:
        app.close()


def made(report: dict[str, Any]) -> int:
    return sum(kind["created"] + kind["updated"] for kind in report["kinds"].values())


def understood(target: str, why: str) -> bool:
    """Whether a record may be refused: books take nobody without an address, no tax without a rate."""
    return target == "pennylane" and ("of its address" in why or "a VAT code is not guessed" in why)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_all_goes_at_first_and_nothing_twice(opened: Callable[[str, str], App], source: str, target: str) -> None:
    app = opened(source, target)

    first = app.sync("pair")
    second = app.sync("pair")

    for report in (first, second):
        assert (report.status, report.error) == ("succeeded", None)
    assert [row["why"] for row in app.records("pair", outcome="rejected") if not understood(target, row["why"])] == []
    assert made(first.as_json()) > 10
    assert made(second.as_json()) == 0
    assert first.as_json()["kinds"]["invoice"]["created"] > 0
