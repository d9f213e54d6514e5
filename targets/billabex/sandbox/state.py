"""What does one organization hold? Accounts with contacts, invoices, credit notes, allocations, and answers by key."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, Literal

Values = dict[str, Any]
Kind = Literal["invoices", "credit-notes"]

#: The sandbox's one organization.
ORGANIZATION = "b111abe0-0000-4000-8000-000000000001"

ZERO = Decimal(0)


@dataclass(eq=False, slots=True)
class Thing:
    """An object: its id, its place in lists, when it was made (seconds), its fields, and fields a test forced."""

    id: str
    place: int
    made_at: float
    values: Values
    forced: Values = field(default_factory=dict)

    @property
    def read_only(self) -> str | None:
        """Why nothing of it may be changed."""
        reason: str | None = self.forced.get("readOnlyReason")
        return reason


@dataclass(eq=False, slots=True)
class Account(Thing):
    """A customer."""

    contacts: dict[str, Thing] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Document(Thing):
    """An invoice or a credit note, and how much of it is allocated to which others (by id)."""

    kind: Kind = "invoices"
    allocated: dict[str, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        """What is owed on it, or left of it."""
        left: Decimal = self.values["totalAmount"] - self.values.get("paidAmount", ZERO) - sum(self.allocated.values())
        return left


@dataclass(slots=True)
class Answered:
    """What a key was answered, for which request, and when (seconds)."""

    request: bytes
    status: int
    content: Any
    at: float


class State:
    """Everything there is. Ids repeat for the same seed."""

    def __init__(self, seed: int) -> None:
        """Start with nothing."""
        self._random = random.Random(seed)  # noqa: S311 - ids of made-up objects
        self._places = count(1)
        self.accounts: dict[str, Account] = {}
        self.documents: dict[Kind, dict[str, Document]] = {"invoices": {}, "credit-notes": {}}
        #: Numbers are unique for each kind and account, source ids for the organization.
        self.numbers: dict[tuple[Kind, str, str], str] = {}
        self.source_ids: dict[str, str] = {}
        self.of_account: dict[str, dict[str, Document]] = {}
        self.answered: dict[str, Answered] = {}

    def new_id(self) -> str:
        """Return a fresh uuid."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def next_place(self) -> int:
        """Return the place of a new object in its list."""
        return next(self._places)
