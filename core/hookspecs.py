"""Every hook a plugin may implement: the table of contents of the plugin system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duebridge.core.connector import Source, Target
    from duebridge.core.engine.report import Report
    from duebridge.core.records import Record
    from duebridge.core.sandbox.product import ProductSandbox
    from duebridge.core.tables.rules import Decision

PROJECT = "duebridge"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_sources() -> Iterable[type[Source]]:  # type: ignore[empty-body]
    """Offer source connectors."""


@hookspec
def register_targets() -> Iterable[type[Target]]:  # type: ignore[empty-body]
    """Offer target connectors."""


@hookspec
def register_sandboxes() -> Iterable[type[ProductSandbox]]:  # type: ignore[empty-body]
    """Offer stand-in servers; import them inside the hook, they are needed by the sandbox command and tests alone."""


@hookspec(firstresult=True)
def decide(record: Record, connection: str) -> Decision | None:
    """Decide on `record` before the target's rules do; None leaves it to the next plugin, then to the rules.

    The exclusions of a connection are asked first; with their code, `excluded_customer`, nothing is written or removed.
    """


@hookspec
def run_finished(connection: str, report: Report) -> None:
    """Hear of a run that has ended, whatever its status."""
