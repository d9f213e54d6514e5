"""Which connector does a `source` or `target` block name, and does the block fit that connector's settings?

Two steps: the connector's name is looked up in the registry, then its own model reads the rest, so blocks of
third-party connectors are checked as ours are. pydantic's messages are used, its inputs never are.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from duebridge.core.connector import Settings
from duebridge.core.edge.interpolation import references
from duebridge.core.edge.problems import Path, Problems, did_you_mean, unknown_key
from duebridge.core.edge.redaction import MASK, names_secret, register_secret
from duebridge.core.edge.yaml_lines import Block, Node, Scalar, plain
from duebridge.core.edge.yaml_paths import Location, as_written, follow, scalars, trace

if TYPE_CHECKING:
    from duebridge.core.registry import Registry

Side = Literal["source", "target"]


@dataclass(frozen=True, slots=True)
class Connector:
    """One side of a connection. `references` maps dotted keys to the `${…}` they were written with."""

    name: str
    settings: Settings
    references: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_connector(
    node: Node | None, path: Path, side: Side, registry: Registry, problems: Problems
) -> Connector | None:
    """Return the connector that `node` describes, or None after adding to `problems` what is wrong with it."""
    if not isinstance(node, Block):
        line = node.at.line if node else 0
        problems.add(line, path, f"missing; write a block such as {{connector: {_example(side, registry)}, …}}")
        return None
    name = _name(node, path, side, registry, problems)
    if name is None:
        return None
    _hide(node)
    connector = registry.sources[name] if side == "source" else registry.targets[name]
    settings = _Check(connector.settings, _without_name(node), path, problems).settings()
    if settings is None:
        return None
    return Connector(name, settings, dict(_references(node)), tuple(_clear_text(settings, node, path, problems.file)))


def _example(side: Side, registry: Registry) -> str:
    return next(iter(_offered(side, registry)), "NAME")


def _offered(side: Side, registry: Registry) -> Mapping[str, Any]:
    return registry.sources if side == "source" else registry.targets


def _name(block: Block, path: Path, side: Side, registry: Registry, problems: Problems) -> str | None:
    offered = _offered(side, registry)
    given = block.entries.get("connector")
    if given is None:
        known = ", ".join(sorted(offered)) or "none"
        problems.add(block.at.line, (*path, "connector"), f"missing; known {side} connectors: {known}")
        return None
    if isinstance(given, Scalar) and (given.unset or given.text in offered):
        return None if given.unset else given.text
    problems.add(given.at.line, (*path, "connector"), _unknown(given, side, registry))
    return None


def _unknown(given: Node, side: Side, registry: Registry) -> str:
    offered = _offered(side, registry)
    word = given.text if isinstance(given, Scalar) and given.template is None else ""
    other: Side = "target" if side == "source" else "source"
    said = f"no {side} connector {word!r}" if word else f"no {side} connector of that name"
    if word in _offered(other, registry):
        said += f" ({word} is a {other} only)"
    said += f"; known: {', '.join(sorted(offered)) or 'none'}{did_you_mean(word, offered)}"
    broken = [f"{plugin.label}: {plugin.error}" for plugin in registry.plugins if plugin.status == "broken"]
    return f"{said}; broken plugins: {' | '.join(broken)}" if broken else said


def _without_name(block: Block) -> Block:
    return replace(block, entries={key: node for key, node in block.entries.items() if key != "connector"})


class _Check:
    """One block against one model."""

    def __init__(self, model: type[Settings], block: Block, path: Path, problems: Problems) -> None:
        self._model = model
        self._block = block
        self._path = path
        self._problems = problems
        self._texts = sorted(
            {scalar.text for _, scalar in scalars(block) if len(scalar.text) >= 4}, key=len, reverse=True
        )
        self._unset = [path for path, scalar in scalars(block) if scalar.unset]

    def settings(self) -> Settings | None:
        """Return the settings, or None after adding what is wrong."""
        settings, errors = self._attempt(plain(self._block))
        numbers = [error["loc"] for error in errors if error["type"] == "string_type"]
        if numbers:
            settings, errors = self._attempt(plain(as_written(self._block, numbers)))
        for error in errors:
            self._report(error)
        if settings is None or self._unset:
            return None
        return None if self._empty_secrets(settings) else settings

    def _attempt(self, values: Any) -> tuple[Settings | None, Sequence[Any]]:
        try:
            return self._model.model_validate(values), ()
        except ValidationError as error:
            return None, error.errors(include_url=False, include_context=False, include_input=False)
        except Exception as error:  # noqa: BLE001 - a stranger's validator; its message may hold a value, its type doesn't
            message = f"the connector's own check failed ({type(error).__name__}); this is a mistake in the connector"
            self._problems.add(self._block.at.line, self._path, message)
            return None, ()

    def _report(self, error: Any) -> None:
        location: Location = error["loc"]
        where, line, found = trace(self._block, location)
        if self._unset and (not location or any(where[: len(path)] == path for path in self._unset)):
            return
        if error["type"] == "extra_forbidden":
            message = unknown_key(where[-1] if where else "", _allowed(self._model, where[:-1]))
        elif error["type"] == "missing":
            where, message = (*where, *map(str, location[found:])), "missing; it is required"
        else:
            message = self._safe(error["msg"])
        self._problems.add(line, (*self._path, *where), message)

    def _safe(self, message: str) -> str:
        for opening in ("Value error, ", "Assertion failed, "):
            message = message.removeprefix(opening)
        for text in self._texts:
            message = message.replace(text, MASK)
        return message[:1].lower() + message[1:]

    def _empty_secrets(self, settings: Settings) -> bool:
        empty = [where for where, secret in secrets(settings) if not secret.strip()]
        for where in empty:
            known, line, _ = trace(self._block, where)
            self._problems.add(line, (*self._path, *known), "empty; a secret can't be")
        return bool(empty)


def secrets(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Walk the secret values in a settings model, each with the fields that lead to it."""
    if isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield path, value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from secrets(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secrets(item, (*path, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for number, item in enumerate(value):
            yield from secrets(item, (*path, str(number)))


def _hide(block: Block) -> None:
    """Register what is a secret by its key's name, before anything can go wrong with the block."""
    for path, scalar in scalars(block):
        if names_secret(path[-1] if path else ""):
            register_secret(scalar.text)


def _references(block: Block) -> Iterator[tuple[str, str]]:
    for path, scalar in scalars(block):
        if scalar.template is not None:
            yield ".".join(path), " ".join(references(scalar.template))


def _clear_text(settings: Settings, block: Block, path: Path, file: str) -> Iterator[str]:
    for where, secret in secrets(settings):
        register_secret(secret)
        known, line, found = trace(block, where)
        node = follow(block, known)
        if found < len(where) or not isinstance(node, Scalar):
            continue
        place = f"{file}:{line}: {'.'.join((*path, *where))}" if line else ".".join((*path, *where))
        if node.template is None:
            yield f"{place}: written in clear text; ${{NAME}} or ${{file:PATH}} keeps a secret out of the file"
        if secret != secret.strip():
            yield f"{place}: begins or ends with blanks, which products rarely accept"


def _allowed(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys of the model that stands at `path` below `model`."""
    inner: type[BaseModel] | None = model
    for key in path:
        if inner is None:
            return []
        known = {info.alias or name: info for name, info in inner.model_fields.items()}
        if key in known:
            inner = next(_models(known[key].annotation), None)
    if inner is None:
        return []
    keys = [info.alias or name for name, info in inner.model_fields.items()]
    return ["connector", *keys] if not path else keys


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Walk the models in a field's annotation: `Sftp | None` has one."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _models(argument)
