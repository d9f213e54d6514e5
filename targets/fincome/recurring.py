"""What are the items of a billing subscription at Fincome, and what does each come to in a month? Pure.

Source: Fincome's mapping page, sections Subscription detection, Technical mapping (Subscriptions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from duebridge.core.api import Line, RecordError
from duebridge.targets.fincome.amounts import rounded
from duebridge.targets.fincome.periods import FIRST_YEAR
from duebridge.targets.fincome.references import item_id, known_as

#: How many of each there are in a month: a year has twelve, and 52 weeks.
_PER_MONTH: Mapping[str, tuple[int, int]] = {"week": (52, 12), "month": (1, 1), "year": (1, 12)}


def monthly(amount: Decimal, currency: str, unit: str, interval: int) -> str:
    """Return what `amount` every `interval` `unit`s comes to in a month, rounded half up to the smallest unit."""
    times, months = _PER_MONTH[unit]
    return rounded(amount * times / (months * interval), currency)


def items(
    id: str,
    customer_id: str | None,
    customer_reference: str | None,
    status: str,
    currency: str,
    unit: str,
    interval: int,
    starts_on: date | None,
    ends_on: date | None,
    activated_at: datetime | None,
    stopped_at: datetime | None,
    lines: Sequence[Line] | None,
    zone: str,
    words: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return one subscription of Fincome for each line, all with the billing subscription as their set.

    Amounts are before tax, as text; dates ISO 8601, an instant's day that of `zone`. Raises `RecordError` for an amount
    that can't be expressed.
    """
    common = {
        "customer_id": known_as(customer_reference, customer_id or ""),
        "customer": customer_id,
        "subscription_set_id": id,
        "currency_code": currency,
        "status": words[status],
        "subscription_start_date": _day(starts_on),
        "canceled_at": _instant(stopped_at),
        "effective_cancellation_date": _day(ends_on),
        "deal_closed_date": day_of(activated_at, zone),
    }
    return [
        {
            "id": item_id(id, line.id),
            **common,
            "price_id": known_as(line.product_reference, line.product_id or "") or None,
            "product": line.product_id,
            "monthly_amount": monthly(line.amount_before_tax, currency, unit, interval),
        }
        for line in lines or ()
    ]


def day_of(instant: datetime | None, zone: str) -> str | None:
    """Return the day an instant falls on in `zone`."""
    return instant.astimezone(ZoneInfo(zone)).date().isoformat() if instant is not None else None


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant is not None else None


def _day(day: date | None) -> str | None:
    if day is not None and day.year < FIRST_YEAR:
        raise RecordError(f"{day} is no day a subscription begins or ends on; correct it at the source")
    return day.isoformat() if day is not None else None
