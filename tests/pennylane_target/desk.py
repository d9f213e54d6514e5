"""The two ends of an import: a ledger in memory that has files, and a Pennylane company read through its API."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

import httpx

from duebridge.core.api import Attachment, Record, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.core.edge.limits import WindowLimiter, shared_limiter
from duebridge.core.engine.policy import Policy
from duebridge.core.engine.report import Report
from duebridge.core.engine.start import Reach
from duebridge.core.sandbox.running import RunningSandbox
from duebridge.core.store.memory import StoredMemory
from duebridge.core.testing import Rig, customer, invoice
from duebridge.core.testing.ledger import LedgerSource
from duebridge.plugins.pennylane.importing.settings import PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.target import PennylaneTarget
from duebridge.plugins.pennylane.sandbox import TOKEN

API = "/pennylane/api/external/v2"
PDF = b"%PDF-1.4\nan invoice\n%%EOF\n"
FRENCH = {"address": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR"}


def client(id: str, **values: Any) -> dict[str, Any]:
    """A company with an address in France."""
    return customer(id, **{"billing_address": FRENCH, **values})


def line(net: str, tax: str, rate: str | None = "20", **values: Any) -> dict[str, Any]:
    """One line of a document, `net` before tax."""
    total = str(Decimal(net) + Decimal(tax))
    return {
        "id": "1",
        "label": "Work",
        "quantity": "1",
        "amount_before_tax": net,
        "tax": tax,
        "amount": total,
        "tax_rate": rate,
        **values,
    }


def bill(id: str, customer_id: str = "1", *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A finalised invoice of these lines, or of one of 100.00 and 20 % tax."""
    own = lines or (line("100.00", "20.00"),)
    sums = {
        name: str(sum((Decimal(each[name]) for each in own), Decimal(0)))
        for name in ("amount_before_tax", "tax", "amount")
    }
    return {**invoice(id, customer_id), **sums, "lines": own, **values}


class Books(LedgerSource):
    """The ledger; every document has a PDF unless `files` says otherwise."""

    def __init__(self, settings: Any, services: Services) -> None:
        super().__init__(settings, services)
        self.files: dict[str, Attachment | Exception | None] = {}
        self.asked: list[str] = []

    def document(self, record: Record) -> Attachment | None:
        self.asked.append(record.id)
        found = self.files.get(record.id, Attachment(f"{record.id}.pdf", PDF))
        if isinstance(found, Exception):
            raise found
        return found


class Company:
    """Pennylane's stand-in, through its own API."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {TOKEN}"}

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(API + path, params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 100, "sort": "id"}
        while True:
            page = self.get(path, **query)
            items += page["items"]
            if not page["has_more"]:
                return items
            query["cursor"] = page["next_cursor"]

    def customers(self) -> list[dict[str, Any]]:
        return self.every("/customers")

    def invoices(self) -> list[dict[str, Any]]:
        return self.every("/customer_invoices")

    def the_invoice(self) -> dict[str, Any]:
        """The only document there is."""
        (found,) = self.invoices()
        return found

    def lines(self, id: int) -> list[dict[str, Any]]:
        return self.every(f"/customer_invoices/{id}/invoice_lines")

    def make(self, collection: str, **values: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_sandbox/pennylane/{collection}", json=values)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def alter(self, collection: str, id: int, **values: Any) -> None:
        answer = self.http.patch(f"/_sandbox/pennylane/{collection}/{id}", json=values)
        assert answer.status_code == 200, answer.text

    def journal(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/_sandbox/journal").json()
        return [row for row in found if row["product"] == "pennylane"]

    def writes(self) -> list[str]:
        """The path of every write that arrived, in order."""
        return [row["path"].partition("/v2")[2] for row in self.journal() if row["method"] != "GET"]

    def entry(self, id: int) -> dict[str, dict[str, str]]:
        """The sales entry of a document: account number -> debit, credit."""
        found = self.get(f"/ledger_entries/{700_000_000 + id}")
        return {
            each["ledger_account"]["number"]: {"debit": each["debit"], "credit": each["credit"]}
            for each in found["ledger_entry_lines"]
        }


def unpaced(base_url: str) -> WindowLimiter:
    """What lets the clients of the company ask without waiting, as long as it is kept; pace has tests of its own."""
    wide = WindowLimiter(requests=1_000_000, seconds=1.0)
    return shared_limiter(sha256(f"{base_url}\n{TOKEN}".encode()).hexdigest(), lambda: wide)


class Desk(Rig):
    """A connection from `source` (a `Books`) to the company."""

    def __init__(self, database: str, running: RunningSandbox, company: Company, settings: dict[str, Any]) -> None:
        super().__init__(database, Policy(reach=Reach(history="all")))
        self.company = company
        self.notes: list[str] = []
        self.source: Books = Books(self.source.options, self.services)
        self.block = {"token": TOKEN, "base_url": running.base("pennylane"), **settings}
        self._pace = unpaced(running.base("pennylane"))

    def open_target(self) -> PennylaneTarget:
        services = Services(
            HttpFactory(sleep=lambda _: None),
            StoredMemory(self.store, self.connection_id, "target"),
            self.notes.append,
            lambda: self.now,
        )
        return PennylaneTarget(PennylaneTargetSettings.model_validate(self.block), services)

    def sync(self, **asked: bool) -> Report:
        """Run once, as a new run would."""
        target = self.open_target()
        try:
            report = self.run(target, **asked)
        finally:
            target.close()
        assert report.adds_up(), json.dumps(report.as_json())
        return report

    def rejected(self) -> dict[str, str]:
        """Why, by key, for what was rejected."""
        return self.reasons("rejected")

    def reasons(self, outcome: str) -> dict[str, str]:
        from duebridge.core.engine.listing import list_records

        rows = list_records(self.store, self.connection_id, PennylaneTarget, outcome=outcome)
        return {f"{row['kind']}:{row['id']}": row["why"] for row in rows}


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})
