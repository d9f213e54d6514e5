"""Toy connectors, complete, to be broken one attribute at a time; plugins laid out as an installer leaves them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from fastapi import APIRouter

from duebridge.core.api import (
    Account,
    Ack,
    Customer,
    Invoice,
    Mapping,
    RecordTarget,
    Rules,
    Schedule,
    Settings,
    Source,
    Write,
    hookimpl,
    send,
    skip,
)
from duebridge.core.sandbox.product import ProductSandbox


class ToySettings(Settings):
    """Nothing to set."""


class ToySource(Source):
    """A complete source."""

    name = "toy"
    title = "Toy"
    settings = ToySettings
    streams: ClassVar[Any] = {"customers": (Customer,)}
    canonical: ClassVar[Any] = {Customer: Customer.model_validate}

    def check(self) -> Account:
        """Be someone."""
        return Account("1", "Toy")

    def fetch(self, stream: str, since: Any, needs: frozenset[str]) -> Iterator[Any]:
        """Have nothing."""
        yield from ()


class ToyTarget(RecordTarget):
    """A complete target."""

    name = "toy"
    title = "Toy"
    settings = ToySettings
    rules: ClassVar[Any] = {
        Invoice: Rules(Invoice, send("all", "Final", draft=False), otherwise=skip("draft", "Not final"))
    }
    mappings: ClassVar[Any] = {Invoice: Mapping(Invoice, {"number": "number"})}
    writes: ClassVar[Any] = {Invoice: Write("upsert", 1)}
    schedule = Schedule(every="10m")

    def check(self) -> Account:
        """Be someone."""
        return Account("1", "Toy")

    def push(self, delivery: Any) -> Ack:
        """Take everything."""
        return Ack(delivery.reference)


class ToySandbox(ProductSandbox):
    """A complete stand-in."""

    name = "toy"

    def router(self) -> APIRouter:
        """Serve nothing."""
        return APIRouter()

    def reset(self) -> None:
        """Keep nothing."""

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Store nothing."""
        return values

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:
        """Change nothing."""
        return values

    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove nothing."""


def offering(*, sources: Any = (), targets: Any = (), sandboxes: Any = ()) -> object:
    """Return a plugin that offers these."""

    class Plugin:
        @hookimpl
        def register_sources(self) -> Any:
            return sources

        @hookimpl
        def register_targets(self) -> Any:
            return targets

        @hookimpl
        def register_sandboxes(self) -> Any:
            return sandboxes

    return Plugin()


@pytest.fixture
def toys() -> SimpleNamespace:
    """The toy classes and the plugin maker, for tests that can't import a conftest."""
    return SimpleNamespace(
        Source=ToySource, Target=ToyTarget, Sandbox=ToySandbox, Settings=ToySettings, offering=offering
    )


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[EntryPoint]]:
    """Lay a distribution with one plugin module out on disk; return the entry points of all laid out so far."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, code: str, version: str = "1.2") -> list[EntryPoint]:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        information = tmp_path / f"{module}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (information / "entry_points.txt").write_text(f"[duebridge]\n{module} = {module}\n")
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        return [point for found in distributions(path=[str(tmp_path)]) for point in found.entry_points]

    return install
