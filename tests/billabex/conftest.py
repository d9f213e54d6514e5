"""Makers of canonical records for the Billabex tests, and an organization at its stand-in to write to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic_core import from_json, to_json

from duebridge.core.api import Ack, Attachment, CreditNote, Customer, Delivery, Invoice, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.pdf import one_page
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.core.testing import Fault, faults
from duebridge.targets.billabex.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.targets.billabex.sandbox import BillabexSandbox
from duebridge.targets.billabex.sandbox.gate import TOKEN
from duebridge.targets.billabex.sandbox.state import ORGANIZATION
from duebridge.targets.billabex.settings import BillabexSettings
from duebridge.targets.billabex.target import BillabexTarget

Row = dict[str, Any]

CONTEXT = {"source": "book", "currency": "EUR", "override_email": None}

_DOCUMENT: Row = {
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


def make_customer(**fields: Any) -> Customer:
    """The company `7`, unless told otherwise."""
    return Customer(**({"id": "7", "customer_type": "company", "name": "Vergers du Lac SARL"} | fields))


def make_invoice(**fields: Any) -> Invoice:
    """Invoice `30` of customer `7`, 1200.00 EUR, upcoming, unless told otherwise."""
    return Invoice(**(_DOCUMENT | {"id": "30", "number": "F-2026-30", "status": "upcoming"} | fields))


def make_credit_note(**fields: Any) -> CreditNote:
    """Credit note `40` of customer `7`, −240.00 EUR, linked to invoice `30`, unless told otherwise."""
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


class Notebook:
    """A connector's memory that lasts as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self.kept[key]) if key in self.kept else None

    def put(self, key: str, value: Any) -> None:
        self.kept[key] = json.dumps(value)


class Desk:
    """An organization at Billabex's stand-in, what a run lends, and what the engine would remember of its writes."""

    def __init__(self, sandbox: BillabexSandbox, url: str, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self.url = url
        self.http = http
        self.memory = Notebook()
        self.ids: dict[str, str] = {}
        self.pdf = one_page(["Facture"])
        self.media_type = "application/pdf"
        self._open: list[BillabexTarget] = []

    def target(self, **settings: Any) -> BillabexTarget:
        """A target of a new run with the memory of those before; it waits for nothing."""
        block = {"token": TOKEN, "organization_id": ORGANIZATION, "base_url": f"{self.url}/billabex"} | settings
        services = Services(
            HttpFactory(sleep=lambda _: None), self.memory, lambda _: None, lambda: datetime(2026, 5, 4, tzinfo=UTC)
        )
        options = BillabexSettings(**({"requests_per_minute": 1_000_000} | block))
        made = BillabexTarget.chosen(options)(options, services)
        assert isinstance(made, BillabexTarget)
        self._open.append(made)
        return made

    def delivery(self, record: Any, operation: Any = None, **changes: Any) -> Delivery:
        """What the engine would hand over for `record`: created first, an update afterwards."""
        mapping = {"customer": CUSTOMER, "invoice": INVOICE, "credit_note": CREDIT_NOTE}[record.kind]
        reference = f"book-{record.kind}-{record.id}"
        owner = self.ids.get(f"book-customer-{getattr(record, 'customer_id', '')}")
        return Delivery(
            kind=record.kind,
            id=record.id,
            part="",
            operation=operation or ("update" if reference in self.ids else "create"),
            reference=reference,
            payload=stored(mapping.build(record, CONTEXT)),
            target_id=self.ids.get(reference),
            write=record.kind,
            file=lambda: Attachment("facture.pdf", self.pdf, self.media_type) if self.pdf else None,
            after=(owner, None),
        )._replace(**changes)

    def push(self, record: Any, target: BillabexTarget | None = None, **changes: Any) -> Ack:
        """Write `record` and remember its id."""
        delivery = self.delivery(record, **changes)
        ack = (target or self.target()).push(delivery)
        if ack.target_id:
            self.ids[delivery.reference] = ack.target_id
        return ack

    def shown(self, collection: str) -> list[Row]:
        """Everything Billabex lists."""
        return list(self.sandbox.routes.find("GET", collection)[0](_asking()).content["nodes"])

    def contacts(self, account: str) -> set[tuple[str, str]]:
        """(address, name) of an account's contacts."""
        call = _asking(account)
        nodes = self.sandbox.routes.find("GET", f"accounts/{account}/contacts")[0](call).content["nodes"]
        return {(node["email"]["address"], node["fullName"]) for node in nodes}

    def control(self, method: str, path: str, **values: Any) -> Any:
        """Ask the sandbox about Billabex."""
        answer = self.http.request(method, f"{self.url}/_sandbox/billabex/{path}", json=values)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def requests(self) -> list[tuple[str, str]]:
        """(method, path below the version) of every request so far."""
        rows = self.http.get(f"{self.url}/_sandbox/journal").json()
        return [(row["method"], row["path"].partition("/v1/")[2]) for row in rows]

    def close(self) -> None:
        for target in self._open:
            target.close()


def stored(payload: Row) -> Row:
    """A payload after its trip through the store."""
    return from_json(to_json(payload))  # type: ignore[no-any-return]


def _asking(*ids: str) -> Any:
    from duebridge.targets.billabex.sandbox.exchange import Call

    return Call(ids, {"organizationId": ORGANIZATION, "first": "100"})


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[BillabexSandbox, str]]:
    """Serve Billabex's stand-in, without limits."""
    sandbox = BillabexSandbox(SandboxOptions(limits="off"))
    with running_sandbox([sandbox]) as running:
        yield sandbox, running.url


@pytest.fixture
def desk(served: tuple[BillabexSandbox, str]) -> Iterator[Desk]:
    """An organization that has received nothing."""
    sandbox, url = served
    with httpx.Client(timeout=20) as http:
        assert http.post(f"{url}/_sandbox/reset").status_code == 204
        desk = Desk(sandbox, url, http)
        yield desk
        desk.close()


@pytest.fixture
def order(served: tuple[BillabexSandbox, str]) -> Iterator[Callable[..., None]]:
    """Return what orders faults at Billabex."""
    with faults(served[1]) as ordered:

        def order(**fault: Any) -> None:
            ordered.order(Fault(product="billabex", **fault))

        yield order
