"""Dotted paths into records, checked against the record's type when a table is imported."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from duebridge.core.records import Record, Vocabulary

Reader = Callable[[Record, Mapping[str, Any]], Any]


class TableError(TypeError):
    """A table names a field, a status or a context value that doesn't exist; raised when its module is imported."""


def check_path(record_type: type[Record], path: str) -> None:
    """Raise `TableError` unless `path` leads somewhere in `record_type`. `@name` reads the run's context."""
    if path.startswith("@"):
        return
    current: Any = record_type
    for step in path.split("."):
        current = _step(current, step, record_type, path)


def reader(record_type: type[Record], path: str) -> Reader:
    """Return a function reading `path` from a record and a context; a missing link on the way reads as None."""
    check_path(record_type, path)
    if path.startswith("@"):
        name = path[1:]
        return lambda _record, context: context.get(name)
    steps = path.split(".")
    if len(steps) == 1:
        get = operator.attrgetter(path)
        return lambda record, _context: get(record)
    return lambda record, _context: _walk(record, steps)


def vocabulary(record_type: type[Record], name: str) -> frozenset[Any] | None:
    """The words the field `name` is known to hold, or None when it is open."""
    if name not in record_type.model_fields:
        return None
    field = record_type.model_fields[name]
    words = [meta.words for meta in field.metadata if isinstance(meta, Vocabulary)]
    if words:
        return words[0]
    for option in _options(field.annotation):
        if get_origin(option) is Literal:
            return frozenset(get_args(option))
        if option is bool:
            return frozenset({True, False})
    return None


def _walk(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if value is None:
            return None
        value = _at(value, int(step)) if step.isdigit() else getattr(value, step)
    return value


def _at(values: tuple[Any, ...], index: int) -> Any:
    return values[index] if index < len(values) else None


def _step(current: Any, step: str, record_type: type[Record], path: str) -> Any:
    for option in _options(current):
        if step.isdigit() and get_origin(option) is tuple:
            return get_args(option)[0]
        if isinstance(option, type) and issubclass(option, BaseModel):
            found = _attribute(option, step)
            if found is not None:
                return found
    raise TableError(f"{record_type.__name__} has no field {path!r} (looked for {step!r})")


def _attribute(model: type[BaseModel], name: str) -> Any:
    field: FieldInfo | None = model.model_fields.get(name)
    if field is not None:
        return field.annotation
    return Any if isinstance(getattr(model, name, None), property) else None


def _options(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(option for part in get_args(annotation) for option in _options(part))
    return (annotation,)
