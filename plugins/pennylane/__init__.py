"""What does the Pennylane plugin offer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from duebridge.core.api import Source, Target, hookimpl

from .importing.target import PennylaneTarget
from .source import PennylaneSource

if TYPE_CHECKING:
    from .sandbox.product import PennylaneSandbox


@hookimpl
def register_sources() -> list[type[Source]]:
    """Offer the ledger as a source."""
    return [PennylaneSource]


@hookimpl
def register_targets() -> list[type[Target]]:
    """Offer the ledger as a target."""
    return [PennylaneTarget]


@hookimpl
def register_sandboxes() -> list[type[PennylaneSandbox]]:
    """Offer the stand-in server."""
    from .sandbox.product import PennylaneSandbox  # noqa: PLC0415 - the sandbox command and tests alone need it

    return [PennylaneSandbox]
