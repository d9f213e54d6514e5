"""The two sorts of target the proofs write to, and what each holds at the end, told by its stand-in.

Upflow takes the same POST again (upsert); Carbon makes another object of it (create_once).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import httpx

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.core.testing.carbon.sandbox import TOKEN, CarbonSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

#: Reference -> the objects that carry it; more than one is a duplicate, none a loss.
Held = Mapping[str, list[Any]]

PENNYLANE = "sandbox-pennylane"
#: What differs between two companies that hold the same: ids, moments, and what is told of the first document made.
_INCIDENTAL = frozenset(
    "id customerId createdAt modifiedAt directUrl pdfUrl currency amountDue amountOverdue unapplied balance".split()
)


class Desk(ABC):
    """A target's stand-in, how it is configured and asked."""

    name: ClassVar[str]
    sandbox: ClassVar[type[ProductSandbox]]
    headers: ClassVar[Mapping[str, str]]
    collections: ClassVar[tuple[str, ...]]
    #: How it is written to.
    methods: ClassVar[frozenset[str]]

    @abstractmethod
    def block(self, url: str) -> dict[str, Any]:
        """The connection's target, served at `url`."""

    @abstractmethod
    def held(self, url: str) -> dict[str, Held]:
        """Collection -> reference -> the objects there, without what is incidental."""

    @abstractmethod
    def lost_releases(self, rows: Iterable[dict[str, Any]]) -> int:
        """How many of these journal rows took back a link without our hearing of it."""

    def product(self, clock: Callable[[], float]) -> ProductSandbox:
        """A fresh stand-in; `clock` gives seconds."""
        return self.sandbox(SandboxOptions(limits="off"))

    def _listed(self, url: str, collection: str, size: str, **query: Any) -> Any:
        with httpx.Client(timeout=60) as http:
            answer = http.get(f"{url}/{self.name}/v1/{collection}", params={**query, size: 200}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


class UpflowDesk(Desk):
    name = "upflow"
    sandbox = UpflowSandbox
    headers: ClassVar[Mapping[str, str]] = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}
    collections = ("customers", "invoices", "credit_notes", "payments")
    methods = frozenset({"POST", "DELETE"})

    def block(self, url: str) -> dict[str, Any]:
        keys = {"api_key": "sandbox-upflow-key", "api_secret": "sandbox-upflow-secret"}
        return {"connector": "upflow", "base_url": f"{url}/upflow", "requests_per_minute": 1_000_000, **keys}

    def held(self, url: str) -> dict[str, Held]:
        return {
            name: grouped((item["externalId"], _essential(item, name)) for item in self._all(url, name))
            for name in self.collections
        }

    def lost_releases(self, rows: Iterable[dict[str, Any]]) -> int:
        return sum(row["path"].endswith("/reconcile") and not row["body"]["invoices"] for row in rows if unheard(row))

    def _all(self, url: str, collection: str) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._listed(url, collection, "limit", offset=offset)
            items = next(value for value in page.values() if isinstance(value, list))
            yield from items
            offset += len(items)
            if offset >= page["total"]:
                return


class CarbonDesk(Desk):
    name = "carbon"
    sandbox = CarbonSandbox
    headers: ClassVar[Mapping[str, str]] = {"Authorization": f"Bearer {TOKEN}"}
    collections = ("customers", "invoices", "credit_notes", "payments", "allocations")
    methods = frozenset({"POST", "PUT", "DELETE"})
    connector: ClassVar[str] = "carbon"

    def product(self, clock: Callable[[], float]) -> ProductSandbox:
        product = CarbonSandbox(SandboxOptions(limits="off"))
        product.clock = clock
        return product

    def block(self, url: str) -> dict[str, Any]:
        where = {"base_url": f"{url}/carbon", "token": TOKEN}
        return {"connector": self.connector, "requests_per_minute": 1_000_000, **where}

    def held(self, url: str) -> dict[str, Held]:
        return {
            name: grouped((item["reference"], {**item, "id": None}) for item in self._all(url, name))
            for name in self.collections
        }

    def lost_releases(self, rows: Iterable[dict[str, Any]]) -> int:
        return sum(row["method"] == "DELETE" and "/allocations/" in row["path"] for row in rows if unheard(row))

    def _all(self, url: str, collection: str) -> Iterator[dict[str, Any]]:
        page = 1
        while items := self._listed(url, collection, "size", page=page)["items"]:
            yield from items
            page += 1


class LaggingDesk(CarbonDesk):
    """Carbon's connector for a search that lags by a minute."""

    connector = "carbon-lagging"


def grouped(items: Iterator[tuple[str, Any]]) -> Held:
    held: dict[str, list[Any]] = {}
    for reference, item in items:
        held.setdefault(reference, []).append(item)
    return held


def count(held: Mapping[str, Held]) -> int:
    """How many objects there are."""
    return sum(len(items) for collection in held.values() for items in collection.values())


def difference(held: Mapping[str, Held], wanted: Mapping[str, Held]) -> Counter[str]:
    """Compare object by object: how many are there twice, missing, too many, or otherwise than they should be."""
    seen: Counter[str] = Counter()
    for name, things in wanted.items():
        for reference in things.keys() | held[name].keys():
            here, there = held[name].get(reference, []), things.get(reference, [])
            seen["duplicates"] += max(0, len(here) - 1)
            seen["lost"] += not here
            seen["strangers"] += not there
            seen["different"] += bool(here and there) and here[0] != there[0]
    return +seen


def writes(url: str, product: str) -> list[dict[str, Any]]:
    """Every write that reached `product`, by the sandbox's journal, oldest first."""
    rows = httpx.get(f"{url}/_sandbox/journal", timeout=60).json()
    return [row for row in rows if row["product"] == product and row["method"] != "GET"]


def unheard(row: Mapping[str, Any]) -> bool:
    """Whether a journal row is of a write that was made and whose answer was lost."""
    return row.get("acted") is not None and row["acted"] < 300


def _essential(item: dict[str, Any], collection: str) -> Any:
    dropped = _INCIDENTAL if collection == "customers" else _INCIDENTAL - {"currency"}
    balances = sorted(map(json.dumps, item.get("balances", [])))
    return {**_without(item, dropped), "balances": balances}


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list):
        return sorted((_without(inner, names) for inner in value), key=json.dumps)
    return value
