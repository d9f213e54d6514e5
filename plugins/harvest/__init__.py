"""What does the Harvest plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Source, hookimpl

from .source import HarvestSource

if TYPE_CHECKING:
    from .sandbox.product import HarvestSandbox


@hookimpl
def register_sources() -> list[type[Source]]:
    """Offer the invoices as a source."""
    return [HarvestSource]


@hookimpl
def register_sandboxes() -> list[type[HarvestSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import HarvestSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [HarvestSandbox]
