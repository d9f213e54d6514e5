"""Is what stands at Pennylane what would be imported, and what has changed since it was? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any

from duebridge.core.api import Json, Payload, Raw

#: What an import fixes about a document, as Pennylane gives it back.
_AMOUNTS = ("currency_amount", "currency_amount_before_tax", "currency_tax")
_TEXTS = ("currency", "date", "deadline", "invoice_number")
_LINE_AMOUNTS = ("currency_amount", "currency_tax", "quantity", "raw_currency_unit_price")
_LINE_TEXTS = ("label", "vat_rate")
_MOST = 4


def differences(held: Raw, body: Payload) -> list[str]:
    """Return in what an invoice at Pennylane differs from an import, `name: there instead of ours`; lines aside."""
    found = [*_differing(held, body, _AMOUNTS, _TEXTS)]
    customer = held.get("customer")
    held_by = customer.get("id") if isinstance(customer, dict) else None
    if held_by != body["customer_id"]:
        found.append(f"customer: {held_by} instead of {body['customer_id']}")
    return found


def line_differences(held: Sequence[Raw], body: Payload) -> list[str]:
    """Return in what its lines, in order, differ from an import's."""
    wanted = body["invoice_lines"]
    if len(held) != len(wanted):
        return [f"lines: {len(held)} instead of {len(wanted)}"]
    return [
        f"line {place}: {difference}"
        for place, (there, line) in enumerate(zip(held, wanted, strict=True), start=1)
        for difference in _differing(there, line, _LINE_AMOUNTS, _LINE_TEXTS)
    ]


def is_twin(held: Raw, body: Payload) -> bool:
    """Whether another document has the same number, date, currency and total."""
    if held.get("external_reference") == body["external_reference"]:
        return False
    return not [*_differing(held, body, ("currency_amount",), ("currency", "date", "invoice_number"))]


def changes(previous: Payload | None, payload: Payload) -> list[str]:
    """Return what has changed between two payloads of ours, `name: old → new`."""
    return [f"{name}: {old} → {new}" for name, old, new in _changed("", previous or {}, payload)]


def told(differences: Sequence[str]) -> str:
    """Return differences as words for a message: the first few."""
    shown = ", ".join(differences[:_MOST])
    return f"{shown}, and {len(differences) - _MOST} more" if len(differences) > _MOST else shown


def _differing(held: Raw, body: Payload, amounts: Sequence[str], texts: Sequence[str]) -> Iterator[str]:
    for name in amounts:
        if name in body and _number(held.get(name)) != _number(body[name]):
            yield f"{name}: {held.get(name)} instead of {body[name]}"
    for name in texts:
        if name in body and held.get(name) != body[name]:
            yield f"{name}: {held.get(name)} instead of {body[name]}"


def _number(value: Json) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _changed(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _changed(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        for place, (one, other) in enumerate(zip_longest(old, new), start=1):
            yield from _changed(f"{path} {place}", one, other)
    elif old != new:
        yield path, _short(old), _short(new)


def _short(value: Any) -> str:
    if value is None:
        return "none"
    return "…" if isinstance(value, dict | list) else str(value)[:40]
