"""Fincome's stand-in, served for the tests of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.targets.fincome.sandbox import FincomeSandbox


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve the stand-in."""
    with running_sandbox([FincomeSandbox(SandboxOptions())]) as running:
        yield running.url


@pytest.fixture
def fincome(served: str) -> Iterator[httpx.Client]:
    """A client with the key, below `/fincome/product/`, of an account that has received nothing."""
    with httpx.Client(base_url=f"{served}/fincome/product/", headers={"X-API-Key": "sandbox-fincome"}) as client:
        assert client.post(f"{served}/_sandbox/reset").status_code == 204
        yield client


@pytest.fixture
def control(served: str, fincome: httpx.Client) -> Iterator[httpx.Client]:
    """A client for control calls on the same account."""
    with httpx.Client(base_url=f"{served}/_sandbox/fincome/") as client:
        yield client


def customer(**fields: Any) -> dict[str, Any]:
    """A customer as it is written."""
    return {"id": "pl-7", "name": "Vergers du Lac SARL", "country": "FR", "zip_code": "74000", **fields}


def subscription(**fields: Any) -> dict[str, Any]:
    """A subscription as it is written."""
    usual = {"id": "310:2", "customer_id": "pl-7", "currency_code": "EUR", "status": "active"}
    return {**usual, "subscription_start_date": "2026-01-01", "monthly_amount": 400.5, **fields}


def line(**fields: Any) -> dict[str, Any]:
    """A line of an invoice as it is written."""
    usual = {"id": "88", "currency_code": "EUR", "amount_excluding_tax_after_discount": 1200.0, "tax_amount": 240}
    return {**usual, "period_start": "2026-03-01", "period_end": "2026-04-01", **fields}


def invoice(**fields: Any) -> dict[str, Any]:
    """An invoice as it is written."""
    return {"id": "30", "customer_id": "pl-7", "date": "2026-03-02", "status": "open", "lines": [line()], **fields}


def credit_note(**fields: Any) -> dict[str, Any]:
    """A credit note as it is written."""
    usual = {"id": "40", "invoice_id": "30", "date": "2026-03-09", "currency_code": "EUR", "amount": -100}
    own = {"id": "90", "currency_code": "EUR", "amount": -100.0}
    return {**usual, "lines": [own], **fields}
