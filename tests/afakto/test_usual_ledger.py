"""A ledger of everything there is goes to Afakto whole, and its importer takes every file."""

from __future__ import annotations

from decimal import Decimal

from .scene import CODE, Scene


def test_the_importer_takes_what_a_usual_ledger_gives(usual: Scene) -> None:
    usual.synced()
    company = usual.book().companies[CODE]
    print(len(company.buyers), len(company.invoices))
    assert company.invoices
    assert {row["id"] for row in usual.ledger("customers")} 
