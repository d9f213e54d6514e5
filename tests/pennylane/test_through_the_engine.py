"""Products, prices and subscriptions through a whole run, to a target that takes all, some or none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest

from duebridge.core.api import Customer, Price, Product, Record, Rules, Settings, Subscription, send
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.report import Report
from duebridge.core.engine.sync import Asking, Sync
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.store.store import Store
from duebridge.core.testing.shelf import ShelfTarget
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox

EVERYTHING: Mapping[type[Record], Rules] = {
    kind: Rules(kind, otherwise=send("all", "Every one goes")) for kind in (Customer, Product, Price, Subscription)
}
FIELDS: Mapping[type[Record], PayloadMapping] = {
    Customer: PayloadMapping(Customer, {"name": "name"}),
    Product: PayloadMapping(Product, {"name": "label"}),
    Price: PayloadMapping(Price, {"amount": "amount", "product": "external_reference"}),
    Subscription: PayloadMapping(
        Subscription, {"customer": "customer_reference", "status": "status", "every": "interval"}
    ),
}


def target_of(*kinds: type[Record]) -> type[ShelfTarget]:
    class Chosen(ShelfTarget):
        """Takes `kinds`."""

        rules: ClassVar[Mapping[type[Record], Rules]] = {kind: EVERYTHING[kind] for kind in kinds}
        mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = {kind: FIELDS[kind] for kind in kinds}

    return Chosen


Run = Callable[..., tuple[dict[str, dict[str, Any]], Report]]


@pytest.fixture
def product() -> PennylaneSandbox:
    return PennylaneSandbox(SandboxOptions(customers=10, invoices=20, limits="off"))


@pytest.fixture
def run(product: PennylaneSandbox, bench: Any, tmp_path: Path) -> Iterator[Run]:
    """Runs a connection to a target of these kinds; returns what it was given by reference, and the report."""
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    connection = store.connection_id("acme")

    def once(*kinds: type[Record]) -> tuple[dict[str, dict[str, Any]], Report]:
        source = bench.source(running.base("pennylane"))
        target = target_of(*kinds)(Settings(), source.services)
        number = store.begin_run(connection, bench.now)
        report = Report("acme", number)
        sync = Sync(store, "acme", source, target, Policy(), now=lambda: bench.now, stopping=Event(), requests=dict)
        sync.run(report, connection, Asking(full=False, retry=False, accept_mass_change=False))
        store.end_run(number, bench.now, report.status, report.as_json())
        return target.held, report

    with running_sandbox([product]) as running:
        yield once
    store.close()


def kinds_of(held: dict[str, Any]) -> dict[str, int]:
    kinds = [reference.split("-")[1] for reference in held]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def test_a_target_that_takes_all_is_given_all(run: Run) -> None:
    held, report = run(*EVERYTHING)
    assert report.status == "succeeded"
    assert kinds_of(held) == {"customer": 10, "price": 14, "product": 15, "subscription": 20}
    assert {"status": "stopped", "every": 2} in [
        {name: value for name, value in payload.items() if name != "customer"} for payload in held.values()
    ]


@pytest.mark.parametrize("kind", [Product, Price, Subscription])
def test_a_target_that_takes_one_kind_is_given_that_alone(run: Run, kind: type[Record]) -> None:
    held, report = run(kind)
    assert report.status == "succeeded"
    assert set(kinds_of(held)) == {kind.kind}


def test_a_price_taken_away_a_product_deleted_and_a_subscription_stopped_are_seen_by_the_next_run(
    run: Run, product: PennylaneSandbox
) -> None:
    before, _ = run(*EVERYTHING)
    product.patch("products", "51001", {"price_before_tax": ""}, event=True)
    product.delete("products", "51002", event=True)
    product.patch("billing_subscriptions", "31001", {"status": "stopped"}, event=True)
    product.delete("billing_subscriptions", "31002", event=True)

    after, report = run(*EVERYTHING)

    assert report.status == "succeeded"
    assert set(before) - set(after) == {
        "pennylane-price-51001",
        "pennylane-price-51002",
        "pennylane-product-51002",
        "pennylane-subscription-31002",
    }
    assert after["pennylane-subscription-31001"]["status"] == "stopped"
