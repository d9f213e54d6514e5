"""How does a command get from the words it was given to the application?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry

DEFAULT_CONFIG = Path("duebridge.yaml")


@contextmanager
def entered(context: typer.Context, config: Path | None) -> Iterator[App]:
    """Load plugins and configuration, open the database, and close it again. Raises `ConfigError`."""
    with opened(config_path(context, config), os.environ) as app:
        yield app


@contextmanager
def opened(path: Path, environ: Mapping[str, str], registry: Registry | None = None) -> Iterator[App]:
    """Open the application configured by `path`, with secrets from `environ`. Raises `ConfigError`."""
    registry = registry if registry is not None else Registry.load()
    app = App(load_configuration(path, registry, environ), registry)
    try:
        yield app
    finally:
        app.close()


def config_path(context: typer.Context, config: Path | None) -> Path:
    """Return the YAML file: named after the command, before it, by the environment, or the usual one."""
    named = config or context.obj or os.environ.get("DUEBRIDGE_CONFIG")
    return Path(named) if named else DEFAULT_CONFIG
