"""A small target in memory that takes whole snapshots: it keeps the last one, and refuses when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from duebridge.core.connector import (
    Account,
    Ack,
    Delivery,
    Schedule,
    Services,
    Settings,
    SnapshotTarget,
    key_of,
)
from duebridge.core.records import Customer, Invoice, Record
from duebridge.core.tables.mapping import Mapping as PayloadMapping
from duebridge.core.tables.rules import Rules, send, skip


class ShelfTarget(SnapshotTarget):
    """Takes customers and open invoices. `held` is the last snapshot by reference, `published` how many there were.

    `refused` are records it leaves out, by key, with why.
    """

    name: ClassVar[str] = "shelf"
    title: ClassVar[str] = "Shelf"
    settings: ClassVar[type[Settings]] = Settings
    schedule: ClassVar[Schedule] = Schedule(daily="06:00")
    rules: ClassVar[Mapping[type[Record], Rules]] = {
        Customer: Rules(Customer, otherwise=send("customer", "Every customer goes")),
        Invoice: Rules(
            Invoice,
            skip("draft", "Not finalised", draft=True),
            skip("settled", "Nothing is expected on it", paid=True),
            otherwise=send("open", "Money is expected on it"),
        ),
    }
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = {
        Customer: PayloadMapping(Customer, {"name": "name"}),
        Invoice: PayloadMapping(Invoice, {"number": "number", "customer": "customer_id"}),
    }

    def __init__(self, settings: Settings, services: Services) -> None:
        """Start empty. `before` and `after` are called around taking a snapshot, and may raise."""
        super().__init__(settings, services)
        self.held: dict[str, dict[str, Any]] = {}
        self.published = 0
        self.refused: dict[str, str] = {}
        self.accepted_mass_change = False
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def check(self) -> Account:
        """Say who we are."""
        return Account("shelf-1", "The shelf")

    def publish(self, deliveries: Iterable[Delivery], *, accept_mass_change: bool) -> Ack:
        """Keep the snapshot in the place of the one before."""
        snapshot = {
            delivery.reference: dict(delivery.payload or {})
            for delivery in deliveries
            if key_of(delivery.kind, delivery.id) not in self.refused
        }
        self.before()
        self.held, self.published = snapshot, self.published + 1
        self.accepted_mass_change = accept_mass_change
        self.after()
        return Ack(notes=(f"{len(snapshot)} records on the shelf",), left_out=dict(self.refused))
