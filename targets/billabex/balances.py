"""What does Billabex say is outstanding on each document?

An invoice's total less its paid amount and what credit notes settle of it; a credit note's total, negative, less what
it settles. Major units of the account's currency: documents have none of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from duebridge.core.api import ZERO, Balance, RunError
from duebridge.targets.billabex.allocations import allocated
from duebridge.targets.billabex.client import BillabexClient, Node

_KINDS = {
    "invoices": ("invoice", "creditNoteId", 1),
    "credit-notes": ("credit_note", "invoiceId", -1),
}


def balances(client: BillabexClient) -> Iterator[Balance]:
    """Yield a balance for every document of the organization. Raises `RunError` for an answer without the amounts."""
    accounts = {str(node["id"]): node for node in client.listed("accounts")}
    for collection, (kind, other, sign) in _KINDS.items():
        for node in client.listed(collection):
            yield _balance(node, accounts.get(str(node.get("accountId")), {}), kind, other, sign)


def _balance(node: Node, account: Node, kind: str, other: str, sign: int) -> Balance:
    currency = account.get("currencyCode")
    if not isinstance(currency, str):
        raise RunError(f"Billabex: the currency of {kind} {node['id']} is not known; the balances can't be compared")
    settled = sum(allocated(node, other).values(), ZERO)
    try:
        outstanding = Decimal(str(node["totalAmount"])) - settled
        if kind == "invoice":
            outstanding -= Decimal(str(node["paidAmount"]))
    except (KeyError, InvalidOperation):
        raise RunError(
            f"Billabex: {kind} {node['id']} does not tell its amounts; the balances can't be compared"
        ) from None
    link = account.get("source")
    customer = str(link.get("sourceId") or "") if isinstance(link, dict) else ""
    return Balance(str(node.get("sourceId") or ""), kind, currency, sign * outstanding, customer)
