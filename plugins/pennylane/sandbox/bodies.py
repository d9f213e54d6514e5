"""Is the body of a write what the contract says: types, required and unknown keys, enums, patterns, lengths?

Bodies are validated against the OpenAPI document before anything else looks at them; the words and codes are those of
the validator the product uses (openapi_parser). Only what the contract's request bodies contain is understood here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from duebridge.plugins.pennylane.sandbox.contract import PREFIX, document
from duebridge.plugins.pennylane.sandbox.refusals import Refusal, bad_parameter, bad_request

Schema = Mapping[str, Any]

_INT64 = 2**63
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int and -_INT64 <= value < _INT64,
    "number": lambda value: isinstance(value, int | Decimal) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def read_json(content: bytes) -> Any:
    """Return the JSON of a body, numbers exact. Raises a 400 `Refusal`."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise bad_request("The request body is not valid JSON") from None


@cache
def schema_of(method: str, path: str) -> tuple[str, Schema] | None:
    """Return the media type and schema of an operation's body; None when it takes none."""
    body = document()["paths"][PREFIX + path][method].get("requestBody")
    if body is None:
        return None
    (media, content), *_ = body["content"].items()
    return media, content["schema"]


def check(value: Any, schema: Schema, where: str) -> None:
    """Raise a 400 `Refusal` when `value` is not what `schema` says; `where` is its place, for the message."""
    schema = _resolved(schema)
    for part in schema.get("allOf", ()):
        check(value, part, where)
    if value is None and schema.get("nullable"):
        return
    if value is None and "type" in schema:
        raise _refusal(where, f"{where} does not allow null values", "NotNullError")
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        raise _refusal(where, f"{where} expected {kind}, but received {_shown(value)}", "ValidateError")
    _check_words(value, schema, where)
    if isinstance(value, dict):
        _check_members(value, schema, where)
    elif isinstance(value, list):
        _check_items(value, schema, where)


def _check_words(value: Any, schema: Schema, where: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise _refusal(where, f"{_shown(value)} isn't part of the enum in {where}", "NotEnumInclude")
    if not isinstance(value, str):
        return
    if len(value) < schema.get("minLength", 0):
        raise _refusal(where, f"{where} {_shown(value)} is shorter than minimum length", "LessThanMinLength")
    if len(value) > schema.get("maxLength", len(value)):
        raise _refusal(where, f"{where} {_shown(value)} is longer than maximum length", "MoreThanMaxLength")
    if "pattern" in schema and not _matches(schema["pattern"], value):
        raise _refusal(where, f"{where} pattern {schema['pattern']} does not match value: {value!r}", "InvalidPattern")
    if schema.get("format") == "date" and not _is_day(value):
        raise _refusal(where, f"{where} {_shown(value)} is not conformant with date format", "InvalidDateFormat")


def _check_members(value: Mapping[str, Any], schema: Schema, where: str) -> None:
    members: Mapping[str, Schema] = schema.get("properties", {})
    unknown = sorted(value.keys() - members.keys())
    if unknown and schema.get("additionalProperties") is False:
        raise _refusal(
            f"{where}/{unknown[0]}",
            f"properties {', '.join(unknown)} are not defined in {where}",
            "NotExistPropertyDefinition",
        )
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        raise _refusal(
            f"{where}/{missing[0]}",
            f"required parameters {', '.join(missing)} not exist in {where}",
            "NotExistRequiredKey",
        )
    for name, inner in value.items():
        if name in members:
            check(inner, members[name], f"{where}/{name}")


def _check_items(value: Sequence[Any], schema: Schema, where: str) -> None:
    if len(value) < schema.get("minItems", 0):
        raise _refusal(where, f"{where} {_shown(value)} contains fewer than min items", "LessThanMinItems")
    for place, item in enumerate(value):
        check(item, schema["items"], f"{where}/{place}")


def _resolved(schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)


def _matches(pattern: str, value: str) -> bool:
    found = _pattern(pattern).search(value)
    return found is not None and "\n" not in value


def _is_day(value: str) -> bool:
    try:
        return len(value) == 10 and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _refusal(where: str, message: str, code: str) -> Refusal:
    return bad_parameter(where.rpartition("/")[2], message, code)


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _no_number(word: str) -> Any:
    raise ValueError(word)
