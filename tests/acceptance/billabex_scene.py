"""What does a test of Billabex's page see? A YAML file, Pennylane's stand-in, and Billabex's own GET endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.edge.limits import Limiter
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.billabex.sandbox import BillabexSandbox
from duebridge.targets.billabex.sandbox.gate import TOKEN
from duebridge.targets.billabex.sandbox.state import ORGANIZATION

from .pacing import wide_budget
from .scene import Clock

Row = dict[str, Any]

NAME = "acme-billabex"
CONFIGURATION = """\
database: sqlite:///duebridge.db
connections:
  acme-billabex:
    source: {{connector: pennylane, token: sandbox-pennylane, base_url: {url}/pennylane}}
    target:
      connector: billabex
      token: "${{BILLABEX_TOKEN}}"
      organization_id: {organization}
      base_url: {url}/billabex
{target}{connection}"""
UNPACED = "requests_per_minute: 1000000"


@dataclass
class Scene:
    """The folder, the stand-ins and their clock; `budget` keeps the source unpaced."""

    running: RunningSandbox
    folder: Path
    registry: Registry
    http: httpx.Client
    clock: Clock
    budget: Limiter
    token: str = TOKEN
    organization: str = ORGANIZATION

    # --- our side

    @property
    def yaml(self) -> Path:
        return self.folder / "duebridge.yaml"

    def configure(self, *, target: str = "", connection: str = "", pace: str = UNPACED) -> None:
        """Write the YAML file, with more lines in the target's block and the connection's."""
        lines = [f"      {line}\n" for line in f"{pace}\n{target}".splitlines()]
        more = [f"    {line}\n" for line in connection.splitlines()]
        where = {"url": self.running.url, "organization": self.organization}
        text = CONFIGURATION.format(**where, target="".join(lines), connection="".join(more))
        self.yaml.write_text(text, encoding="utf-8")

    def app(self) -> App:
        """The application of this YAML file; whoever asks closes it."""
        environ = {"BILLABEX_TOKEN": self.token}
        return App(load_configuration(self.yaml, self.registry, environ), self.registry, now=self.clock)

    def sync(self, **options: Any) -> Row:
        """Run the connection once; return its report as `sync --json` has it, with `exit_code`."""
        app = self.app()
        try:
            report = app.sync(NAME, **options)
        finally:
            app.close()
        return {**report.as_json(), "exit_code": report.exit_code}

    def synced(self, **options: Any) -> Row:
        """A sync that must succeed, with nothing rejected or left open."""
        report = self.sync(**options)
        assert report["status"] == "succeeded", report
        assert all(kind["rejected"] == kind["unknown"] == 0 for kind in report["kinds"].values()), report
        return report

    def exclude(self, *ids: int) -> None:
        """Exclude customers as the command does: in an application of its own."""
        app = self.app()
        try:
            app.exclusions(NAME).exclude([str(id) for id in ids], self.clock())
        finally:
            app.close()

    def pass_time(self, **duration: float) -> None:
        """Move the clock of all that is here."""
        self.clock.ahead += timedelta(**duration)

    # --- the ledger

    def make(self, collection: str, **values: Any) -> int:
        """Add an object to the ledger, by Pennylane's own field names; return its id."""
        return int(self._json("POST", f"/_sandbox/pennylane/{collection}", json=values)["id"])

    def invoice(self, customer: int, amount: str = "1200.00", **given: Any) -> int:
        """An invoice of the customer, due in a month."""
        dates = {"date": self.day(-5), "deadline": self.day(25)}
        return self.make(
            "customer_invoices", **{"customer": {"id": customer}, "currency_amount": amount, **dates, **given}
        )

    def credit(self, customer: int, amount: str, of: int | None = None, **given: Any) -> int:
        """A credit note of the customer (`amount` negative), linked to the invoice `of` if there is one."""
        link = {"credited_invoice": {"id": of}} if of is not None else {}
        return self.invoice(customer, amount, **link, **given)

    def pay(self, invoice: int, amount: str | None = None) -> None:
        """Money arrives for an invoice, all of it unless told otherwise."""
        values = {} if amount is None else {"currency_amount": amount}
        self.make("payments", customer_invoice_id=invoice, **values)

    def change(self, collection: str, id: int, **values: Any) -> None:
        """Change an object of the ledger."""
        self._json("PATCH", f"/_sandbox/pennylane/{collection}/{id}", json=values)

    def remove(self, collection: str, id: int) -> None:
        """Remove an object of the ledger."""
        self._json("DELETE", f"/_sandbox/pennylane/{collection}/{id}")

    def day(self, days: int) -> str:
        """The date so many days from today."""
        return (self.clock.today() + timedelta(days=days)).isoformat()

    # --- Billabex

    def control(self, method: str, path: str, **values: Any) -> Any:
        """Ask the sandbox about Billabex, below `/_sandbox/billabex/`."""
        return self._json(method, f"/_sandbox/billabex/{path}", json=values)

    def switch(self, product: str, **values: Any) -> None:
        """Turn switches of a stand-in."""
        self._json("PUT", f"/_sandbox/settings/{product}", json=values)

    def listed(self, collection: str) -> dict[str, Row]:
        """Everything Billabex lists under `accounts`, `invoices` or `credit-notes`, by our key."""
        rows = list(self.nodes(collection, organizationId=ORGANIZATION))
        keyed = {_key(row): row for row in rows}
        assert len(keyed) == len(rows), f"something is among the {collection} twice"
        return keyed

    def account(self, customer: int) -> Row:
        """The account of this Pennylane customer."""
        return self.listed("accounts")[f"pennylane-customer-{customer}"]

    def contacts(self, customer: int) -> dict[str, Row]:
        """The contacts of this Pennylane customer, by address."""
        rows = list(self.nodes(f"accounts/{self.account(customer)['id']}/contacts"))
        return {row["email"]["address"]: row for row in rows}

    def shown(self, kind: str, id: int) -> Row:
        """The `invoice` or `credit_note` of this Pennylane id."""
        collection = {"invoice": "invoices", "credit_note": "credit-notes"}[kind]
        return self.listed(collection)[f"pennylane-{kind}-{id}"]

    def nodes(self, path: str, **query: Any) -> Iterator[Row]:
        """Every node of a list."""
        while True:
            page = self.get(path, **query)
            if not page["nodes"]:
                return
            yield from page["nodes"]
            query["after"] = page["pageInfo"]["endCursor"]

    def get(self, path: str, **query: Any) -> Any:
        """What Billabex answers at `path`."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self._json("GET", f"/billabex/api/public/v1/{path}", params=query, headers=headers)

    def written(self) -> list[tuple[str, str]]:
        """(method, path below the version) of every write Billabex was sent since the last look or reset."""
        rows: Iterable[Row] = self._json("GET", "/_sandbox/journal")
        return [
            (row["method"], row["path"].partition("/v1/")[2])
            for row in rows
            if row["product"] == "billabex" and row["method"] != "GET"
        ]

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, self.running.url + path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def _key(row: Row) -> str:
    return str(row["source"]["sourceId"] if "source" in row else row["sourceId"])


Stage = tuple[RunningSandbox, Clock, Limiter]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Both stand-ins, empty, by one clock."""
    clock, options = Clock(), SandboxOptions(customers=0, invoices=0, limits="off")
    billabex = BillabexSandbox(options)
    billabex.clock = lambda: clock().timestamp()
    with running_sandbox([PennylaneSandbox(options, clock=clock), billabex]) as running:
        yield running, clock, wide_budget(running.base("pennylane"), "sandbox-pennylane")


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, registry: Registry) -> Iterator[Scene]:
    """An empty ledger and an organization that has received nothing."""
    running, clock, budget = stage
    clock.ahead = timedelta()
    with httpx.Client(timeout=60) as http:
        assert http.post(f"{running.url}/_sandbox/reset").status_code == 204
        scene = Scene(running, tmp_path, registry, http, clock, budget)
        scene.configure()
        yield scene
