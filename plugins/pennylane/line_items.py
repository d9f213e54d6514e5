"""What does a line of a document or of a subscription become? Pure.

Source: spec, GET /customer_invoices/{id}/invoice_lines and /billing_subscriptions/{id}/invoice_lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from duebridge.core.api import Discount, Json, Line, Raw, RecordError
from duebridge.plugins.pennylane.fields import (
    amount,
    day_or_none,
    identifier,
    linked,
    rate_or_none,
    text,
    text_or_empty,
    text_or_none,
    told_plainly,
    word_or_none,
    wrong,
)
from duebridge.plugins.pennylane.vat import tax_rate


def objects(raw: Raw, field: str) -> Iterable[Raw]:
    """The list under `field`, each an object; none when it isn't there. Raises `RecordError`."""
    values = raw.get(field) or ()
    for value in values:
        if not isinstance(value, dict):
            raise wrong(field.lstrip("_"), value, "an object")
    return values


def lines_of(raw: Raw) -> tuple[Line, ...] | None:
    """The lines fetched beside `raw`; None when they were not. Raises `RecordError`, naming the line."""
    if "_lines" not in raw:
        return None
    return tuple(_in(f"line {place}", line, each) for place, each in enumerate(objects(raw, "_lines"), start=1))


def _in(part: str, build: Callable[[Raw], Line], raw: Raw) -> Line:
    try:
        return build(raw)
    except RecordError as refused:
        raise RecordError(f"{part}: {refused}") from None


@told_plainly
def line(raw: Raw) -> Line:
    """One line -> `Line`; amounts are after discounts. Raises `RecordError`."""
    code = text_or_none(raw, "vat_rate")
    starts, ends = _period(raw.get("imputation_dates"))
    return Line.model_validate(
        {
            "id": identifier(raw, "id"),
            "label": text_or_empty(raw, "label"),
            "description": text_or_empty(raw, "description"),
            "quantity": amount(raw, "quantity"),
            "unit": text_or_none(raw, "unit"),
            "unit_price": rate_or_none(raw, "raw_currency_unit_price"),
            "amount_before_tax": amount(raw, "currency_amount_before_tax"),
            "tax": amount(raw, "currency_tax"),
            "amount": amount(raw, "currency_amount"),
            "tax_rate": None if code is None else tax_rate(code),
            "tax_code": code,
            "discount": discount(raw.get("discount")),
            "product_id": linked(raw, "product"),
            "product_reference": word_or_none(raw, "_product_reference"),
            "period_start": starts,
            "period_end": ends,
        }
    )


def discount(value: Json) -> Discount | None:
    """{"type", "value"} -> `Discount`; None when nothing is taken off. Raises `RecordError`."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong("discount", value, "an object or null")
    if value.get("value") is None or not Decimal(amount(value, "value")):
        return None
    return Discount.model_validate({"kind": text(value, "type"), "value": value["value"]})


def _period(value: Json) -> tuple[Any, Any]:
    if value is None:
        return None, None
    if not isinstance(value, dict):
        raise wrong("imputation_dates", value, "an object or null")
    return day_or_none(value, "start_date"), day_or_none(value, "end_date")
