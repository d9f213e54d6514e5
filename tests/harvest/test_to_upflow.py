"""From a YAML file to Upflow's own GET endpoints: what Harvest has goes once, and both ends agree on what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.harvest.sandbox import HarvestSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

from .conftest import Bench, Clock, unpaced

YAML = """\
database: sqlite:///duebridge.db
connections:
  studio-upflow:
    source: {{connector: harvest, token: sandbox-harvest, account_id: 1234, base_url: "{url}/harvest"}}
    target:
      connector: upflow
      api_key: sandbox-upflow-key
      api_secret: sandbox-upflow-secret
      base_url: "{url}/upflow"
      requests_per_minute: 1000000
"""
NAME = "studio-upflow"


class Scene(Bench):
    """The account at Harvest's stand-in, a desk at Upflow's, and the one connection between them."""

    folder: Path
    registry: Registry

    def sync(self, *, full: bool = False) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """A run that must succeed with nothing rejected; its counts, and what was written at Upflow."""
        self.asked()
        app = self.app()
        try:
            report = app.sync(NAME, full=full).as_json()
        finally:
            app.close()
        assert report["status"] == "succeeded", report
        assert sum(kind["rejected"] + kind["unknown"] for kind in report["kinds"].values()) == 0, report
        written = [
            (row["method"], row["path"].rpartition("/v1/")[2])
            for row in self.asked()
            if row["product"] == "upflow" and row["method"] != "GET"
        ]
        return report["kinds"], written

    def app(self) -> App:
        return App(load_configuration(self.folder / "duebridge.yaml", self.registry), self.registry, now=self.clock)

    def desk(self, collection: str) -> dict[str, dict[str, Any]]:
        """What Upflow lists, by externalId."""
        headers = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}
        page = self.http.get(f"/upflow/v1/{collection}", params={"limit": 500}, headers=headers).json()
        rows = next(value for value in page.values() if isinstance(value, list))
        assert page["total"] == len(rows)
        return {row["externalId"]: row for row in rows}

    def reconciled(self) -> Any:
        app = self.app()
        try:
            return app.reconcile(NAME)
        finally:
            app.close()


def _scene(customers: int, invoices: int, clock: Clock, folder: Path) -> Iterator[Scene]:
    clock.ahead = timedelta()
    options = SandboxOptions(customers=customers, invoices=invoices, seed=5, limits="off")
    upflow = UpflowSandbox(options)
    upflow.today = lambda: clock().date()
    with running_sandbox([HarvestSandbox(options, clock=clock), upflow]) as running:
        unpaced(running.base("harvest"))
        with httpx.Client(base_url=running.url, timeout=60) as http:
            scene = Scene(running.url, clock, http)
            scene.folder, scene.registry = folder, Registry.load()
            (folder / "duebridge.yaml").write_text(YAML.format(url=running.url), encoding="utf-8")
            yield scene


@pytest.fixture
def usual(clock: Clock, tmp_path: Path) -> Iterator[Scene]:
    yield from _scene(12, 80, clock, tmp_path)


@pytest.fixture
def empty(clock: Clock, tmp_path: Path) -> Iterator[Scene]:
    yield from _scene(0, 0, clock, tmp_path)


def minor(amount: float, currency: str) -> int:
    return int(Decimal(str(amount)) * 10 ** {"JPY": 0, "TND": 3}.get(currency, 2))


def test_everything_finalised_goes_once_to_the_cent_and_nothing_twice(usual: Scene) -> None:
    kinds, _ = usual.sync()
    rows = usual.found("/invoices", per_page=2000)["invoices"]
    desk = usual.desk("invoices")

    for row in rows:
        expected = row["state"] != "draft" and row["amount"] >= 0
        assert (f"harvest-invoice-{row['id']}" in desk) == expected
        if expected:
            there = desk[f"harvest-invoice-{row['id']}"]
            tax = Decimal(str(row["tax_amount"])) + Decimal(str(row["tax2_amount"]))
            assert there["grossAmount"] == minor(row["amount"], row["currency"])
            assert there["netAmount"] == minor(float(Decimal(str(row["amount"])) - tax), row["currency"])
            assert (there["customId"], there["dueDate"][:10]) == (row["number"], row["due_date"])
            assert (there["amountOutstanding"] == 0) == (row["state"] in ("paid", "closed") or row["amount"] == 0)
    open_credits = {row["id"] for row in rows if row["state"] == "open" and row["amount"] < 0}
    assert set(usual.desk("credit_notes")) == {f"harvest-credit_note-{id}" for id in open_credits}
    assert len(usual.desk("customers")) == 12 == kinds["customer"]["created"]

    _, written = usual.sync()
    assert written == []
    _, written = usual.sync(full=True)
    assert written == []


def test_both_ends_agree_on_what_is_owed(usual: Scene) -> None:
    usual.sync()
    balances = usual.reconciled()
    assert balances.explained
    assert len(balances.currencies) > 1
    for code, side in balances.currencies.items():
        rows = [row for row in usual.found("/invoices", per_page=2000)["invoices"] if row["currency"] == code]
        owed = sum((Decimal(str(row["due_amount"])) for row in rows if row["state"] == "open"), Decimal(0))
        used = sum(
            (Decimal(str(row["amount"])) for row in rows if row["state"] == "paid" and row["amount"] < 0), Decimal(0)
        )
        assert side.source == owed + used
        assert side.unexplained == 0


def test_one_changed_client_and_one_new_invoice_are_exactly_what_is_written(usual: Scene, clock: Clock) -> None:
    usual.sync()
    clock.ahead += timedelta(hours=2)
    client = usual.found("/clients")["clients"][0]
    usual.change("clients", client["id"], name="Renamed SAS")
    usual.make("invoices", client_id=client["id"], line_items=[{"quantity": 3, "unit_price": 10}])

    kinds, written = usual.sync()

    assert len(written) == 2
    assert (kinds["customer"]["updated"], kinds["invoice"]["created"]) == (1, 1)
    assert usual.desk("customers")[f"harvest-customer-{client['id']}"]["name"] == "Renamed SAS"


def test_a_changed_contact_alone_changes_its_customer(usual: Scene, clock: Clock) -> None:
    usual.sync()
    clock.ahead += timedelta(hours=2)
    contact = usual.found("/contacts")["contacts"][0]
    usual.change("contacts", contact["id"], email="nouveau@example.com")

    kinds, written = usual.sync()

    assert kinds["customer"]["updated"] == 1
    assert written
    assert {path.partition("/")[0] for _, path in written} <= {"customers", "contacts"}


def one_invoice(scene: Scene, **values: Any) -> str:
    made = scene.make("invoices", line_items=[{"quantity": 1, "unit_price": 100}], **values)
    return f"{made['id']}"


def test_a_payment_makes_an_invoice_read_paid(empty: Scene, clock: Clock) -> None:
    id = one_invoice(empty)
    empty.sync()
    assert empty.desk("invoices")[f"harvest-invoice-{id}"]["amountOutstanding"] == 10000
    clock.ahead += timedelta(hours=2)
    empty.make("payments", invoice_id=int(id))
    empty.sync()
    assert empty.desk("invoices")[f"harvest-invoice-{id}"]["amountOutstanding"] == 0


def test_what_is_written_off_is_no_longer_chased(empty: Scene, clock: Clock) -> None:
    id = one_invoice(empty)
    empty.make("payments", invoice_id=int(id), amount=40)
    empty.sync()
    clock.ahead += timedelta(hours=2)
    empty.change("invoices", int(id), state="closed")
    empty.sync()
    assert empty.desk("invoices")[f"harvest-invoice-{id}"]["amountOutstanding"] == 0
    assert empty.reconciled().currencies["EUR"].difference == 0


def test_a_reopened_invoice_is_owed_again(empty: Scene, clock: Clock) -> None:
    id = one_invoice(empty, state="closed")
    empty.sync()
    clock.ahead += timedelta(hours=2)
    empty.change("invoices", int(id), state="open")
    empty.sync()
    assert empty.desk("invoices")[f"harvest-invoice-{id}"]["amountOutstanding"] == 10000


def test_an_invoice_whose_sign_changes_becomes_a_credit_note(empty: Scene, clock: Clock) -> None:
    id = one_invoice(empty)
    empty.sync()
    clock.ahead += timedelta(hours=2)
    empty.change("invoices", int(id), line_items=[{"quantity": 1, "unit_price": -30}])

    kinds, _ = empty.sync()

    assert kinds["invoice"]["gone"] == 1
    assert empty.desk("credit_notes")[f"harvest-credit_note-{id}"]["grossAmount"] == 3000


def test_an_invoice_that_is_a_draft_again_is_reported_and_left(empty: Scene, clock: Clock) -> None:
    id = one_invoice(empty)
    empty.sync()
    clock.ahead += timedelta(hours=2)
    empty.change("invoices", int(id), state="draft")

    kinds, written = empty.sync()

    assert kinds["invoice"]["skipped"] == {"draft": 1}
    assert written == []
    app = empty.app()
    try:
        assert [row["id"] for row in app.records(NAME, outcome="gone")] == [id]
    finally:
        app.close()


def test_a_deleted_invoice_shows_when_the_open_ones_are_read_again(empty: Scene, clock: Clock) -> None:
    kept, removed = one_invoice(empty), one_invoice(empty)
    empty.sync()
    empty.remove("invoices", int(removed))
    clock.ahead += timedelta(minutes=20)
    assert empty.sync()[0]["invoice"]["gone"] == 0
    clock.ahead += timedelta(hours=1)
    assert empty.sync()[0]["invoice"]["gone"] == 1
    assert f"harvest-invoice-{kept}" in empty.desk("invoices")


def test_one_invoice_that_makes_no_sense_is_rejected_and_the_others_go_on(empty: Scene) -> None:
    good = one_invoice(empty)
    bad = one_invoice(empty, amount=101)
    app = empty.app()
    try:
        report = app.sync(NAME).as_json()
        (row,) = app.records(NAME, outcome="rejected")
    finally:
        app.close()
    assert (report["status"], report["kinds"]["invoice"]["created"]) == ("succeeded", 1)
    assert row["id"] == bad
    assert "Harvest totals inconsistent" in str(row)
    assert f"harvest-invoice-{good}" in empty.desk("invoices")
