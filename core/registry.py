"""Which plugins are there, which connectors do they offer, and which of them are broken?

    entry points of group "duebridge" -> one by one -> hooks asked -> contracts checked -> sources, targets, sandboxes

One plugin that fails never takes the others with it: it is listed in `Registry.plugins` with its distribution and what
is wrong. Only this module and `hookspecs` know pluggy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from duebridge.core import hookspecs
from duebridge.core.connector import Source, Target
from duebridge.core.contracts import sandbox_faults, source_faults, target_faults
from duebridge.core.errors import ConfigError

if TYPE_CHECKING:
    from duebridge.core.records import Record
    from duebridge.core.sandbox.product import ProductSandbox
    from duebridge.core.tables.rules import Decision

GROUP = "duebridge"
#: The hook API this version speaks; a plugin may state the one it needs as `duebridge_api`.
API_VERSION = 1

Faults = Callable[[object], list[str]]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as it was found: `name` is its entry point's, `error` one line, `offers` like `source pennylane`.

    `broken` with offers means that some of its connectors were refused and the others work.
    """

    name: str
    distribution: str
    version: str
    status: Literal["ok", "broken"] = "ok"
    error: str = ""
    offers: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name, distribution and version, as messages give them."""
        return f"{self.name} ({self.distribution} {self.version})".replace(" )", ")")


@dataclass(slots=True)
class _Shelf:
    """The connectors of one sort, and which plugin each came from."""

    sort: str
    faults: Faults
    classes: dict[str, Any] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)


class Registry:
    """The connectors there are. `Registry.load()` finds the installed plugins, `Registry()` starts empty."""

    def __init__(self, *, strict: bool = False) -> None:
        """Start without plugins; `strict` raises what would otherwise be listed as broken, for plugin authors."""
        self.strict = strict
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._plugins: dict[str, PluginInfo] = {}
        self._modules: dict[str, object] = {}
        self._sources = _Shelf("source", source_faults)
        self._targets = _Shelf("target", target_faults)
        self._sandboxes = _Shelf("sandbox", sandbox_faults)
        self._sandboxes_asked: set[str] = set()
        self._asking = RLock()

    @classmethod
    def load(cls, *, strict: bool = False, found: Iterable[EntryPoint] | None = None) -> Registry:
        """Return a registry with every installed plugin (`found` replaces the entry points looked up)."""
        registry = cls(strict=strict)
        for entry_point in sorted(entry_points(group=GROUP) if found is None else found, key=_order):
            registry._load(entry_point)
        return registry

    @property
    def sources(self) -> Mapping[str, type[Source]]:
        """Source connectors by name."""
        return MappingProxyType(self._sources.classes)

    @property
    def targets(self) -> Mapping[str, type[Target]]:
        """Target connectors by name."""
        return MappingProxyType(self._targets.classes)

    @property
    def sandboxes(self) -> Mapping[str, type[ProductSandbox]]:
        """Stand-in servers by product; imported when first asked for."""
        with self._asking:
            for key in [key for key in self._modules if key not in self._sandboxes_asked]:
                self._sandboxes_asked.add(key)
                self._attempt(key, partial(self._shelve, key, "register_sandboxes", self._sandboxes))
        return MappingProxyType(self._sandboxes.classes)

    @property
    def plugins(self) -> list[PluginInfo]:
        """Every plugin found, in loading order."""
        return list(self._plugins.values())

    @property
    def broken(self) -> list[PluginInfo]:
        """The plugins with something wrong."""
        return [plugin for plugin in self._plugins.values() if plugin.status == "broken"]

    @property
    def hook(self) -> pluggy.HookRelay:
        """What calls `run_finished` of every plugin that works; for `decide` see `decider`."""
        return self._manager.hook

    def decider(self, connection: str, *first: object) -> Callable[[Record], Decision | None] | None:
        """Return what decides on a record of `connection` before the target's rules do; None when nobody would.

        `first` are implementations of `decide` that take part here alone, and are asked before the plugins.
        """
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        for name, plugin in self._manager.list_name_plugin():
            manager.register(plugin, name)
        for plugin in reversed(first):
            manager.register(plugin)  # the last one registered is asked first
        decide = manager.hook.decide
        if not decide.get_hookimpls():
            return None
        return lambda record: decide(record=record, connection=connection)

    def register(self, plugin: object, name: str, *, distribution: str = "local", version: str = "") -> PluginInfo:
        """Take `plugin` (a module or an object with hook implementations) in and return how that went."""
        key = f"{distribution}/{name}"
        if key in self._plugins:
            key = f"{key}#{len(self._plugins)}"
        self._plugins[key] = PluginInfo(name, distribution, version)
        self._attempt(key, partial(self._admit, key, plugin))
        return self._plugins[key]

    def _load(self, entry_point: EntryPoint) -> None:
        distribution, version = _origin(entry_point)
        try:
            plugin = entry_point.load()
        except (Exception, SystemExit) as error:
            if self.strict:
                raise
            key = f"{distribution}/{entry_point.name}"
            failed = PluginInfo(entry_point.name, distribution, version)
            self._plugins[key] = replace(failed, status="broken", error=f"import failed: {_one_line(error)}")
            return
        self.register(plugin, entry_point.name, distribution=distribution, version=version)

    def _attempt(self, key: str, step: Callable[[], None]) -> None:
        """Make `step` for the plugin `key`; what goes wrong is listed, or raised when strict."""
        try:
            step()
        except (Exception, SystemExit) as error:
            if self.strict:
                raise
            self._blame(key, _one_line(error))

    def _admit(self, key: str, plugin: object) -> None:
        _require_known_api(plugin)
        self._manager.register(plugin, key)
        try:
            self._manager.check_pending()
            sources, targets = (self._offered(plugin, hook) for hook in ("register_sources", "register_targets"))
        except (Exception, SystemExit):
            self._manager.unregister(plugin)
            raise
        self._modules[key] = plugin
        self._keep(key, self._sources, sources)
        self._keep(key, self._targets, targets)

    def _shelve(self, key: str, hook: str, shelf: _Shelf) -> None:
        self._keep(key, shelf, self._offered(self._modules[key], hook))

    def _offered(self, plugin: object, hook: str) -> list[object]:
        """Ask one plugin alone: a relay call would stop at the first that fails."""
        offered: list[object] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin is plugin:
                try:
                    offered.extend(implementation.function())
                except Exception as error:
                    raise ConfigError(f"{hook} failed: {_one_line(error)}") from error
        return offered

    def _keep(self, key: str, shelf: _Shelf, offered: list[object]) -> None:
        for candidate in offered:
            fault = self._fault(key, shelf, candidate)
            if fault is None:
                self._put(key, shelf, candidate)
            elif self.strict:
                raise ConfigError(f"{self._plugins[key].label}: {fault}")
            else:
                self._blame(key, fault)

    def _fault(self, key: str, shelf: _Shelf, candidate: object) -> str | None:
        faults = shelf.faults(candidate)
        if faults:
            title = getattr(candidate, "__qualname__", None) or repr(candidate)
            return f"{shelf.sort} {title}: {'; '.join(faults)}"
        name = getattr(candidate, "name", "")
        if name in shelf.owners:
            first, second = self._plugins[shelf.owners[name]].label, self._plugins[key].label
            return (
                f"{shelf.sort} {name!r} is offered by {first} and by {second}; the first stays, uninstall one of them"
            )
        return None

    def _put(self, key: str, shelf: _Shelf, candidate: Any) -> None:
        shelf.classes[candidate.name] = candidate
        shelf.owners[candidate.name] = key
        info = self._plugins[key]
        self._plugins[key] = replace(info, offers=(*info.offers, f"{shelf.sort} {candidate.name}"))

    def _blame(self, key: str, error: str) -> None:
        info = self._plugins[key]
        error = f"{info.error}; {error}" if info.error else error
        self._plugins[key] = replace(info, status="broken", error=error)


def _order(entry_point: EntryPoint) -> tuple[bool, str, str]:
    """Ours first, so that no other distribution takes a built-in connector's name."""
    distribution, _ = _origin(entry_point)
    return distribution != GROUP, distribution, entry_point.name


def _origin(entry_point: EntryPoint) -> tuple[str, str]:
    if entry_point.dist is None:
        return "unknown distribution", ""
    return entry_point.dist.name, entry_point.dist.version


def _require_known_api(plugin: object) -> None:
    wanted = getattr(plugin, "duebridge_api", API_VERSION)
    if wanted != API_VERSION:
        raise ConfigError(
            f"it is written for hook API {wanted!r}, this DueBridge speaks {API_VERSION}; upgrade one of them"
        )


def _one_line(error: BaseException) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, ConfigError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
