"""What do a product and a subscription become? Pure.

Sources: spec, GET /products, GET /billing_subscriptions. A subscription's `_lines` are fetched beside it, as are the
references of its customer and of its lines' products (`references`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from duebridge.core.api import Json, Price, Product, Raw, Record, RecordError, Subscription
from duebridge.plugins.pennylane.fields import (
    amount,
    day_or_none,
    identifier,
    instant_or_none,
    linked,
    text,
    text_or_none,
    told_plainly,
    word_or_none,
    wrong,
)
from duebridge.plugins.pennylane.line_items import lines_of

#: recurring_rule.rule_type -> the unit of its interval.
_UNITS = {"weekly": "week", "monthly": "month", "yearly": "year"}


def has_price(raw: Raw) -> bool:
    """Whether a product has a price; one that is no amount counts, and `price` rejects it."""
    return raw.get("price_before_tax") not in (None, "")


def sold_as(raw: Raw, wanted: Collection[str]) -> Sequence[type[Record]]:
    """A product and, if it has one, its price: those `wanted`, or the product when none is named."""
    kinds = (Product, Price) if has_price(raw) else (Product,)
    return [kind for kind in kinds if kind.kind in (wanted or {Product.kind})]


@told_plainly
def product(raw: Raw) -> Product:
    """A row of GET /products -> `Product`. Raises `RecordError`."""
    return Product.model_validate(
        {
            "id": identifier(raw, "id"),
            "label": text(raw, "label"),
            "external_reference": word_or_none(raw, "external_reference"),
            "reference": word_or_none(raw, "reference"),
            "price_before_tax": amount(raw, "price_before_tax") if has_price(raw) else None,
            "currency": raw["currency"],
            "unit": word_or_none(raw, "unit"),
            "tax_code": text_or_none(raw, "vat_rate"),
            **_dates(raw),
        }
    )


@told_plainly
def price(raw: Raw) -> Price:
    """A row of GET /products that has a price -> `Price`, under the product's id. Raises `RecordError`."""
    id = identifier(raw, "id")
    return Price.model_validate(
        {
            "id": id,
            "product_id": id,
            "label": text(raw, "label"),
            "external_reference": word_or_none(raw, "external_reference"),
            "currency": raw["currency"],
            "amount": amount(raw, "price_before_tax"),
            **_dates(raw),
        }
    )


def _dates(raw: Raw) -> dict[str, Any]:
    return {name: instant_or_none(raw, name) for name in ("archived_at", "created_at", "updated_at")}


@told_plainly
def subscription(raw: Raw) -> Subscription:
    """A row of GET /billing_subscriptions -> `Subscription`; amounts are those of one invoice. Raises `RecordError`."""
    rule, held = _object(raw, "recurring_rule"), _object(raw, "customer_invoice_data")
    return Subscription.model_validate(
        {
            "id": identifier(raw, "id"),
            "customer_id": linked(raw, "customer"),
            "customer_reference": word_or_none(raw, "_customer_reference"),
            "label": word_or_none(raw, "label") or word_or_none(held, "label"),
            "status": text(raw, "status"),
            "mode": text_or_none(raw, "mode"),
            "currency": held["currency"],
            "amount": amount(held, "currency_amount"),
            "amount_before_tax": amount(held, "currency_amount_before_tax"),
            "tax": amount(held, "currency_tax"),
            "interval_unit": _unit(rule),
            "interval": 1 if (interval := _whole_or_none(rule, "interval")) is None else interval,
            "occurrences": _whole_or_none(rule, "count"),
            "starts_on": day_or_none(raw, "start"),
            "ends_on": day_or_none(raw, "finish"),
            "next_on": day_or_none(raw, "next_occurrence"),
            "activated_at": instant_or_none(raw, "activated_at"),
            "stopped_at": instant_or_none(raw, "stopped_at"),
            "payment_conditions": text_or_none(raw, "payment_conditions"),
            "lines": lines_of(raw),
            "created_at": instant_or_none(raw, "created_at"),
            "updated_at": instant_or_none(raw, "updated_at"),
        }
    )


def _object(raw: Raw, field: str) -> dict[str, Json]:
    value = raw[field]
    if isinstance(value, dict):
        return value
    raise wrong(field, value, "an object")


def _unit(rule: Raw) -> str:
    word = text(rule, "rule_type")
    if word not in _UNITS:
        raise RecordError(f"it recurs {word!r} where {', '.join(_UNITS)} are known; its invoices can't be foreseen")
    return _UNITS[word]


def _whole_or_none(raw: Raw, field: str) -> int | None:
    value = raw[field]
    if value is None or type(value) is int:
        return value
    raise wrong(field, value, "a whole number or null")
