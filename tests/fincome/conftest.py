"""Makers of canonical records for the Fincome tests, and an account at Fincome's stand-in to write to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Invoice, Line, PerMinute, Services, Subscription
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.targets.fincome.sandbox import FincomeSandbox
from duebridge.targets.fincome.settings import FincomeSettings
from duebridge.targets.fincome.target import FincomeTarget

KEY = "sandbox-fincome"


@pytest.fixture(scope="session")
def make_line() -> Callable[..., Line]:
    """Return a maker of lines: `1`, two months of access for 200.00 before tax, unless told otherwise."""

    def make(id: str = "1", **fields: Any) -> Line:
        usual = {"label": "Accès", "quantity": 2, "amount_before_tax": "200.00", "tax": "40.00", "amount": "240.00"}
        return Line(id=id, **(usual | fields))

    return make


@pytest.fixture(scope="session")
def make_subscription(make_line: Callable[..., Line]) -> Callable[..., Subscription]:
    """Return a maker of subscriptions: `310` of customer `7`, monthly, with one item `2`, unless told otherwise."""

    def make(**fields: Any) -> Subscription:
        usual: dict[str, Any] = {
            "id": "310",
            "customer_id": "7",
            "status": "in_progress",
            "currency": "EUR",
            "amount": "240.00",
            "amount_before_tax": "200.00",
            "tax": "40.00",
            "interval_unit": "month",
            "starts_on": date(2026, 1, 1),
            "lines": (make_line("2", product_id="9"),),
        }
        return Subscription(**(usual | fields))

    return make


_DOCUMENT: dict[str, Any] = {
    "customer_id": "7",
    "draft": False,
    "paid": False,
    "currency": "EUR",
    "amount": Decimal("240.00"),
    "amount_before_tax": Decimal("200.00"),
    "tax": Decimal("40.00"),
    "issued_on": date(2026, 3, 2),
    "due_on": date(2026, 4, 1),
}


@pytest.fixture(scope="session")
def make_invoice(make_line: Callable[..., Line]) -> Callable[..., Invoice]:
    """Return a maker of invoices: `30` of customer `7`, 240.00 EUR, upcoming, one line, unless told otherwise."""

    def make(**fields: Any) -> Invoice:
        own = {"id": "30", "number": "F-2026-30", "status": "upcoming", "lines": (make_line(),)}
        return Invoice(**(_DOCUMENT | own | fields))

    return make


@pytest.fixture(scope="session")
def make_credit_note(make_line: Callable[..., Line]) -> Callable[..., CreditNote]:
    """Return a maker of credit notes: `40` of invoice `30`, −240.00 EUR, unless told otherwise."""

    def make(**fields: Any) -> CreditNote:
        negative = {"amount": "-240.00", "amount_before_tax": "-200.00", "tax": "-40.00"}
        own = {"id": "40", "number": "A-2026-40", "status": "credit_note", "invoice_id": "30", **negative}
        return CreditNote(**(_DOCUMENT | own | {"lines": (make_line(**negative),)} | fields))

    return make


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


@pytest.fixture
def services() -> Services:
    """What a run on 4 May 2026 lends a connector; its notes are `services.note.__self__`."""
    notes: list[str] = []
    return Services(HttpFactory(), Notebook(), notes.append, lambda: datetime(2026, 5, 4, 8, tzinfo=UTC))


class Account:
    """An account at Fincome's stand-in, and targets that write there."""

    def __init__(self, url: str, services: Services) -> None:
        self.url = url
        self._services = services
        self._open: list[FincomeTarget] = []
        self._reader = HttpFactory()(
            url, product="Fincome", headers=lambda: {"X-API-Key": KEY}, limiter=PerMinute(10**6)
        )

    def target(self, **settings: Any) -> FincomeTarget:
        """Return a target with the account's key, unless told otherwise."""
        block = {"api_key": KEY, "base_url": f"{self.url}/fincome"} | settings
        target = FincomeTarget(FincomeSettings(**block), self._services)
        self._open.append(target)
        return target

    def ask(self, path: str) -> Any:
        """Return what Fincome shows under `path`."""
        return self._reader.get(f"/fincome/product/{path}")

    def make(self, collection: str, **values: Any) -> Any:
        """Add an object by a control call."""
        return self._reader.write("POST", f"/_sandbox/fincome/{collection}", values, safety="create_once")

    def requests(self) -> list[tuple[str, str, int]]:
        """Return (method, path below /product/, status) of every request so far."""
        rows: list[dict[str, Any]] = self._reader.get("/_sandbox/journal")
        return [(row["method"], row["path"].partition("/product/")[2], row["status"]) for row in rows]

    def close(self) -> None:
        """Close every connection."""
        for target in self._open:
            target.close()
        self._reader.close()


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve Fincome's stand-in."""
    with running_sandbox([FincomeSandbox(SandboxOptions(limits="off"))]) as running:
        yield running.url


@pytest.fixture
def account(served: str, services: Services) -> Iterator[Account]:
    """An account that has received nothing."""
    account = Account(served, services)
    account._reader.write("POST", "/_sandbox/reset", safety="upsert")
    yield account
    account.close()
