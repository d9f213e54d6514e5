"""What does a proof of kills need of a desk beside what it holds: putting it back, and what it was sent?"""

from __future__ import annotations

import copy
import json
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote

import httpx

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.core.testing.carbon.sandbox import CarbonSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox
from duebridge.targets.upflow.sandbox.control import Control
from duebridge.targets.upflow.sandbox.gate import Gate
from duebridge.targets.upflow.sandbox.routes import Routes

from ...acceptance.scene import Clock, Row, below
from ..desks import CarbonDesk, Desk, Held, UpflowDesk, grouped

REMOVED = "removed"


class Sent(NamedTuple):
    """One write a desk took: what it was about, in which collection, how, and its content (None takes a tie back)."""

    reference: str
    collection: str
    method: str
    content: str | None


class KilledDesk(Desk):
    """A desk with one stand-in that can be put back to where it was."""

    #: More of the connection's target block, in every scene.
    options: ClassVar[dict[str, Any]] = {}
    #: What changes in the scene that changes an option.
    other_options: ClassVar[dict[str, Any]] = {}
    #: Whether what may have been taken is sent again; otherwise it is looked for, and never made twice.
    repeats: ClassVar[bool]
    product: Any
    http: httpx.Client

    @abstractmethod
    def serve(self, clock: Clock) -> ProductSandbox:
        """Make the stand-in, which reads `clock`, and return it."""

    def open(self, url: str) -> None:
        """Make the stand-in, served at `url`, ready for a first run."""

    @abstractmethod
    def as_sent(self, row: Row) -> Sent:
        """What the write in a journal row was about."""

    @abstractmethod
    def keep(self) -> Any:
        """A copy of what the stand-in holds."""

    @abstractmethod
    def put_back(self, kept: Any) -> None:
        """Make the stand-in hold a copy of `kept`."""

    def complaints(self) -> list[str]:
        """What the stand-in noticed that must never happen."""
        return []

    def took(self, row: Row) -> bool:
        """Whether a journal row is a write the product carried out."""
        return row["product"] == self.name and row["method"] != "GET" and (row["status"] or 500) < 300

    def _listed(self, url: str, collection: str, size: str, **query: Any) -> Any:
        params = {**query, size: 200}
        answer = self.http.get(f"{url}/{self.name}/v1/{collection}", params=params, headers=self.headers)
        return answer.raise_for_status().json()


class KilledUpflow(KilledDesk, UpflowDesk):
    """Upserts by externalId; links are made and taken back by one call."""

    collections = (*UpflowDesk.collections, "custom_fields")
    options: ClassVar[dict[str, Any]] = {"create_custom_fields": True}
    other_options: ClassVar[dict[str, Any]] = {"payments": "balance"}
    repeats: ClassVar[bool] = True

    def serve(self, clock: Clock) -> ProductSandbox:
        self.product = UpflowSandbox(SandboxOptions(limits="off"))
        self.product.today = clock.today
        return self.product

    def open(self, url: str) -> None:
        for field in self._all(url, "custom_fields"):
            path = f"{url}/_sandbox/upflow/custom_fields/{field['id']}"
            self.http.delete(path).raise_for_status()

    def held(self, url: str) -> dict[str, Held]:
        held = super().held(url)
        fields = (field for same in held["custom_fields"].values() for field in same)
        return {**held, "custom_fields": grouped((field["name"], field) for field in fields)}

    def as_sent(self, row: Row) -> Sent:
        collection, *more = below(row["path"]).split("/")
        body = self._with_names(row["body"] or {})
        if more:
            reference = unquote(more[0]).removeprefix("external:")
            content = REMOVED if row["method"] == "DELETE" else _content(body)
            return Sent(reference, " ".join((collection, *more[1:2])), row["method"], content)
        reference = body.get("externalId") or body["name"]
        taken_back = collection == "reconcile" and not body["invoices"]
        return Sent(reference, collection, row["method"], None if taken_back else _content(body))

    def _with_names(self, body: Row) -> Row:
        """Tell custom fields by name: their ids depend on the order they were made in."""
        fields = self.product.routes.state.custom_fields
        values = [
            {"field": fields.at(field["id"]).values["name"], "value": field["value"]}
            for field in body.get("customFields", ())
        ]
        return {**body, "customFields": values} if values else body

    def keep(self) -> Any:
        return copy.deepcopy(self.product.routes.state)

    def put_back(self, kept: Any) -> None:
        product = self.product
        product.gate = Gate(limited=False)
        product.routes = Routes(copy.deepcopy(kept), product._day)
        product._control = Control(product.routes)

    def complaints(self) -> list[str]:
        return list(self.product.overlapping_writes)


class _Remembering(CarbonSandbox):
    """Remembers whose an id is, for when it is gone."""

    def reset(self) -> None:
        super().reset()
        self.references: dict[str, str] = {}

    def _answer_one(self, method: str, collection: str, id: str, body: bytes) -> tuple[int, Any]:
        self.references[id] = self.holdings.at(collection, id).values["reference"]
        return super()._answer_one(method, collection, id, body)


class KilledCarbon(KilledDesk, CarbonDesk):
    """Every POST makes another object; what may have been made is looked for."""

    repeats: ClassVar[bool] = False
    other_options: ClassVar[dict[str, Any]] = {"requests_per_minute": 999_999}

    def serve(self, clock: Clock) -> ProductSandbox:
        self.product = _Remembering(SandboxOptions(limits="off"))
        self.product.clock = lambda: clock().timestamp()
        return self.product

    def as_sent(self, row: Row) -> Sent:
        collection, *id = below(row["path"]).split("/")
        content = REMOVED if row["method"] == "DELETE" else _content(row["body"])
        reference = self.product.references[id[0]] if id else row["body"]["reference"]
        return Sent(reference, collection, row["method"], content)

    def keep(self) -> Any:
        return copy.deepcopy(self.product.holdings, self._shared()), dict(self.product.references)

    def put_back(self, kept: Any) -> None:
        holdings, references = kept
        self.product.holdings = copy.deepcopy(holdings, self._shared())
        self.product.references = dict(references)

    def _shared(self) -> dict[int, Any]:
        return {id(self.product): self.product}


def _content(body: Any) -> str:
    return json.dumps(_without_nothing(body), sort_keys=True, ensure_ascii=False)


def _without_nothing(value: Any) -> Any:
    """Leave out what clears a field: whether it has to be said depends on what the desk may have taken before."""
    if isinstance(value, dict):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    return value
