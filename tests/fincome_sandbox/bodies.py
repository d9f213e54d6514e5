"""Bodies as they are written to Fincome's stand-in."""

from __future__ import annotations

from typing import Any


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
