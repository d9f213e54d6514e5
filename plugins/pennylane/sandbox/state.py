"""How do the rows of the account hold together: who credits whom, what a change moves, which event it leaves?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from duebridge.core.api import ZERO
from duebridge.plugins.pennylane.sandbox.derive import (
    ARRIVED,
    DERIVABLE,
    amount,
    credit_note_standing,
    invoice_standing,
    linked_amount,
)
from duebridge.plugins.pennylane.sandbox.feed import Change, Event, Feed, instant
from duebridge.plugins.pennylane.sandbox.store import Collection, Row

#: First ids, apart enough that one kind is never taken for another.
_FIRST_IDS = {
    "customers": 193_957_340,
    "customer_invoices": 2_400_001,
    "products": 51_001,
    "billing_subscriptions": 31_001,
    "ledger_accounts": 41_001,
    "contacts": 61_001,
    "payments": 71_001,
    "matched_transactions": 81_001,
    "invoice_lines": 9_000_001,
    "subscription_lines": 95_001,
    "file_attachments": 5_001,
}
#: The collections that have a changelog.
FEEDS = ("customers", "customer_invoices", "products")


class State:
    """The account. `now` is the clock (UTC); `today` may be set apart from it to let deadlines pass."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start empty."""
        self.now = now
        self.today_set: date | None = None
        self.collections = {name: Collection(first) for name, first in _FIRST_IDS.items()}
        self.feeds = {name: Feed() for name in FEEDS}
        self._credits: dict[int, set[int]] = {}
        self._judged_on = self.today()
        self._last_event = now() - timedelta(days=1)

    def __getitem__(self, collection: str) -> Collection:
        """The collection of that name."""
        return self.collections[collection]

    @property
    def documents(self) -> Collection:
        """The invoice list."""
        return self.collections["customer_invoices"]

    def today(self) -> date:
        """The day deadlines are compared with (UTC)."""
        return self.today_set or self.now().date()

    def tick(self) -> datetime:
        """An instant for an event: now, but later than every event so far."""
        self._last_event = max(self.now(), self._last_event + timedelta(microseconds=1))
        return self._last_event

    def record(self, collection: str, row: Row, change: Change, at: datetime) -> None:
        """Add an event to the collection's changelog, if it has one."""
        feed = self.feeds.get(collection)
        if feed is not None:
            feed.add(Event(row.id, change, at, row.data["updated_at"], row.data["created_at"]))
            self._last_event = max(self._last_event, at)

    # --- documents -------------------------------------------------------------------------------------------------

    def relink(self, note: Row, previous: int | None) -> None:
        """Keep who credits whom after `note`'s link changed from `previous`."""
        if previous is not None:
            self._credits.get(previous, set()).discard(note.id)
        current = credited_id(note)
        if current is not None:
            self._credits.setdefault(current, set()).add(note.id)

    def credit_notes(self, invoice_id: int) -> list[dict[str, Any]]:
        """The credit notes linked to an invoice."""
        return [self.documents.rows[id].data for id in self._credits.get(invoice_id, ())]

    def received(self, invoice: Row) -> Decimal:
        """The money an invoice got. Payments and matched transactions tell of the same cash: the larger sum counts."""
        paid = self._sum(row for row in self["payments"].of(invoice.id) if row.data["status"] in ARRIVED)
        matched = self._sum(self["matched_transactions"].of(invoice.id))
        base: Decimal = invoice.facts.get("base", ZERO)
        return base + max(paid, matched)

    @staticmethod
    def _sum(rows: Iterable[Row]) -> Decimal:
        return sum((amount(row.data["currency_amount"]) or ZERO for row in rows), ZERO)

    def linked(self, invoice: Row) -> Decimal:
        """How much of an invoice its credit notes cancel."""
        if not self._credits.get(invoice.id):
            return ZERO
        return linked_amount(invoice.data, self.credit_notes(invoice.id))

    def judge(self, document: Row) -> bool:
        """Work out what a document derives, keeping what was given; return whether anything changed."""
        if document.facts["credit_note"]:
            derived = credit_note_standing(document.data)
        else:
            derived = invoice_standing(document.data, self.received(document), self.linked(document), self.today())
        derived.update(document.facts.get("given", {}))
        changed = any(document.data[name] != value for name, value in derived.items())
        document.data.update(derived)
        document.touched()
        return changed

    def turn_day(self) -> list[Row]:
        """Judge again the invoices whose deadline decides, if the day has changed; return those that changed."""
        today = self.today()
        if today == self._judged_on:
            return []
        self._judged_on = today
        return [row for row in self.documents if row.data["status"] in ("upcoming", "late") and self.judge(row)]


def credited_id(document: Row) -> int | None:
    """The invoice a credit note is linked to."""
    credited = document.data["credited_invoice"]
    return None if credited is None else credited["id"]


def forget_given(document: Row) -> None:
    """Let what was given be worked out again, except a status word that never comes about by itself."""
    given = document.facts.get("given", {})
    document.facts["given"] = {
        name: value for name, value in given.items() if name == "status" and value not in DERIVABLE
    }


def stamp(row: Row, at: datetime) -> None:
    """Note that `row` changed at `at`."""
    row.data["updated_at"] = instant(at)
    row.touched()
