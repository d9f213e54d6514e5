"""What does Upflow say is outstanding on each document?

Source: the replies of GET /v1/invoices (`amountOutstanding`), /v1/credit_notes, /v1/payments and /v1/refunds (amount
less `amountLinked`); whole numbers of the currency's smallest unit. An organization's outstanding amount is what is due
and overdue less what is unapplied, so credit notes and payments count with their unlinked part, negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from duebridge.core.api import Balance, Json, RunError, exponent
from duebridge.targets.upflow.client import UpflowClient

#: Collection -> the kind of its documents, the field of the whole amount, and how an unlinked part counts.
_COLLECTIONS: Mapping[str, tuple[str, str, int]] = {
    "invoices": ("invoice", "grossAmount", 1),
    "credit_notes": ("credit_note", "grossAmount", -1),
    "payments": ("payment", "amount", -1),
    "refunds": ("refund", "amount", 1),
}


def balances(client: UpflowClient) -> Iterator[Balance]:
    """Yield a balance for every document; pages of 500. Raises `RunError` for an answer without the amounts."""
    for collection, (kind, whole, sign) in _COLLECTIONS.items():
        for item in client.documents(collection):
            yield _balance(collection, item, kind, whole, sign)


def _balance(collection: str, item: Mapping[str, Json], kind: str, whole: str, sign: int) -> Balance:
    try:
        currency = str(item["currency"])
        minor = _outstanding(item, whole)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"Upflow, GET /v1/{collection}: document {item.get('externalId') or item.get('id')} does not tell "
            f"what is outstanding ({error}); the balances can't be compared"
        ) from None
    amount = (sign * minor).scaleb(-exponent(currency))
    return Balance(str(item.get("externalId") or ""), kind, currency, amount, _customer(item))


def _outstanding(item: Mapping[str, Json], whole: str) -> Decimal:
    if "amountOutstanding" in item:
        return Decimal(int(item["amountOutstanding"]))
    return Decimal(int(item[whole]) - int(item["amountLinked"]))


def _customer(item: Mapping[str, Json]) -> str:
    customer = item.get("customer")
    return str(customer.get("externalId") or "") if isinstance(customer, dict) else ""
