"""What becomes of a customer who is excluded by command? Nothing of theirs is written; included again, all of it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.engine.exclusions import Exclusions

from .comparison import check_what_arrived
from .expected import invoice_reads, is_credit_note
from .scene import NAME, Scene, adds_up

ARCHIVED_AT = "2026-01-15T10:00:00.000000Z"


def changed(scene: Scene, change: Callable[[Exclusions], Any]) -> None:
    """Change the exclusions as a command does: in an application of its own."""
    app = App(load_configuration(scene.yaml, scene.registry, scene.environ), scene.registry)
    try:
        change(app.exclusions(NAME))
    finally:
        app.close()


def exclude(scene: Scene, *ids: int) -> None:
    changed(scene, lambda exclusions: exclusions.exclude([str(id) for id in ids], scene.clock()))


def include(scene: Scene, *ids: int) -> None:
    changed(scene, lambda exclusions: exclusions.include([str(id) for id in ids]))


def two_customers(scene: Scene) -> dict[str, int]:
    """Acme, with an open, a paid and a credited invoice, and Beta with one invoice; ids by name."""
    ids = {name: scene.make("customers", name=name)["id"] for name in ("Acme", "Beta")}
    acme, beta = {"id": ids["Acme"]}, {"id": ids["Beta"]}
    for name in ("open", "paid", "credited"):
        ids[name] = scene.make("customer_invoices", customer=acme, currency_amount="1200.00")["id"]
    scene.change("customer_invoices", ids["paid"], paid=True)
    credited = {"customer": acme, "credited_invoice": {"id": ids["credited"]}, "currency_amount": "-240.00"}
    ids["note"] = scene.make("customer_invoices", **credited)["id"]
    ids["beta"] = scene.make("customer_invoices", customer=beta, currency_amount="600.00")["id"]
    return ids


def everything_happens(scene: Scene, ids: dict[str, int], event: str) -> None:
    """A rename, an address more, a payment, a change, an archived and a deleted document, new ones, a new link."""
    acme = {"id": ids["Acme"]}
    scene.change("customers", ids["Acme"], event=event, name="Acme & Fils", emails=["new@acme.example"])
    scene.change("customer_invoices", ids["open"], event=event, paid=True)
    scene.change("customer_invoices", ids["credited"], event=event, archived_at=ARCHIVED_AT)
    scene.remove("customer_invoices", ids["paid"], event=event)
    new = scene.make("customer_invoices", customer=acme, currency_amount="300.00")
    scene.make("customer_invoices", customer=acme, credited_invoice={"id": new["id"]}, currency_amount="-100.00")


def desk(scene: Scene) -> dict[str, Any]:
    """All that stands at Upflow, without its own ids and stamps."""
    kept = ("name", "emails", "grossAmount", "amount", "amountOutstanding", "amountLinked", "amountUnlinked", "state")
    return {
        reference: {name: row[name] for name in kept if name in row}
        for collection in ("customers", "invoices", "credit_notes", "payments")
        for reference, row in scene.desk(collection).items()
    }


@pytest.mark.parametrize("event", ["record", "none"])
@pytest.mark.parametrize("on_delete", ["report", "delete"])
def test_nothing_of_an_excluded_customer_is_written_and_all_of_it_once_included(
    empty: Scene, on_delete: str, event: str
) -> None:
    empty.configure(connection=f"on_delete: {on_delete}")
    ids = two_customers(empty)
    empty.synced()
    before = desk(empty)

    exclude(empty, ids["Acme"])
    everything_happens(empty, ids, event)
    empty.change("customer_invoices", ids["beta"], paid=True)
    empty.clock.ahead += timedelta(hours=24, minutes=1)
    run = empty.synced()

    theirs = f"pennylane-invoice-{ids['beta']}"
    assert {write[2] for write in run.writes} == {f"{theirs}-fix", f"pennylane-link-{ids['beta']}-{ids['beta']}"}
    after = desk(empty)
    assert {reference: after[reference] for reference in before if not reference.startswith(theirs)} == {
        reference: values for reference, values in before.items() if not reference.startswith(theirs)
    }
    assert after.keys() - before.keys() == {f"{theirs}-fix"}
    assert empty.synced().writes == []

    include(empty, ids["Acme"])
    run = empty.synced()

    assert empty.customer(ids["Acme"])["name"] == "Acme & Fils"
    assert empty.invoice(ids["open"])["state"] == "PAID"
    held = empty.desk("invoices").keys()
    taken_away = {f"pennylane-invoice-{ids['paid']}", f"pennylane-invoice-{ids['credited']}"}
    assert taken_away.isdisjoint(held) if on_delete == "delete" else taken_away <= held
    assert sorted(row["amountOutstanding"] for row in empty.desk("invoices").values()) == (
        [0, 0, 20000] if on_delete == "delete" else [0, 0, 0, 20000, 96000]
    )
    assert empty.synced().upflow == []


def test_the_end_is_that_of_a_connection_that_never_excluded_anyone(usual: Scene) -> None:
    usual.synced()
    invoices = [row for row in usual.ledger("customer_invoices") if not is_credit_note(row)]
    owners = sorted({row["customer"]["id"] for row in invoices})[:12]
    exclude(usual, *owners[:8])
    theirs = [row["id"] for row in invoices if row["customer"]["id"] in owners and invoice_reads(row) == "open"]
    assert len(theirs) > 20
    for number, id in enumerate(theirs):
        usual.change("customer_invoices", id, event="record" if number % 2 else "none", paid=True)
    usual.synced()

    include(usual, *owners[:8])
    usual.clock.ahead += timedelta(hours=24, minutes=1)
    usual.synced()

    check_what_arrived(usual, "fix")


def test_a_run_stops_writing_for_a_customer_excluded_while_it_is_under_way(empty: Scene) -> None:
    ids = [empty.make("customers", name=f"Customer {number}")["id"] for number in range(60)]
    for id in ids:
        empty.make("customer_invoices", customer={"id": id}, currency_amount="100.00")
    met = 0

    async def between(request: Request) -> Response | None:
        nonlocal met
        met += request.method == "POST" and "/upflow/" in request.url.path
        if met == 10:
            await asyncio.to_thread(exclude, empty, ids[-1])
        return None

    empty.served.interference.between = between
    run = empty.sync()
    empty.served.interference.between = None

    assert (run.report["status"], adds_up(run.report)) == ("succeeded", True)
    assert len(empty.desk("customers")) == len(empty.desk("invoices")) == 59
    assert f"pennylane-customer-{ids[-1]}" not in empty.desk("customers")
    assert run.report["kinds"]["invoice"]["skipped"] == {"excluded_customer": 1}
    include(empty, ids[-1])
    assert len(empty.synced().writes) == 2
    assert len(empty.desk("invoices")) == 60
