"""What does Pennylane say is outstanding on each document of the company?

Source: spec, GET /customer_invoices (`remaining_amount_with_tax`). Its sign on credit notes is not documented, so it is
taken without one, and counted as owed back.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from duebridge.core.api import ZERO, Balance, Raw, RecordError, RunError
from duebridge.plugins.pennylane.canonical import is_credit_note
from duebridge.plugins.pennylane.importing.client import ImportClient

_FINALISED = frozenset(
    "upcoming late partially_paid partially_cancelled paid cancelled credit_note incomplete archived".split()
)


def balances(client: ImportClient) -> Iterator[Balance]:
    """Yield a balance for every finalised document. Raises `RunError` for an answer without the amounts."""
    for row in client.all("/customer_invoices"):
        if row.get("draft") is not True and row.get("status") in _FINALISED:
            yield _balance(row)


def _balance(row: Raw) -> Balance:
    try:
        currency, remaining = str(row["currency"]), row["remaining_amount_with_tax"]
        amount = ZERO if remaining is None else Decimal(str(remaining))
        credit = is_credit_note(row)
    except (KeyError, InvalidOperation, RecordError):
        raise RunError(
            f"Pennylane, GET /customer_invoices: document {row.get('id')} does not tell what remains to be paid; "
            "nothing is compared"
        ) from None
    kind = "credit_note" if credit else "invoice"
    return Balance(str(row.get("external_reference") or ""), kind, currency, -abs(amount) if credit else amount)
