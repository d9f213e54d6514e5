"""What does the API's contract allow each request to say?

Read from `contract.json`, the reduced official document (`scripts/reduce_contract.py`): parameters, limits, scopes, and
the fields and operators of filters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from duebridge.plugins.pennylane.sandbox.refusals import bad_parameter, bad_request

PREFIX = "/api/external/v2"
DEFAULT_LIMIT = 20
#: Left over from the 2026 migration: integrators still send it, the service no longer minds.
_TOLERATED = "use_2026_api_changes"
_INTEGER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `scopes`: any of them lets a token in; empty: none is needed. `success`: its status."""

    name: str
    parameters: frozenset[str]
    scopes: tuple[str, ...]
    largest_limit: int
    filters: Mapping[str, tuple[str, ...]]
    sorts: tuple[str, ...]
    includes: tuple[str, ...]
    success: int

    def check(self, query: Mapping[str, str]) -> None:
        """Raise a 400 `Refusal` when `query` names what this operation does not have, or an impossible limit."""
        for name in query:
            if name not in self.parameters and name != _TOLERATED:
                raise bad_parameter(
                    name, f"query parameter {name} is not defined in {self.name}", "NotExistPropertyDefinition"
                )
        self.limit(query)
        if "include" in query and query["include"] not in self.includes:
            raise bad_request(f"Unknown include {query['include']!r}. Available includes: {', '.join(self.includes)}")

    def limit(self, query: Mapping[str, str]) -> int:
        """How many items a page holds: 20 unless asked otherwise, within the operation's bounds."""
        if "limit" not in query:
            return DEFAULT_LIMIT
        limit = whole_number("limit", query["limit"])
        if limit < 1:
            raise bad_parameter("limit", f"{limit} is less than minimum value in {self.name}", "LessThanMinimum")
        if limit > self.largest_limit:
            raise bad_parameter("limit", f"{limit} is more than maximum value in {self.name}", "MoreThanMaximum")
        return limit

    def sort(self, query: Mapping[str, str]) -> tuple[str, bool]:
        """The field a list is sorted by and whether it descends; newest first unless asked otherwise."""
        text = query.get("sort", "-id")
        field = text.removeprefix("-")
        if field not in self.sorts:
            raise bad_request(f"Unknown sort {text!r}. Available fields: {', '.join(self.sorts)}")
        return field, text.startswith("-")


def whole_number(field: str, text: str) -> int:
    """`text` as an integer, or a 400 `Refusal` naming `field`."""
    if not _INTEGER.fullmatch(text):
        raise bad_parameter(field, f"expected integer, but received {text!r}", "ValidateError")
    return int(text)


@cache
def document() -> Mapping[str, Any]:
    """The reduced OpenAPI document."""
    loaded: Mapping[str, Any] = json.loads(Path(__file__).parent.with_name("contract.json").read_text(encoding="utf-8"))
    return loaded


@cache
def operation(method: str, path: str) -> Operation:
    """The operation `method` (lower case) of `path`, written below `PREFIX` as in the contract."""
    raw = document()["paths"][PREFIX + path][method]
    queries = {each["name"]: each for each in raw["parameters"] if each["in"] == "query"}
    return Operation(
        name=f"#/paths/~1{path.strip('/').replace('/', '~1')}/{method}",
        parameters=frozenset(queries),
        scopes=tuple(raw["security"][0]["oauth2"]),
        largest_limit=queries.get("limit", {}).get("schema", {}).get("maximum", 0),
        filters={field: tuple(words) for field, words in queries.get("filter", {}).get("x-filters", {}).items()},
        sorts=tuple(queries.get("sort", {}).get("x-sort", ())),
        includes=tuple(queries.get("include", {}).get("x-include", ())),
        success=int(next(status for status in raw["responses"] if status.startswith("2"))),
    )


def all_scopes() -> tuple[str, ...]:
    """Every scope an operation of the contract names, sorted."""
    paths = document()["paths"]
    return tuple(sorted({
        scope for each in paths.values() for raw in each.values() for scope in raw["security"][0]["oauth2"]
    }))  # fmt: skip
