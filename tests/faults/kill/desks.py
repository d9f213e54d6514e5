"""What does a proof have to know of the product a run writes to: its YAML, what it holds, what it was sent?"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.targets.upflow.sandbox import UpflowSandbox
from duebridge.targets.upflow.sandbox.control import Control
from duebridge.targets.upflow.sandbox.gate import Gate
from duebridge.targets.upflow.sandbox.routes import Routes

from ...acceptance.scene import CONFIGURATION, NAME, UNPACED, Clock, Row, Scene, below

REMOVED = "removed"
#: Made up anew by each organization: ids, instants, and addresses that hold an id.
_ITS_OWN = {"id", "customerId", "createdAt", "modifiedAt", "directUrl", "linkId"}


class Sent(NamedTuple):
    """One write a desk took: what it was about, how it was made, and its content (None takes a tie back)."""

    reference: str
    how: str
    content: str | None


class Desk(ABC):
    """A product's stand-in as a proof sees it."""

    name: ClassVar[str]
    connection: ClassVar[str] = NAME
    #: Lines of the target's block in every scene.
    options: ClassVar[str] = ""
    product: ProductSandbox

    @abstractmethod
    def serve(self, options: SandboxOptions, clock: Clock) -> None:
        """Make the stand-in."""

    @abstractmethod
    def yaml(self, url: str, target: str, connection: str) -> str:
        """The YAML file, with more lines in the target's block and the connection's."""

    @abstractmethod
    def held(self, scene: Scene) -> list[str]:
        """Every object the product shows, as sorted text, without what the product makes up."""

    @abstractmethod
    def as_sent(self, row: Row) -> Sent:
        """What a journal row was about."""

    @abstractmethod
    def keep(self) -> Any:
        """A copy of what the stand-in holds."""

    @abstractmethod
    def put_back(self, kept: Any) -> None:
        """Make the stand-in hold a copy of `kept`."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """What the stand-in noticed that must never happen."""

    def took(self, row: Row) -> bool:
        """Whether a journal row is a write the product carried out."""
        return row["product"] == self.product.name and row["method"] != "GET" and (row["status"] or 500) < 300


class UpflowDesk(Desk):
    """Upflow: upserts by externalId, and links that are made and taken back by one call."""

    name: ClassVar[str] = "upflow"
    options: ClassVar[str] = "create_custom_fields: true"
    product: UpflowSandbox

    def serve(self, options: SandboxOptions, clock: Clock) -> None:
        self.product = UpflowSandbox(options)
        self.product.today = clock.today

    def yaml(self, url: str, target: str, connection: str) -> str:
        return CONFIGURATION.format(
            url=url,
            target="".join(f"      {line}\n" for line in (UNPACED + "\n" + target).splitlines()),
            connection="".join(f"    {line}\n" for line in connection.splitlines()),
        )

    def held(self, scene: Scene) -> list[str]:
        shown: list[str] = []
        for path in ("customers", "invoices", "credit_notes", "payments", "custom_fields"):
            for page in scene.upflow(path, limit=500).values():
                if isinstance(page, list):
                    shown += [_text({"path": path, **_without_its_own(item)}) for item in page]
        return sorted(shown)

    def as_sent(self, row: Row) -> Sent:
        collection, *more = below(row["path"]).split("/")
        body = row["body"] or {}
        if more:
            reference = unquote(more[0]).removeprefix("external:")
            how = " ".join((row["method"], collection, *more[1:2]))
            return Sent(reference, how, REMOVED if row["method"] == "DELETE" else _content(body))
        reference = body.get("externalId") or body["name"]
        taken_back = collection == "reconcile" and not body["invoices"]
        return Sent(reference, f"{row['method']} {collection}", None if taken_back else _content(body))

    def keep(self) -> Any:
        return copy.deepcopy(self.product.routes.state)

    def put_back(self, kept: Any) -> None:
        product = self.product
        product.gate = Gate(limited=False)
        product.routes = Routes(copy.deepcopy(kept), product._day)
        product._control = Control(product.routes)

    def complaints(self) -> list[str]:
        return self.product.overlapping_writes


def _content(body: Any) -> str:
    return _text(_without_nothing(body))


def _without_nothing(value: Any) -> Any:
    """Leave out what clears a field: whether it has to be said depends on what the desk was seen to take before."""
    if isinstance(value, dict):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    return value


def _without_its_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_its_own(item) for name, item in value.items() if name not in _ITS_OWN}
    if isinstance(value, list):
        return sorted((_without_its_own(item) for item in value), key=_text)
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
