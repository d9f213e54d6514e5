"""What the tests of the way to Fincome put into the ledger."""

from __future__ import annotations

from typing import Any

from .fincome_scene import FincomeScene, Row


def line(**given: Any) -> Row:
    """A line as Pennylane's stand-in takes it: two of something, 200 before tax, unless told otherwise."""
    usual = {"label": "Accès", "quantity": "2", "currency_amount_before_tax": "200.00", "currency_tax": "40.00"}
    return {**usual, "currency_amount": "240.00", **given}


def invoice(scene: FincomeScene, *lines: Row, **given: Any) -> str:
    """An invoice issued five days ago and due in 25; return its id as Fincome has it."""
    usual = {"date": scene.day(-5), "deadline": scene.day(25)}
    content = {"invoice_lines": list(lines)} if lines else {}
    return str(scene.make("customer_invoices", **usual | content | given))


def credit(scene: FincomeScene, of: str | None, *lines: Row, **given: Any) -> str:
    """A credit note of an invoice; return its id as Fincome has it."""
    link = {"credited_invoice": {"id": int(of)}} if of is not None else {}
    content = {"invoice_lines": list(lines)} if lines else {"currency_amount": "-120.00"}
    return str(scene.make("customer_invoices", **link | content | {"date": scene.day(-1)} | given))


def subscription(scene: FincomeScene, *lines: Row, **given: Any) -> int:
    """A monthly subscription in progress; return Pennylane's id."""
    made: int = scene.make("billing_subscriptions", invoice_lines=list(lines), **given)
    return made


def product(scene: FincomeScene, **given: Any) -> int:
    """A product; return Pennylane's id."""
    made: int = scene.make("products", **{"label": "Accès", "price_before_tax": "100.0", "currency": "EUR"} | given)
    return made
