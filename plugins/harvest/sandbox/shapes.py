"""Do the values of a control call have the names and types the contract gives them?

Only types are looked at: a currency nobody knows and an amount that lines don't make are what tests want to store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from duebridge.core.sandbox.product import UnusableValues
from duebridge.plugins.harvest.sandbox.contract import Schema, members, resolved

#: Names a control call may give besides the contract's.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "contacts": ("client_id",),
    "invoices": ("client_id",),
    "payments": ("invoice_id",),
}
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def refuse_other_types(collection: str, values: Mapping[str, Any]) -> None:
    """Raise `UnusableValues` for a name the contract doesn't have, or a value of another type."""
    if not isinstance(values, dict):
        raise UnusableValues(f"{collection} holds objects, not {values!r:.80}")
    known = _line_members() if collection == "line_items" else members(collection)
    beside = _BESIDE.get(collection, ())
    unknown = sorted(set(values) - set(known) - set(beside))
    if unknown:
        raise UnusableValues(f"{collection} have no {', '.join(unknown)}; they have: {', '.join([*known, *beside])}")
    for name, value in values.items():
        if name in beside:
            _refuse(name, value, {"type": "integer"})
        else:
            _refuse(name, value, resolved(known[name]))


def _line_members() -> Mapping[str, Schema]:
    found: Mapping[str, Schema] = resolved(members("invoices")["line_items"]["items"])["properties"]
    return found


def _refuse(name: str, value: Any, schema: Schema) -> None:
    """Null passes where the contract lets it, and numbers, which the account computes with, do not."""
    if value is None and schema.get("nullable") and (schema["type"] != "number" or name in ("tax", "tax2", "discount")):
        return
    if not _TYPES[schema["type"]](value):
        raise UnusableValues(f"{name} must be {schema['type']}, not {value!r:.80}")
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - not a number
        raise UnusableValues(f"{name} must be a number")
