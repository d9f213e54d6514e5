"""Billabex's stand-in behind a real local server, and a client that holds its token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.targets.billabex.sandbox import BillabexSandbox
from duebridge.targets.billabex.sandbox.gate import TOKEN
from duebridge.targets.billabex.sandbox.state import ORGANIZATION

Row = dict[str, Any]

PDF = ("f.pdf", b"%PDF-1.4 small", "application/pdf")
NOW = 1_774_000_000.0  # 20 March 2026


class Clock:
    """Unix seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Billabex(httpx.Client):
    """A client whose shortcuts make valid objects, a field changed here and there."""

    def account(self, **changes: Any) -> httpx.Response:
        body = {"organizationId": ORGANIZATION, "fullName": "Acme", "currencyCode": "EUR"} | changes
        return self.post("accounts", json={name: value for name, value in body.items() if value is not None})

    def invoice(self, account: str, number: str = "F-1", *, file: Any = PDF, key: str = "", **changes: Any) -> Any:
        form = fields(account, number) | date("dueDate", 2026, 4, 1) | changes
        return self._send("invoices", form, file, key)

    def credit_note(self, account: str, number: str = "A-1", *, file: Any = PDF, key: str = "", **changes: Any) -> Any:
        return self._send(
            "credit-notes", fields(account, number) | {"totalAmount": "50", "taxAmount": "0"} | changes, file, key
        )

    def nodes(self, path: str, **query: Any) -> list[Row]:
        answer = self.get(path, params={"organizationId": ORGANIZATION, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["nodes"]  # type: ignore[no-any-return]

    def _send(self, path: str, form: Row, file: Any, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key, "content-type": "multipart/form-data; boundary=bbb"} if key else {}
        texts = [(name, (None, str(value))) for name, value in form.items() if value is not None]
        files = [("file", file)] if file else []
        return self.post(path, files=[*texts, *files], headers=headers)


def fields(account: str, number: str) -> Row:
    plain = {"accountId": account, "number": number, "totalAmount": "120.00", "taxAmount": "20.00"}
    return plain | date("issuedDate", 2026, 3, 2)


def date(name: str, year: int, month: int, day: int) -> Row:
    return {f"{name}[year]": year, f"{name}[month]": month, f"{name}[day]": day}


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[BillabexSandbox, RunningSandbox]]:
    """One stand-in for all tests, with the real limits."""
    product = BillabexSandbox(SandboxOptions())
    with running_sandbox([product]) as running:
        yield product, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def product(served: tuple[BillabexSandbox, RunningSandbox], clock: Clock) -> BillabexSandbox:
    """A stand-in that has received nothing."""
    served[0].clock = clock
    served[0].reset()
    return served[0]


@pytest.fixture
def running(served: tuple[BillabexSandbox, RunningSandbox], product: BillabexSandbox) -> RunningSandbox:
    return served[1]


@pytest.fixture
def billabex(running: RunningSandbox) -> Iterator[Billabex]:
    """A client with the token; paths below the version."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with Billabex(base_url=f"{running.base('billabex')}/api/public/v1/", headers=headers, timeout=20) as client:
        yield client


@pytest.fixture
def acme(billabex: Billabex) -> str:
    """The id of an account."""
    return str(billabex.account().json()["id"])
