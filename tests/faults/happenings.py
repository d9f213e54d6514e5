"""What may happen to a ledger between two runs, and how its change feed may tell it: twice, late, in another order.

A happening is a word and a number that chooses what it happens to; one that finds nothing to happen to does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from duebridge.plugins.pennylane.sandbox.feed import Event, Feed

from ..acceptance.expected import is_credit_note
from ..acceptance.scene import Row, Scene

Happening = tuple[str, int]
FEEDS = ("customers", "customer_invoices")
ARCHIVED = "2026-01-15T10:00:00.000000Z"


def happen(scene: Scene, happenings: Sequence[Happening]) -> None:
    """Let everything happen, in this order."""
    for word, number in happenings:
        HAPPENINGS[word](scene, number)


def _invoices(scene: Scene) -> list[Row]:
    return [row for row in scene.ledger("customer_invoices") if not is_credit_note(row) and not row["draft"]]


def _pick(rows: Sequence[Row], number: int) -> Row | None:
    return rows[number % len(rows)] if rows else None


def _open(scene: Scene) -> list[Row]:
    return [row for row in _invoices(scene) if row["status"] in ("upcoming", "late") and not row["archived_at"]]


def _new_customer(scene: Scene, number: int) -> None:
    made = scene.make("customers", name=f"Cliente {number}")
    scene.make("customer_invoices", customer={"id": made["id"]}, currency_amount=f"{number + 1}0.00")


def _new_invoice(scene: Scene, number: int) -> None:
    scene.make("customer_invoices", currency_amount=f"{number + 1}5.00")


def _pay(scene: Scene, number: int) -> None:
    if row := _pick(_open(scene), number):
        scene.make("payments", customer_invoice_id=row["id"])


def _mark_paid(scene: Scene, number: int) -> None:
    if row := _pick(_open(scene), number):
        scene.change("customer_invoices", row["id"], paid=True)


def _credit(scene: Scene, number: int) -> None:
    if row := _pick(_open(scene), number):
        scene.make("customer_invoices", credited_invoice={"id": row["id"]})


def _link(scene: Scene, number: int) -> None:
    """Give a credit note to another invoice of its customer, or to none."""
    notes = [row for row in scene.ledger("customer_invoices") if is_credit_note(row)]
    if note := _pick(notes, number):
        others = [{"id": row["id"]} for row in _open(scene) if row["customer"] == note["customer"]]
        given = [None, *others][number % (len(others) + 1)]
        scene.change("customer_invoices", note["id"], credited_invoice=given)


def _archive(scene: Scene, number: int) -> None:
    if row := _pick(_invoices(scene), number):
        scene.change("customer_invoices", row["id"], archived_at=None if row["archived_at"] else ARCHIVED)


def _rename(scene: Scene, number: int) -> None:
    if row := _pick(scene.ledger("customers"), number):
        scene.change("customers", row["id"], name=f"Nom {number}")


def _reprice(scene: Scene, number: int) -> None:
    if row := _pick(_open(scene), number):
        scene.change("customer_invoices", row["id"], currency_amount=f"{number + 7}9.00")


def _delete(scene: Scene, number: int) -> None:
    if row := _pick(scene.ledger("customer_invoices"), number):
        scene.remove("customer_invoices", row["id"])


def _restore(scene: Scene, number: int) -> None:
    """Take an invoice away and bring it back under its own id, as Pennylane says it may when it restores data."""
    if row := _pick(_open(scene), number):
        scene.remove("customer_invoices", row["id"])
        kept = {name: row[name] for name in ("id", "customer", "date", "deadline", "invoice_number", "currency")}
        scene.make("customer_invoices", **kept, currency_amount=f"{number + 3}1.00")


HAPPENINGS: Mapping[str, Callable[[Scene, int], None]] = {
    "new customer": _new_customer,
    "new invoice": _new_invoice,
    "pay": _pay,
    "mark paid": _mark_paid,
    "credit": _credit,
    "link": _link,
    "archive": _archive,
    "rename": _rename,
    "reprice": _reprice,
    "delete": _delete,
    "restore": _restore,
}


@dataclass(frozen=True)
class Telling:
    """How a feed tells: the share of events told twice and told again late, and how many share an instant."""

    random: Random
    twice: float
    late: float
    together: int
    strays: bool

    def disturb(self, scene: Scene, told: Mapping[str, int], seeded: Mapping[str, int]) -> None:
        """Tell again, differently, what each feed has told since the places in `told`; what was `seeded` is old."""
        for name, start in told.items():
            feed = scene.served.pennylane.state.feeds[name]
            feed.events[start:] = self._retold(feed.events[start:], feed.events[seeded[name] : start])

    def _retold(self, events: list[Event], before: list[Event]) -> list[Event]:
        if not events:
            return events
        told = [again for event in events for again in ([event] * (2 if self.random.random() < self.twice else 1))]
        end = max(event.processed_at for event in told)
        told += [replace(event, processed_at=end) for event in events if self.random.random() < self.late]
        if self.strays:
            gone = [event for event in events if event.operation == "delete"]
            told += [replace(event, operation="update", processed_at=end) for event in gone]
        return self._shuffled(told, before)

    def _shuffled(self, events: list[Event], before: list[Event]) -> list[Event]:
        """Events that entered together share an instant and come in any order; the first ones may share the last's."""
        result: list[Event] = []
        for start in range(0, len(events), self.together):
            group = events[start : start + self.together]
            at = max(event.processed_at for event in group)
            if start == 0 and before and self.random.random() < 0.5:
                at = before[-1].processed_at
            self.random.shuffle(group)
            result += [replace(event, processed_at=at) for event in group]
        return result


def places(scene: Scene) -> dict[str, int]:
    """How much each feed has told so far."""
    feeds: Mapping[str, Feed] = scene.served.pennylane.state.feeds
    return {name: len(feeds[name].events) for name in FEEDS}
