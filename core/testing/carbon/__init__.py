"""Carbon, a made-up receivables product whose POST never refuses a second copy: what does its plugin offer?

It is for proofs and for authors of connectors to products like it, so no entry point names it: tests give it to a
registry (`registry.register(carbon, "carbon")`) or lay it out like an installed plugin (`laid_out`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Target, hookimpl
from duebridge.core.testing.carbon.target import CarbonTarget, LaggingCarbonTarget

if TYPE_CHECKING:
    from duebridge.core.testing.carbon.sandbox import CarbonSandbox


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the product as a target, and once more for a search that lags."""
    return [CarbonTarget, LaggingCarbonTarget]


@hookimpl
def register_sandboxes() -> list[type[CarbonSandbox]]:
    """Offer the stand-in server."""
    from duebridge.core.testing.carbon.sandbox import CarbonSandbox  # noqa: PLC0415 - tests alone need it

    return [CarbonSandbox]
