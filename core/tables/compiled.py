"""Turns a checked table into one straight function, as dataclasses and namedtuples do with theirs.

A run decides on and maps every record it reads; a call per field costs more than the field. The text compiled holds
only names of fields that exist (the table was checked) and placeholders for the table's own values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from duebridge.core.records import Record
from duebridge.core.tables.paths import reader


class Names:
    """The values a function's text refers to, by made-up names."""

    def __init__(self) -> None:
        """Start without any."""
        self.values: dict[str, Any] = {}

    def of(self, value: Any) -> str:
        """Return the name `value` goes by."""
        name = f"_{len(self.values)}"
        self.values[name] = value
        return name


def access(record: type[Record], path: str, names: Names) -> str:
    """Return the expression that reads `path` of `record` (or of `context`, for `@name`)."""
    if path.startswith("@"):
        return f"context.get({names.of(path[1:])})"
    if path.isidentifier():
        return f"record.{path}"
    return f"{names.of(reader(record, path))}(record, context)"


def function(head: str, body: Sequence[str], names: Names) -> Callable[..., Any]:
    """Return the function with this head (`name(arguments)`) and these lines."""
    text = f"def {head}:\n" + "\n".join(f"    {line}" for line in body)
    made: dict[str, Any] = dict(names.values)
    exec(compile(text, f"<{head}>", "exec"), made)  # noqa: S102 - of checked field names only, nothing read from outside
    result: Callable[..., Any] = made[head.split("(", maxsplit=1)[0]]
    return result
