"""Which amounts of an import does the product take?

Source: spec, POST /customer_invoices/import: up to one cent for each line between the totals and the sums of the lines;
a discount with e-invoices alone; unit prices of six decimals; substance and ledger account of one mind. An integrator
observed that before tax and tax must make the total, on each line and in all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from duebridge.core.api import ZERO
from duebridge.plugins.pennylane.sandbox.derive import amount
from duebridge.plugins.pennylane.sandbox.refusals import unprocessable

Data = Mapping[str, Any]

_CENT = Decimal("0.01")
_PRICE = re.compile(r"-?[0-9]+(\.[0-9]{1,6})?", re.ASCII)
_E_INVOICE_NUMBER = re.compile(r"[A-Za-z0-9+_/-]{1,35}", re.ASCII)
TOTAL, BEFORE, TAX = "currency_amount", "currency_amount_before_tax", "currency_tax"


def check_amounts(document: Data, lines: Sequence[Data]) -> None:
    """Raise a 422 `Refusal` for totals that contradict each other or the lines, naming what."""
    totals = {name: _amount(document, name, "The invoice's") for name in (TOTAL, BEFORE, TAX)}
    if totals[BEFORE] + totals[TAX] != totals[TOTAL]:
        raise unprocessable("The invoice's amount before tax and tax don't add up to its total amount")
    sums = {TOTAL: ZERO, BEFORE: ZERO, TAX: ZERO}
    for place, line in enumerate(lines, start=1):
        total, tax = (_amount(line, name, f"Invoice line {place}'s") for name in (TOTAL, TAX))
        for name, value in ((TOTAL, total), (TAX, tax), (BEFORE, total - tax)):
            sums[name] += value
        _check_price(place, line)
    for name, found in sums.items():
        if abs(found - totals[name]) > _CENT * len(lines):
            raise unprocessable(
                f"The sum of the invoice lines' {name} ({found}) differs from the invoice's ({totals[name]}) by more "
                "than 1 cent per line"
            )


def check_e_invoice(document: Data, lines: Sequence[Data]) -> None:
    """Raise a 422 `Refusal` for what only e-invoices take, or what they lack."""
    if not document.get("convert_to_e_invoice"):
        if "discount" in document or any("discount" in line for line in lines):
            raise unprocessable("discount is only allowed when convert_to_e_invoice is true")
        return
    if not _E_INVOICE_NUMBER.fullmatch(document.get("invoice_number", "")):
        raise unprocessable("invoice_number must have at most 35 characters among A-Z a-z 0-9 + _ / - for an e-invoice")
    if not all(line.get("label") for line in lines):
        raise unprocessable("label is required on each line for an e-invoice")


def check_account(place: int, line: Data, account: Data | None) -> None:
    """Raise a 422 `Refusal` for an account that isn't there or in use, or that contradicts the substance."""
    if "ledger_account_id" not in line:
        return
    if account is None:
        raise unprocessable(f"Invoice line {place}: ledger account {line['ledger_account_id']} does not exist")
    if not account["enabled"]:
        raise unprocessable(f"Invoice line {place}: ledger account {account['number']} is disabled")
    wanted = {"goods": "707", "services": "706"}.get(line.get("substance", ""))
    if wanted is not None and not account["number"].startswith(wanted):
        raise unprocessable(f"Invoice line {place}: substance and ledger_account_id don't match")


def _check_price(place: int, line: Data) -> None:
    if not _PRICE.fullmatch(line["raw_currency_unit_price"]):
        raise unprocessable(f"Invoice line {place}: raw_currency_unit_price must be a number with at most 6 decimals")


def _amount(data: Data, name: str, whose: str) -> Decimal:
    value = amount(data[name])
    if value is None:
        raise unprocessable(f"{whose} {name} is not an amount")
    return value
