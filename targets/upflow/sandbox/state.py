"""What does the stand-in remember? Objects, and the indexes that find them in one step."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from duebridge.targets.upflow.sandbox.refusal import Refusal, invalid

#: The kinds of document, by their path word. Debits are owed by the customer, credits lower what is owed.
Kind = Literal["invoices", "credit_notes", "payments", "refunds"]
KINDS: tuple[Kind, ...] = ("invoices", "credit_notes", "payments", "refunds")
DEBITS: frozenset[Kind] = frozenset({"invoices", "refunds"})


@dataclass(slots=True, eq=False)
class Customer:
    """Who owes; `custom_values` by custom field id, `documents` of every kind by id."""

    id: str
    external_id: str | None
    values: dict[str, Any]
    created_at: str
    modified_at: str
    contacts: dict[str, Contact] = field(default_factory=dict)
    custom_values: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    forced: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Contact:
    """A person at a customer."""

    id: str
    external_id: str | None
    values: dict[str, Any]
    customer: Customer
    forced: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class CustomField:
    """A custom field that customers may have a value for."""

    id: str
    external_id: str | None
    values: dict[str, Any]
    forced: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Document:
    """An invoice, credit note, payment or refund.

    `amount` is its total in the smallest unit; `linked` how much of it the links take; `pairs` the same by link key and
    counterpart. `forced` holds derived fields a control call set by hand.
    """

    kind: Kind
    id: str
    external_id: str | None
    values: dict[str, Any]
    amount: int
    currency: str
    customer: Customer | None
    created_at: str
    modified_at: str
    linked: int = 0
    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    pdf_digest: str | None = None
    forced: dict[str, Any] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """What the links have not taken yet."""
        return self.amount - self.linked


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An amount of one debit settled by one credit."""

    debit: Document
    credit: Document
    amount: int


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """What one reconcile call settled."""

    id: str
    external_id: str
    pairs: tuple[Pair, ...]


class Keyed(Protocol):
    """An object with Upflow's id and, perhaps, ours."""

    id: str
    external_id: str | None


T = TypeVar("T", bound=Keyed)


class Shelf(Generic[T]):
    """Objects of one kind in order of creation, found by id or externalId."""

    def __init__(self, noun: str) -> None:
        """Start empty; `noun` names one object in messages."""
        self.noun = noun
        self._by_id: dict[str, T] = {}
        self._by_external: dict[str, T] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[T]:
        """Walk in order of creation."""
        return iter(self._by_id.values())

    def put(self, item: T) -> None:
        """Add `item`, whose keys are free."""
        self._by_id[item.id] = item
        if item.external_id is not None:
            self._by_external[item.external_id] = item

    def drop(self, item: T) -> None:
        """Remove `item`."""
        del self._by_id[item.id]
        if item.external_id is not None:
            del self._by_external[item.external_id]

    def rename(self, item: T, external_id: str) -> None:
        """Give `item` another externalId, which is free."""
        if item.external_id is not None:
            del self._by_external[item.external_id]
        item.external_id = external_id
        self._by_external[external_id] = item

    def lookup(self, reference: str) -> T | None:
        """Find by a path's reference: an id, or `external:` and an externalId."""
        if reference.startswith("external:"):
            return self._by_external.get(reference.removeprefix("external:"))
        return self._by_id.get(reference)

    def at(self, reference: str) -> T:
        """Find by a path's reference, or refuse with 404."""
        if (found := self.lookup(reference)) is None:
            raise Refusal(404, f"no {self.noun} {reference!r}")
        return found

    def named(self, keys: dict[str, Any], where: str) -> T:
        """Find the object a body names with `id`, `externalId` or both, or refuse with 400."""
        if (found := self.known(keys)) is None:
            invalid(f"{where} names a {self.noun} that does not exist: {keys.get('id') or keys.get('externalId')!r}")
        return found

    def known(self, keys: dict[str, Any]) -> T | None:
        """Find what a body is about by its `id` and `externalId`, None when it is new.

        Refuses an id that does not exist, and an externalId that belongs to another object.
        """
        held = self._by_external.get(keys["externalId"]) if "externalId" in keys else None
        if "id" not in keys:
            return held
        found = self._by_id.get(keys["id"])
        if found is None:
            raise Refusal(404, f"no {self.noun} {keys['id']!r}")
        if held is not None and held is not found:
            invalid(f"externalId {keys['externalId']!r} already belongs to the {self.noun} {held.id}")
        return found

    def owner(self, external_id: str) -> T | None:
        """Return who has this externalId."""
        return self._by_external.get(external_id)


def _instant() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class State:
    """Everything one organization holds. `new_id` gives uuids that repeat for the same seed."""

    def __init__(self, seed: int, now: Callable[[], str] = _instant) -> None:
        """Start with nothing."""
        self._random = random.Random(seed)  # noqa: S311 - ids of made-up objects
        self.now = now
        self.customers: Shelf[Customer] = Shelf("customer")
        self.contacts: Shelf[Contact] = Shelf("contact")
        self.emails: dict[str, Contact] = {}
        self.documents: dict[Kind, Shelf[Document]] = {
            "invoices": Shelf("invoice"),
            "credit_notes": Shelf("credit note"),
            "payments": Shelf("payment"),
            "refunds": Shelf("refund"),
        }
        self.links: dict[str, Link] = {}
        self.custom_fields: Shelf[CustomField] = Shelf("custom field")
        self.users: dict[str, dict[str, Any]] = {}
        self.bank_accounts: dict[str, dict[str, Any]] = {}
        self.dunning_plans: dict[str, dict[str, Any]] = {}

    def new_id(self) -> str:
        """Return a fresh uuid."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
