"""What does the Fincome plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Target, hookimpl

from .target import FincomeTarget

if TYPE_CHECKING:
    from .sandbox.product import FincomeSandbox


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the revenue analytics tool as a target."""
    return [FincomeTarget]


@hookimpl
def register_sandboxes() -> list[type[FincomeSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import FincomeSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [FincomeSandbox]
