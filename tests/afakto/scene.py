"""What does a test of this connector see? The delivered files, the stand-ins' endpoints and journal, a run's report.

A scene is a folder with a YAML file, whose connections carry the ledger at Pennylane's stand-in to Afakto. Nothing of
the store is looked into.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry
from duebridge.core.sandbox.running import RunningSandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.afakto.sandbox import AfaktoSandbox, read_delivery
from duebridge.targets.afakto.sandbox.book import Book

from ..acceptance.interference import Interference
from ..acceptance.scene import Clock, adds_up

Row = dict[str, Any]

NAME = "acme-afakto"
CODE = "ACME01"
TOKENS = {"PENNYLANE_TOKEN": "sandbox-pennylane", "AFAKTO_TOKEN": "sandbox-afakto"}
SCOPES = ["customers:readonly", "customer_invoices:readonly"]

#: Numbers whose check digits hold.
SIREN, SIRET, VAT = "732829320", "73282932000074", "FR44732829320"


@dataclass(frozen=True)
class Served:
    """Stand-ins that answer, the clock they read, and what may come between them and who asks them."""

    running: RunningSandbox
    pennylane: PennylaneSandbox
    afakto: AfaktoSandbox
    clock: Clock
    interference: Interference
    budget: object


@dataclass(frozen=True)
class Run:
    """One sync: its report as `sync --json` has it, its exit code, and what Pennylane was asked meanwhile."""

    report: Row
    exit_code: int
    asked: list[Row]

    @property
    def told(self) -> str:
        """What a person reads at its end."""
        return "\n".join([*self.report["notes"], self.report["error"] or ""])


@dataclass
class Scene:
    """The folder, the stand-ins, and the environment the YAML file takes its secrets from."""

    served: Served
    folder: Path
    registry: Registry
    http: httpx.Client
    environ: dict[str, str] = field(default_factory=lambda: dict(TOKENS))

    @property
    def url(self) -> str:
        return self.served.running.url

    @property
    def clock(self) -> Clock:
        return self.served.clock

    @property
    def yaml(self) -> Path:
        return self.folder / "duebridge.yaml"

    @property
    def delivered(self) -> Path:
        """The folder files are delivered to."""
        return self.folder / "delivered"

    # --- our side

    def block(self, **target: Any) -> Row:
        """A connection of the ledger to Afakto."""
        place = {} if {"sftp", "base_url"} & target.keys() else {"directory": str(self.delivered)}
        return {
            "source": {
                "connector": "pennylane",
                "token": "${PENNYLANE_TOKEN}",
                "base_url": f"{self.url}/pennylane",
            },
            "target": {"connector": "afakto", "company_code": CODE, **place, **target},
        }

    def configure(self, **target: Any) -> None:
        """Write the YAML file with one connection, more keys in its target's block."""
        self.connect({NAME: self.block(**target)})

    def connect(self, connections: Mapping[str, Any]) -> None:
        """Write the YAML file (JSON is YAML) with these connections."""
        written = {"database": f"sqlite:///{self.folder}/duebridge.db", "connections": connections}
        self.yaml.write_text(json.dumps(written), encoding="utf-8")

    def sync(self, name: str = NAME, *, accept_mass_change: bool = False) -> Run:
        """Read the YAML file, run one connection by the scene's clock, and let everything go again."""
        before = len(self.journal())
        app = self.app()
        try:
            report = app.sync(name, accept_mass_change=accept_mass_change)
        finally:
            app.close()
        asked = [row for row in self.journal()[before:] if row["product"] == "pennylane"]
        assert adds_up(report.as_json()), report.as_json()
        return Run(report.as_json(), report.exit_code, asked)

    def app(self) -> App:
        return App(load_configuration(self.yaml, self.registry, self.environ), self.registry, now=self.clock)

    def synced(self, name: str = NAME, **options: Any) -> Run:
        """A sync that must succeed; the clock then moves on, as it does between two mornings."""
        run = self.sync(name, **options)
        assert run.report["status"] == "succeeded", run.report
        self.clock.ahead += timedelta(seconds=1)
        return run

    # --- what is delivered

    def files(self, file: str) -> list[Path]:
        """The delivered files of `buyers` or `invoices`, oldest first."""
        return sorted(self.delivered.glob(f"*_{file}.csv"))

    def rows(self, file: str, separator: str = ",") -> list[Row]:
        """The rows of the last delivered file of `buyers` or `invoices`."""
        text = self.files(file)[-1].read_bytes().decode("utf-8")
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))

    def buyers(self) -> dict[str, Row]:
        """The buyers last delivered, by code."""
        return {row["BUYER_CODE"]: row for row in self.rows("buyers")}

    def invoices(self) -> dict[str, Row]:
        """The invoices and credit notes last delivered, by number."""
        return {row["INV_NUMBER"]: row for row in self.rows("invoices")}

    def book(self) -> Book:
        """What Afakto's importer makes of every file delivered so far."""
        return read_delivery(self.delivered)

    # --- the ledger

    def journal(self) -> list[Row]:
        return self._json("GET", "/_sandbox/journal")  # type: ignore[no-any-return]

    def customer(self, **given: Any) -> int:
        """A customer at Pennylane; its id."""
        return self.make("customers", **{"name": "Acme"} | given)["id"]  # type: ignore[no-any-return]

    def invoice(self, customer: int, number: str, **given: Any) -> int:
        """An invoice of 1,200 euros, 200 of them tax, due in a month; its id."""
        usual = {
            "customer": {"id": customer},
            "invoice_number": number,
            "currency_amount": "1200.00",
            "currency_amount_before_tax": "1000.00",
            "currency_tax": "200.00",
            "date": self.day(-5),
            "deadline": self.day(25),
        }
        return self.make("customer_invoices", **usual | given)["id"]  # type: ignore[no-any-return]

    def credit(self, customer: int, number: str, amount: str, of: int | None = None, **given: Any) -> int:
        """A credit note of `amount` (negative), linked to the invoice `of` if there is one; its id."""
        link = {"credited_invoice": {"id": of}} if of is not None else {}
        return self.invoice(customer, number, currency_amount=amount, **link, **given)

    def day(self, days: int) -> str:
        """The day so many days from now."""
        return (self.today() + timedelta(days=days)).isoformat()

    def today(self) -> date:
        return self.clock.today()

    def make(self, collection: str, **values: Any) -> Row:
        return self._json("POST", f"/_sandbox/pennylane/{collection}", json=values)  # type: ignore[no-any-return]

    def change(self, collection: str, id: int, **values: Any) -> Row:
        return self._json("PATCH", f"/_sandbox/pennylane/{collection}/{id}", json=values)  # type: ignore[no-any-return]

    def remove(self, collection: str, id: int) -> None:
        self._json("DELETE", f"/_sandbox/pennylane/{collection}/{id}")

    def switch(self, **settings: Any) -> None:
        self._json("PUT", "/_sandbox/settings/pennylane", json=settings)

    def held(self, path: str, **query: Any) -> Any:
        """What Afakto's stand-in answers at `path`."""
        headers = {"Authorization": f"Bearer {TOKENS['AFAKTO_TOKEN']}"}
        return self._json("GET", f"/afakto/{path}", params=query, headers=headers)

    def ledger(self, collection: str) -> list[Row]:
        """Everything Pennylane lists under `customers` or `customer_invoices`."""
        headers = {"Authorization": f"Bearer {TOKENS['PENNYLANE_TOKEN']}"}
        rows: list[Row] = []
        query: dict[str, Any] = {"sort": "id", "limit": 100}
        while True:
            page = self._json("GET", f"/pennylane/api/external/v2/{collection}", params=query, headers=headers)
            rows += page["items"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, self.url + path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None
