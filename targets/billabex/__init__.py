"""What does the Billabex plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Target, hookimpl

from .target import BillabexTarget

if TYPE_CHECKING:
    from .sandbox.product import BillabexSandbox


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the collecting agent as a target."""
    return [BillabexTarget]


@hookimpl
def register_sandboxes() -> list[type[BillabexSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import BillabexSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [BillabexSandbox]
