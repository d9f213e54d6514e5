"""What a product's stand-in offers the sandbox server it is plugged into."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How large and how strict the sandbox is.

    `invoices` counts the rows of the invoice list, drafts and credit notes included. `limits` "real" enforces each
    vendor's published rate limit. `broken` adds that many records that must be rejected, in rotation over the kinds of
    defect.
    """

    customers: int = 40
    invoices: int = 200
    seed: int = 1
    limits: Literal["real", "off"] = "real"
    broken: int = 0


class UnknownObject(LookupError):
    """A control call named a collection or an id the stand-in does not have."""


class ProductSandbox(ABC):
    """One product's stand-in. State is in memory, guarded by the implementation; handlers may run in parallel threads."""

    #: The path prefix below which the product's own paths are served, also the `product` of journal rows.
    name: ClassVar[str]

    def __init__(self, options: SandboxOptions) -> None:
        """Keep `options` and seed the state."""
        self.options = options
        self.reset()

    @abstractmethod
    def router(self) -> APIRouter:
        """The product's own paths, without the prefix."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to the seeded state; rate limit windows too."""

    @abstractmethod
    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object with these (the product's own) field names, the rest filled in plausibly; return it stored."""

    @abstractmethod
    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:
        """Merge `values` into the object, recompute what the product derives unless given, record the change event."""

    @abstractmethod
    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove the object, recording the delete event."""
