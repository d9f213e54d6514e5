"""What does the documentation say about the configuration? Its tables are printed from the code that reads the file.

docs/configuration.md holds sentences, and between `<!-- printed: NAME -->` and `<!-- end -->` what is printed here.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from duebridge.core.edge.connection_fields import FIELDS, Guard
from duebridge.core.edge.file_keys import FILE_KEYS
from duebridge.core.edge.rhythms import said

if TYPE_CHECKING:
    from duebridge.core.registry import Registry

_PRINTED = re.compile(r"(<!-- printed: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def printed(text: str, registry: Registry) -> str:
    """Return the page `text` with its printed parts as they are today. Raises `KeyError` for one nothing prints."""
    parts: Mapping[str, Callable[[], str]] = {
        "keys of the file": _file_keys,
        "connection keys": _connection_keys,
        "sources": lambda: _connectors(registry.sources),
        "targets": lambda: _connectors(registry.targets),
    }
    return _PRINTED.sub(lambda match: f"{match[1]}\n{parts[match[2]]()}\n{match[3]}", text)


def _file_keys() -> str:
    return _table(("key", "takes", "without it", "meaning"), FILE_KEYS)


def _connection_keys() -> str:
    rows = [
        ("`company`", *_row("company")),
        *_sides(),
        *((f"`{key}`", *_row(key)) for key in FIELDS if key != "company"),
    ]
    return _table(("key", "takes", "without it", "meaning"), rows)


def _row(key: str) -> tuple[str, str, str]:
    field = FIELDS[key]
    return field.shape, _absent(field.absent), field.meaning


def _sides() -> Iterator[tuple[str, str, str, str]]:
    for side, meaning in (("source", "Where records come from."), ("target", "Where they go.")):
        yield f"`{side}`", "a block with `connector` and its settings, below", "required", meaning


def _absent(value: Any) -> str:
    if isinstance(value, timedelta):
        return "`24h`" if value == timedelta(hours=24) else f"`{said(value)}`"
    if isinstance(value, Guard):
        return f"`{{share: {value.share}, min: {value.min}}}`"
    return f"`{value}`" if isinstance(value, str) and value else "-"


def _connectors(offered: Mapping[str, Any]) -> str:
    return "\n".join(_connector(name, offered[name]) for name in sorted(offered))


def _connector(name: str, connector: Any) -> str:
    prose = inspect.cleandoc(connector.settings.__doc__ or "")
    table = _table(("key", "takes", "without it"), _settings(connector.settings))
    return f"### `{name}`: {connector.title}\n\n{prose}\n\n{table}"


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{info.alias or name}"
        yield f"`{key}`", _takes(info.annotation), _default(info)
        for inner in _models(info.annotation):
            yield from _settings(inner, f"{key}.")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value == "" or isinstance(value, BaseModel | dict | tuple | list):
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_WORDS = {
    SecretStr: "a secret",
    SecretBytes: "a secret",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
}


def _takes(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_takes(argument) for argument in arguments if argument is not type(None))
    if origin is typing.Annotated:
        return _takes(arguments[0])
    if origin in (tuple, list, set, frozenset):
        return f"a list of {_takes(arguments[0])}"
    if origin is dict or next(_models(annotation), None):
        return "a block"
    return _WORDS.get(annotation, "text")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
