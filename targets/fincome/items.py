"""Which item of its subscription does each line of an invoice bill, for which period? Pure.

A line belongs to the item with its product; among several of that product, the one with its label. Without one it
belongs to the only item with its label; else to none. Where several items may be meant, each takes one line for each
period first, so that two items alike are not billed under one id at the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from duebridge.core.api import Line, Subscription
from duebridge.targets.fincome.periods import Period, billed, stated


class Billed(NamedTuple):
    """A line of a document; `item` is the line of the subscription it bills, None when it bills none."""

    line: Line
    item: Line | None
    period: Period | None


def billed_lines(lines: Sequence[Line], subscription: Subscription | None, issued_on: date) -> list[Billed]:
    """Return `lines` with what they bill. Raises `RecordError` for a period that can't be."""
    if subscription is None:
        return [Billed(line, None, stated(line)) for line in lines]
    taken: defaultdict[str, list[Period]] = defaultdict(list)
    return [_billed(line, subscription, issued_on, taken) for line in lines]


def _billed(line: Line, subscription: Subscription, issued_on: date, taken: defaultdict[str, list[Period]]) -> Billed:
    candidates = _candidates(line, subscription.lines or ())
    if not candidates:
        return Billed(line, None, stated(line))
    period = billed(line, subscription, issued_on)
    item = next((item for item in candidates if not period.overlaps(taken[item.id])), candidates[0])
    taken[item.id].append(period)
    return Billed(line, item, period)


def _candidates(line: Line, items: Sequence[Line]) -> list[Line]:
    """The items `line` may bill, the likeliest first."""
    same_label = [item for item in items if _label(item) and _label(item) == _label(line)]
    same_product = [item for item in items if item.product_id is not None and item.product_id == line.product_id]
    if not same_product:
        return same_label if len(same_label) == 1 else []
    return sorted(same_product, key=lambda item: item not in same_label)


def _label(line: Line) -> str:
    return " ".join(line.label.split()).casefold()
