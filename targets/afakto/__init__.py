"""What does the Afakto plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Target, hookimpl

from .target import AfaktoTarget

if TYPE_CHECKING:
    from .sandbox.product import AfaktoSandbox


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the receivables assignment tool as a target."""
    return [AfaktoTarget]


@hookimpl
def register_sandboxes() -> list[type[AfaktoSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import AfaktoSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [AfaktoSandbox]
