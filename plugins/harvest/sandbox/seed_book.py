"""How does the seed write an invoice down? Days are counted back from today; nothing happened today."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from duebridge.plugins.harvest.sandbox import objects, words
from duebridge.plugins.harvest.sandbox.state import Data, State, link


class Book:
    """Invoices being written into `state`. `clients` tells of each, by id, whether it is invoiced without tax."""

    def __init__(self, state: State, rng: Random) -> None:
        self.state = state
        self.rng = rng
        self.clients: dict[int, bool] = {}
        self._today = state.now().date()
        self._number = 0

    def day(self, age: int) -> str:
        """The day `age` days ago (a negative age lies ahead), ISO."""
        return (self._today - timedelta(days=age)).isoformat()

    def instant(self, age: int) -> str:
        """An instant during business hours of that day, at the latest yesterday."""
        seconds = self.rng.randrange(8 * 3600, 18 * 3600)
        return f"{self.day(max(age, 1))}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def client(self, *, taxed: bool | None = None, currency: str | None = None) -> Data:
        """A client, one of those that fit where there is one."""
        rows = self.state.rows["clients"]
        fitting = [
            rows[id]
            for id, untaxed in self.clients.items()
            if taxed in (None, not untaxed) and currency in (None, rows[id]["currency"])
        ]
        return self.rng.choice(fitting or [rows[id] for id in self.clients])

    def write(self, lines: list[dict[str, Any]], age: int, *, client: Data | None = None, **given: Any) -> Data:
        """Write an invoice issued `age` days ago. Taxes are left out where the client is invoiced without any."""
        owner = client or self.client()
        state, at = self.state, self.instant(age)
        if self.clients[owner["id"]]:
            given |= {"tax": None, "tax2": None}
        self._number += 1
        day = self.day(age)
        values = {"number": f"{day[:4]}-{self._number:05}", "currency": owner["currency"], "subject": self.subject()}
        invoice = objects.invoice(state.new_id("invoices"), at, link(owner), day, **(values | given))
        invoice["line_items"] = [objects.line(state.new_id("lines"), **line) for line in lines]
        if invoice["state"] == "draft":
            invoice["sent_at"] = None
        state.add("invoices", invoice)
        state.settle(invoice)
        return invoice

    def pay(self, invoice: Data, amount: float, age: int) -> None:
        """Let a payment have come in; the invoice changed then."""
        at = self.instant(age)
        paid = objects.payment(self.state.new_id("payments"), at, at[:10], amount=amount)
        self.state.pay(invoice["id"], paid)
        self.state.settle(invoice)
        invoice["updated_at"] = max(invoice["updated_at"], at)

    def close(self, invoice: Data, age: int) -> None:
        """Let what is left of an invoice have been written off."""
        at = self.instant(age)
        invoice.update({"state": "closed", "closed_at": at, "updated_at": max(invoice["updated_at"], at)})

    def subject(self) -> str:
        """What an invoice is about; now and then nothing, or hostile."""
        chance = self.rng.random()
        if chance < 0.1:
            return ""
        return self.rng.choice(words.HOSTILE if chance < 0.2 else words.SERVICES)

    def lines(self, count: int, currency: str = "EUR") -> list[dict[str, Any]]:
        """Lines of a usual invoice, in whole units where the currency has no other."""
        return [self._line(whole=currency == "JPY") for _ in range(count)]

    def _line(self, *, whole: bool) -> dict[str, Any]:
        rng = self.rng
        kind, service, _ = rng.choice(words.CATEGORIES)
        quantity = rng.choice((0.25, 1.5, 7.75, 12.0)) if service else float(rng.randrange(1, 9))
        price = float(rng.randrange(1000, 50000) * 4) if whole else rng.randrange(500, 90000) / 100
        return {
            "kind": kind,
            "description": rng.choice(words.SERVICES),
            "quantity": quantity,
            "unit_price": price,
            "taxed": True,
        }
