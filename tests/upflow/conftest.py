"""Makers of canonical records for the Upflow tests, and an organization at Upflow's stand-in to write to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from duebridge.core.api import CreditNote, Customer, Invoice, PerMinute, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox
from duebridge.targets.upflow.settings import UpflowSettings
from duebridge.targets.upflow.target import UpflowTarget

KEY, SECRET = "sandbox-upflow-key", "sandbox-upflow-secret"


@pytest.fixture(scope="session")
def make_customer() -> Callable[..., Customer]:
    """Return a maker of customers: the company `7`, unless told otherwise."""

    def make(**fields: Any) -> Customer:
        return Customer(**({"id": "7", "customer_type": "company", "name": "Vergers du Lac SARL"} | fields))

    return make


@pytest.fixture(scope="session")
def make_invoice() -> Callable[..., Invoice]:
    """Return a maker of invoices: `30` of customer `7`, 1200.00 EUR, upcoming, unless told otherwise."""

    def make(**fields: Any) -> Invoice:
        return Invoice(**(_DOCUMENT | {"id": "30", "number": "F-2026-30", "status": "upcoming"} | fields))

    return make


@pytest.fixture(scope="session")
def make_credit_note() -> Callable[..., CreditNote]:
    """Return a maker of credit notes: `40` of customer `7`, −240.00 EUR, linked to invoice `30`, unpaid."""

    def make(**fields: Any) -> CreditNote:
        own = {
            "id": "40",
            "number": "A-2026-40",
            "status": "credit_note",
            "amount": Decimal("-240.00"),
            "amount_before_tax": Decimal("-200.00"),
            "tax": Decimal("-40.00"),
            "invoice_id": "30",
        }
        return CreditNote(**(_DOCUMENT | own | fields))

    return make


_DOCUMENT: dict[str, Any] = {
    "customer_id": "7",
    "draft": False,
    "paid": False,
    "currency": "EUR",
    "amount": Decimal("1200.00"),
    "amount_before_tax": Decimal("1000.00"),
    "tax": Decimal("200.00"),
    "issued_on": date(2026, 3, 2),
    "due_on": date(2026, 4, 1),
}


class Notebook:
    """A connector's memory that lasts as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> Any:
        """Return what was put under `key`, after a trip through JSON."""
        return json.loads(self.kept[key]) if key in self.kept else None

    def put(self, key: str, value: Any) -> None:
        """Keep `value`, which must be JSON."""
        self.kept[key] = json.dumps(value)


class Desk:
    """An organization at Upflow's stand-in, and what a run lends to targets that write there."""

    def __init__(self, sandbox: UpflowSandbox, url: str) -> None:
        self.sandbox = sandbox
        self.url = url
        self.memory = Notebook()
        self.notes: list[str] = []
        self.now = datetime(2026, 5, 4, 8, tzinfo=UTC)
        self._open: list[UpflowTarget] = []
        self._reader = HttpFactory()(
            url, product="Upflow", headers=lambda: {"X-Api-Key": KEY, "X-Api-Secret": SECRET}, limiter=PerMinute(10**6)
        )
        self._seen = len(self._journal())

    def target(self, **settings: Any) -> UpflowTarget:
        """Return a target of a new run with the memory of those before."""
        block = {"api_key": KEY, "api_secret": SECRET, "base_url": f"{self.url}/upflow"} | settings
        services = Services(HttpFactory(), self.memory, self.notes.append, lambda: self.now)
        target = UpflowTarget(UpflowSettings(**block), services)
        self._open.append(target)
        return target

    def ask(self, path: str) -> Any:
        """Return what Upflow shows under `path`."""
        return self._reader.get(f"/upflow/v1/{path}")

    def requests(self) -> list[tuple[str, str, int]]:
        """Return (method, path below /v1/, status) of the requests made since the last look."""
        rows = [row for row in self._journal() if row["product"] == "upflow"]
        new, self._seen = rows[self._seen :], len(rows)
        return [(row["method"], unquote(row["path"]).partition("/v1/")[2], row["status"]) for row in new]

    def close(self) -> None:
        """Close every connection."""
        for target in self._open:
            target.close()
        self._reader.close()

    def _journal(self) -> list[dict[str, Any]]:
        journal: list[dict[str, Any]] = self._reader.get("/_sandbox/journal")
        return journal


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[UpflowSandbox, str]]:
    """Serve Upflow's stand-in, without limits."""
    sandbox = UpflowSandbox(SandboxOptions(limits="off"))
    with running_sandbox([sandbox]) as running:
        yield sandbox, running.url


@pytest.fixture
def desk(served: tuple[UpflowSandbox, str]) -> Iterator[Desk]:
    """An organization that has received nothing."""
    sandbox, url = served
    sandbox.reset()
    desk = Desk(sandbox, url)
    yield desk
    desk.close()
