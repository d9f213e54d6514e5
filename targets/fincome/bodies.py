"""How does a payload become the JSON Fincome takes? Texts of numbers become numbers, and what is missing becomes null.

What the ledger no longer tells is sent as null: whether a field left out stays or goes is not documented. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from duebridge.core.api import Json, Payload

#: Collection -> the fields every body has; those of lines are all there already.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "customers": ("id", "name", "email", "country", "zip_code", "custom_properties"),
        "products": ("id", "name"),
        "prices": ("id", "product_id", "name", "amount", "currency_code"),
        "subscriptions": (),
        "invoices": ("id", "customer_id", "date", "invoice_number", "status", "lines"),
        "credit_notes": ("id", "invoice_id", "customer_id", "date", "credit_note_number", "currency_code", "lines"),
    }
)

#: In a payload for us alone.
NOT_SENT = frozenset({"beside_lines", "customer", "product"})

_NUMBERS = frozenset(
    "amount amount_excluding_tax_after_discount discount_amount monthly_amount quantity tax_amount".split()
)


def body(collection: str, payload: Payload, previous: Payload | None = None) -> Payload:
    """Return what is sent to `collection` for `payload`; `previous` is what was last taken."""
    whole = {**dict.fromkeys(FIELDS[collection]), **payload}
    if collection == "customers":
        whole["custom_properties"] = _properties(payload, previous or {})
    return _without_ours(whole)


def told(payload: Payload) -> list[str]:
    """Return what a person should know of a document that was sent."""
    difference = payload.get("beside_lines")
    if difference is None:
        return []
    return [
        f"the document differs from its lines by {difference} before tax, which Fincome is not told: it takes lines"
    ]


def _properties(payload: Payload, previous: Payload) -> Payload:
    """The custom properties: those no longer there are cleared by name, since nobody's own are touched."""
    cleared = dict.fromkeys(previous.get("custom_properties") or {})
    return {**cleared, **(payload.get("custom_properties") or {})}


def _without_ours(payload: Payload) -> Payload:
    return {name: _sent(name, value) for name, value in payload.items() if name not in NOT_SENT}


def _sent(name: str, value: Json) -> Json:
    if isinstance(value, list):
        return [_without_ours(each) for each in value]
    return Decimal(value) if name in _NUMBERS and value is not None else value
