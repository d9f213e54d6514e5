"""Makers of canonical records for the Upflow tests: plausible, every field to be overridden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import CreditNote, Customer, Invoice


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
