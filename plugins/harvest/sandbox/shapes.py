"""Do the values of a control call have the names and types the contract gives them?

Only types are looked at: a currency nobody knows and an amount that lines don't make are what tests want to store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from duebridge.core.sandbox.product import UnusableValues
from duebridge.plugins.harvest.sandbox.contract import Schema, members, resolved

#: Names a control call may give besides the contract's.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "contacts": ("client_id",),
    "invoices": ("client_id",),
    "payments": ("invoice_id",),
}
#: What lists are sorted and filtered by.
_TIMES = ("created_at", "updated_at")
_LARGEST = 10**12
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
    if value is None and schema.get("nullable") and _may_be_null(name, schema):
        return
    if not _TYPES[schema["type"]](value):
        raise UnusableValues(f"{name} must be {schema['type']}, not {value!r:.80}")
    if schema["type"] in ("number", "integer") and not abs(value) < _LARGEST:
        raise UnusableValues(f"{name} is beyond what an account holds: {value!r:.80}")
    if schema.get("format") in _FORMATS and not _FORMATS[schema["format"]](value):
        raise UnusableValues(f"{name} must be a {schema['format']} in ISO 8601, not {value!r:.80}")
    if schema["type"] == "object" and "id" in value:
        _refuse(f"{name}.id", value["id"], {"type": "integer"})


def _may_be_null(name: str, schema: Schema) -> bool:
    """The account computes with numbers and sorts by times: only percentages may be missing."""
    return (schema["type"] not in ("number", "array") and name not in _TIMES) or name in ("tax", "tax2", "discount")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


_FORMATS: Mapping[str, Callable[[str], bool]] = {"date": _is_day, "date-time": _is_instant}
