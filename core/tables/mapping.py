"""The table from canonical fields to a target's fields: built, explained and printed from one definition."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from typing import Any

from duebridge.core.records import Record
from duebridge.core.tables.compiled import Names, access, function
from duebridge.core.tables.paths import Reader, check_path


@dataclass(frozen=True, slots=True)
class Expression:
    """Where a target field's value comes from: source paths, and a function over their values."""

    paths: tuple[str, ...]
    combine: Callable[..., Any]
    says: str


@dataclass(frozen=True, slots=True)
class Field:
    """One target field of one record, explained: dotted payload path, where it came from, its value."""

    target: str
    origin: str
    value: Any


def first(*paths: str) -> Expression:
    """The first of `paths` that holds something (None and empty text don't count)."""
    return Expression(paths, _first_filled, " else ".join(paths))


def constant(value: Any, *, says: str = "") -> Expression:
    """The same value for every record. `says` completes the page."""
    return Expression((), lambda: value, f"always {value!r}{': ' if says else ''}{says}")


def computed(combine: Callable[..., Any], *paths: str, says: str) -> Expression:
    """`combine` called with the values of `paths`, in order; it may raise `RecordError`. `says` completes the page."""
    return Expression(paths, combine, f"{', '.join(paths)}: {says}")


def _first_filled(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)


class Mapping:
    """Target field (dotted path) -> source path or `Expression`. A field whose value is None is left out."""

    def __init__(self, record: type[Record], fields: MappingABC[str, str | Expression]) -> None:
        """Check every path of `fields` against `record`; raise `TableError` for one that doesn't exist."""
        self.record = record
        self.fields = dict(fields)
        self._readers = {target: _reader(record, source) for target, source in fields.items()}
        self._build: Callable[[Record, MappingABC[str, Any]], dict[str, Any]] = _builder(record, self.fields)

    @property
    def needs(self) -> frozenset[str]:
        """The source paths read, as `kind.path`."""
        paths = {path for source in self.fields.values() for path in _paths(source)}
        return frozenset(f"{self.record.kind}.{path}" for path in paths if not path.startswith("@"))

    def build(self, record: Record, context: MappingABC[str, Any]) -> dict[str, Any]:
        """Return the payload for `record`, fields in alphabetical order. Raises what a computed field raises."""
        return self._build(record, context)

    def explain(self, record: Record, context: MappingABC[str, Any]) -> list[Field]:
        """Return every leaf of the payload with where it came from."""
        return [
            field
            for target, read in self._readers.items()
            for field in flatten(target, _origin(self.fields[target]), read(record, context))
        ]

    def describe(self) -> list[tuple[str, str]]:
        """Return (target field, where it comes from) for every row, to be printed."""
        return [(target, _origin(source)) for target, source in self.fields.items()]


def flatten(target: str, origin: str, value: Any) -> list[Field]:
    """Return `value` as fields with dotted paths down to its leaves (`contacts.0.email`); nothing for None."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [field for key, inner in value.items() for field in flatten(f"{target}.{key}", origin, inner)]
    if isinstance(value, (list, tuple)):
        return [field for at, inner in enumerate(value) for field in flatten(f"{target}.{at}", origin, inner)]
    return [Field(target, origin, value)]


def _reader(record: type[Record], source: str | Expression) -> Reader:
    names = Names()
    return function("read(record, context)", [f"return {_expression(record, source, names)}"], names)


def _expression(record: type[Record], source: str | Expression, names: Names) -> str:
    for path in _paths(source):
        check_path(record, path)
    if isinstance(source, str):
        return access(record, source, names)
    return f"{names.of(source.combine)}({', '.join(access(record, path, names) for path in source.paths)})"


def _builder(record: type[Record], fields: MappingABC[str, str | Expression]) -> Callable[..., dict[str, Any]]:
    """Payloads, and so fingerprints, don't depend on the table's order: plain fields come first, then nested ones."""
    names = Names()
    lines = ["payload = {}"]
    for target, source in sorted(fields.items(), key=lambda item: ("." in item[0], item[0])):
        *parents, leaf = target.split(".")
        place = "payload" + "".join(f".setdefault({names.of(step)}, {{}})" for step in parents)
        lines.append(f"value = {_expression(record, source, names)}")
        lines.append(f"if value is not None: {place}[{names.of(leaf)}] = value")
    return function("build(record, context)", [*lines, "return payload"], names)


def _paths(source: str | Expression) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else source.paths


def _origin(source: str | Expression) -> str:
    return source if isinstance(source, str) else source.says
