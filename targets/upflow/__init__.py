"""What does the Upflow plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Target, hookimpl

from .target import UpflowTarget

if TYPE_CHECKING:
    from .sandbox.product import UpflowSandbox


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the receivables tool as a target."""
    return [UpflowTarget]


@hookimpl
def register_sandboxes() -> list[type[UpflowSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import UpflowSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [UpflowSandbox]
