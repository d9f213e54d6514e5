"""Do the values of a control call have the types the contract gives their members?

Only types are looked at: a status no contract knows and an amount that tells none are what tests want to store. A
number given for a text (an amount, most often) becomes its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from duebridge.core.sandbox.product import UnusableValues
from duebridge.plugins.pennylane.sandbox.contract import PREFIX, document

Schema = Mapping[str, Any]

#: Where the contract shows the objects of a collection.
_LISTS = {
    "contacts": "/customers/{customer_id}/contacts",
    "payments": "/customer_invoices/{customer_invoice_id}/payments",
    "matched_transactions": "/customer_invoices/{customer_invoice_id}/matched_transactions",
    "invoice_lines": "/customer_invoices/{customer_invoice_id}/invoice_lines",
}
#: What has lines, which a control call may give beside the members.
_WITH_LINES = ("customer_invoices", "billing_subscriptions")
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def typed(collection: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with numbers given for texts made texts. Raises `UnusableValues` for other types than the contract's.

    Names the contract does not have pass: `merging.merge` refuses them.
    """
    members = _members(collection)
    if collection in _WITH_LINES and isinstance(values.get("invoice_lines"), list):
        lines = [typed("invoice_lines", _line(each)) for each in values["invoice_lines"]]
        return {
            **typed(collection, {name: value for name, value in values.items() if name != "invoice_lines"}),
            "invoice_lines": lines,
        }
    return {name: _fitting(value, members[name], name) if name in members else value for name, value in values.items()}


@cache
def _members(collection: str) -> Mapping[str, Schema]:
    """The members of a collection's objects, those of all its alternatives together."""
    path = PREFIX + _LISTS.get(collection, f"/{collection}")
    answer = document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    envelope = _resolved(answer).get("allOf", [answer])[0]
    item = _resolved(envelope["properties"]["items"]["items"])
    alternatives = [_resolved(each) for each in item.get("oneOf", [item])]
    return {name: member for each in alternatives for name, member in each["properties"].items()}


def _resolved(schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _fitting(value: Any, schema: Schema, where: str) -> Any:
    schema = _resolved(schema)
    for words in ("oneOf", "anyOf", "allOf"):
        if words in schema:
            return _fitting(value, _likeliest(value, schema[words]), where)
    if value is None and schema.get("nullable"):
        return None
    wanted = schema["type"]
    if wanted == "string" and _TYPES["number"](value):
        return str(value)
    if not _TYPES[wanted](value):
        raise UnusableValues(
            f"{where} must be {wanted}{' or null' if schema.get('nullable') else ''}, not {value!r:.80}"
        )
    return _inside(value, schema, where)


def _line(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnusableValues(f"a line must be an object, not {value!r:.80}")
    return value


def _inside(value: Any, schema: Schema, where: str) -> Any:
    if isinstance(value, list):
        return [_fitting(each, schema["items"], f"{where}[{place}]") for place, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    members = schema.get("properties", {})
    unknown = sorted(set(value) - set(members))
    if unknown:
        raise UnusableValues(f"{where} has no {', '.join(unknown)}; it has: {', '.join(members)}")
    return {name: _fitting(each, members[name], f"{where}.{name}") for name, each in value.items()}


def _likeliest(value: Any, alternatives: list[Schema]) -> Schema:
    """Null takes the alternative that allows it, everything else the first."""
    if value is None:
        return next((each for each in alternatives if _resolved(each).get("nullable")), alternatives[0])
    return alternatives[0]
