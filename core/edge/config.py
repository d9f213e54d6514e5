"""How does a YAML file become a checked configuration, or a list of everything wrong with it?

    YAML -> lines (`yaml_lines`) -> `${…}` filled in (`interpolation`) -> own keys (`connection_fields`)
         -> connector blocks (`connector_blocks`) -> Configuration

Everything wrong with a file is said at once, one line each, with file, line and key. Values are not quoted: they may be
secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from duebridge.core.edge.configuration import Configuration, ConnectionConfig
from duebridge.core.edge.connection_fields import CONNECTION_KEYS, FIELDS, Guard, OnDelete, read_field
from duebridge.core.edge.connector_blocks import Connector, read_connector
from duebridge.core.edge.database_url import DEFAULT, database_url, hide_password
from duebridge.core.edge.describing import describe
from duebridge.core.edge.file_keys import KEEP, kept
from duebridge.core.edge.interpolation import Interpolation
from duebridge.core.edge.problems import Problems, unknown_key
from duebridge.core.edge.rhythms import Manual, Unfit
from duebridge.core.edge.yaml_lines import Block, Node, Place, Scalar, nodes, read_yaml
from duebridge.core.errors import ConfigError

if TYPE_CHECKING:
    from duebridge.core.registry import Registry

__all__ = [
    "Configuration",
    "ConnectionConfig",
    "Guard",
    "Manual",
    "OnDelete",
    "describe",
    "load_configuration",
    "read_connection",
]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
KEYS = ("database", "keep", "connections")


def load_configuration(
    path: str | Path, registry: Registry, environ: Mapping[str, str] = os.environ, *, tolerant: bool = False
) -> Configuration:
    """Read the YAML file at `path`; secrets found in it are masked in every log line from then on.

    Raises `ConfigError` naming everything that is wrong. With `tolerant`, a connection that is wrong by itself goes to
    `broken` and the others are returned; what concerns the whole file still raises.
    """
    path = Path(path)
    problems = Problems(str(path))
    tree = read_yaml(_text(path), problems)
    if problems.of_file():
        raise problems.error()
    loading = _Loading(path, path.parent, registry, environ, problems)
    return loading.configuration(tree, tolerant=tolerant)


def read_connection(
    name: str,
    values: Mapping[str, Any],
    registry: Registry,
    environ: Mapping[str, str] = os.environ,
    folder: Path = Path(),
) -> ConnectionConfig:
    """Check one connection given as plain data, as a form or the database holds it. Raises `ConfigError`."""
    problems = Problems(f"connection {name}")
    loading = _Loading(folder, folder, registry, environ, problems)
    connection = loading.connection(name, nodes(dict(values)))
    if connection is None or problems.found:
        raise problems.error()
    return connection


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {path.absolute()}; write one (docs/configuration.md shows how), "
            "or name another with --config PATH"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be read: {getattr(error, 'strerror', None) or type(error).__name__}") from None


class _Loading:
    """One reading of one file."""

    def __init__(
        self, path: Path, folder: Path, registry: Registry, environ: Mapping[str, str], problems: Problems
    ) -> None:
        self._path = path
        self._folder = folder
        self._registry = registry
        self._problems = problems
        self._warnings: list[str] = []
        self._interpolation = Interpolation(environ, folder, problems)

    def configuration(self, tree: Node | None, *, tolerant: bool) -> Configuration:
        top = self._top(tree)
        database = self._database(top.entries.get("database"))
        keep = self._keep(top)
        found = {name: self.connection(name, node) for name, node in self._blocks(top.entries.get("connections"))}
        if self._problems.of_file() or (self._problems.found and not tolerant):
            raise self._problems.error()
        broken = {name: self._problems.error(wrong) for name in found if (wrong := self._problems.of_connection(name))}
        good = {name: config for name, config in found.items() if config is not None and name not in broken}
        return Configuration(
            database,
            MappingProxyType(good),
            self._path,
            (*self._warnings, *_twins(good)),
            MappingProxyType(broken),
            keep,
        )

    def connection(self, name: str, node: Node) -> ConnectionConfig | None:
        """Return the connection in `node`, None when what is wrong keeps it from being made."""
        path = ("connections", name)
        if not NAME.fullmatch(name):
            line = node.at.line
            self._problems.add(line, path, "a connection's name has lower-case letters, digits, - and _ only")
        block = self._interpolation.fill(node, path)
        if not isinstance(block, Block):
            self._problems.add(node.at.line, path, "write a block with a source and a target")
            return None
        self._refuse_unknown(block, path, CONNECTION_KEYS)
        source = read_connector(_side(block, "source"), (*path, "source"), "source", self._registry, self._problems)
        target = read_connector(_side(block, "target"), (*path, "target"), "target", self._registry, self._problems)
        fields = {key: self._field(block, path, key) for key in FIELDS}
        if fields["since"] is not None and fields["history"] is not None:
            self._problems.add(block.keys["history"].line, (*path, "history"), "give since or history, not both")
        if source is None or target is None:
            return None
        return self._joined(name, source, target, fields)

    def _joined(self, name: str, source: Connector, target: Connector, fields: dict[str, Any]) -> ConnectionConfig:
        self._warnings += (*source.warnings, *target.warnings)
        sides = (("source", source), ("target", target))
        fields["schedule"] = fields["schedule"] or self._registry.targets[target.name].schedule
        return ConnectionConfig(
            name=name,
            source_name=source.name,
            source=source.settings,
            target_name=target.name,
            target=target.settings,
            references={f"{side}.{key}": text for side, given in sides for key, text in given.references.items()},
            **fields,
        )

    def _field(self, block: Block, path: tuple[str, ...], key: str) -> Any:
        node = block.entries.get(key)
        if _failed(node):
            return FIELDS[key].absent
        try:
            return read_field(key, node)
        except Unfit as unfit:
            self._complain(node, block.keys[key].line, (*path, key), unfit)
            return FIELDS[key].absent

    def _complain(self, node: Node | None, line: int, path: tuple[str, ...], unfit: Unfit) -> None:
        if unfit.key is not None:
            path = (*path, unfit.key)
            if isinstance(node, Block) and unfit.key in node.keys:
                line = node.keys[unfit.key].line
        self._problems.add(line, path, str(unfit))

    def _top(self, tree: Node | None) -> Block:
        if tree is None or (isinstance(tree, Scalar) and tree.value is None):
            self._warnings.append(f"{self._path}: nothing is configured")
            return _EMPTY
        if not isinstance(tree, Block):
            self._refuse(tree, f"write keys with values; allowed: {', '.join(KEYS)}")
        self._refuse_unknown(tree, (), KEYS)
        return tree

    def _refuse(self, node: Node, message: str) -> NoReturn:
        self._problems.add(node.at.line, (), message)
        raise self._problems.error()

    def _refuse_unknown(self, block: Block, path: tuple[str, ...], known: tuple[str, ...]) -> None:
        for key, at in block.keys.items():
            if key not in known:
                self._problems.add(at.line, (*path, key), unknown_key(key, known))

    def _database(self, node: Node | None) -> str:
        node = self._interpolation.fill(node or Scalar(DEFAULT, DEFAULT, Place()), ("database",))
        if _failed(node):
            return ""
        text = node.text if isinstance(node, Scalar) else ""
        template = node.template if isinstance(node, Scalar) else None
        hide_password(text)
        try:
            return database_url(text, template, self._folder)
        except Unfit as unfit:
            self._problems.add(node.at.line, ("database",), str(unfit))
            return ""

    def _keep(self, top: Block) -> timedelta:
        node = top.entries.get("keep")
        if node is not None:
            node = self._interpolation.fill(node, ("keep",))
        if node is None or _failed(node) or (isinstance(node, Scalar) and node.value is None):
            return KEEP
        try:
            return kept(node)
        except Unfit as unfit:
            self._problems.add(top.keys["keep"].line, ("keep",), str(unfit))
            return KEEP

    def _blocks(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return
        if isinstance(node, Block):
            yield from node.entries.items()
        else:
            self._problems.add(node.at.line, ("connections",), "write a block for each connection, under its name")


_EMPTY = Block({}, {}, Place())


def _side(block: Block, side: str) -> Node | None:
    """Return the side's block; one that isn't there stands where the connection does."""
    return block.entries.get(side, Scalar(None, "", block.at))


def _failed(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.unset


def _twins(connections: Mapping[str, ConnectionConfig]) -> Iterator[str]:
    """Name connections that carry the same to the same: each would send what the other has sent."""
    seen: list[ConnectionConfig] = []
    for config in connections.values():
        for other in seen:
            if (config.source_name, config.source) == (other.source_name, other.source) and (
                config.target_name,
                config.target,
            ) == (other.target_name, other.target):
                yield f"connections.{config.name}: same source and target as {other.name}; keep one of them"
        seen.append(config)
