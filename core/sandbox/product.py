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
    """A control call named a collection or an id the stand-in does not have; answered 404."""


class UnusableValues(ValueError):
    """A control call gave values the stand-in can't store; answered 422 with this message."""


class ProductSandbox(ABC):
    """One product's stand-in. State is in memory.

    The server makes all calls, control calls too, on its one event loop; whoever shares an instance with other threads
    must use the control endpoints.
    """

    #: The path prefix below which the product's own paths are served, also the `product` of journal rows.
    name: ClassVar[str]

    #: Scheme and host of the control call being answered, for absolute links in what `create` and `patch` return.
    origin: str = "http://127.0.0.1:9400"

    def __init__(self, options: SandboxOptions) -> None:
        """Keep `options` and seed the state."""
        self.options = options
        self.reset()

    @abstractmethod
    def router(self) -> APIRouter:
        """The product's own paths, without the prefix."""

    @abstractmethod
    def reset(self) -> None:
        """Go back to the seeded state; rate limit windows and settings too."""

    @abstractmethod
    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object with these (the product's own) field names, the rest filled in plausibly; return it stored."""

    @abstractmethod
    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:
        """Merge `values` into the object, recompute what the product derives unless given, record the change event."""

    @abstractmethod
    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove the object, recording the delete event."""

    def settings(self) -> dict[str, Any]:
        """The switches a test may turn, with their present values; the stand-in documents each."""
        return {}

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the switches named in `values`, leave the others; return `settings()`. Raises `UnusableValues`."""
        unknown = sorted(set(values) - set(self.settings()))
        if unknown:
            raise UnusableValues(f"{self.name} has no setting {', '.join(unknown)}")
        return self.settings()
