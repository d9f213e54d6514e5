"""How is a seeded document put together: lines in minor units first, totals as their sums, then what happened to it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from itertools import cycle
from random import Random
from typing import Any

from duebridge.core.api import exponent
from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.figures import RATES
from duebridge.plugins.pennylane.sandbox.files import give_file
from duebridge.plugins.pennylane.sandbox.seed_clock import SeedClock
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import Row
from duebridge.plugins.pennylane.sandbox.words import SERVICES

Data = dict[str, Any]

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "TND")
#: VAT codes with their rate in thousandths.
_TAXES = {"FR_200": 200, "FR_100": 100, "FR_55": 55, "FR_21": 21, "exempt": 0, "extracom": 0}
_DOMESTIC = ("FR_200", "FR_200", "FR_200", "FR_100", "FR_55", "FR_21", "exempt")


@dataclass(frozen=True, slots=True)
class Item:
    """A line to be: amounts in minor units, discounts taken off."""

    label: str
    quantity: int
    price: int
    before: int
    tax: int
    vat_rate: str
    discount: Data | None = None
    product: int | None = None
    period: tuple[str, str] | None = None

    @property
    def total(self) -> int:
        """With tax."""
        return self.before + self.tax


def total(items: Sequence[Item]) -> int:
    """What the items come to, with tax, in minor units."""
    return sum(item.total for item in items)


@cache
def _scale(currency: str) -> int:
    return exponent(currency)


def text(minor: int, currency: str) -> str:
    """Minor units as the API writes amounts."""
    digits = _scale(currency)
    if not digits:
        return str(minor)
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 10**digits}.{minor % 10**digits:0{digits}}"


class Book:
    """Writes documents into `state`. Customers take turns, so that each has some when there are enough."""

    def __init__(self, state: State, clock: SeedClock, rng: Random) -> None:
        self.state = state
        self.clock = clock
        self.rng = rng
        self._customers = cycle(state["customers"].ids)
        self._number = 0

    def items(self, count: int, currency: str, *, discount: int = 0) -> list[Item]:
        """`count` lines; `discount` percent are taken off each."""
        return [self._item(currency, discount) for _ in range(count)]

    def _item(self, currency: str, discount: int) -> Item:
        rng = self.rng
        code = rng.choice(_DOMESTIC) if currency == "EUR" else "extracom" if rng.random() < 0.5 else "FR_200"
        quantity, price = rng.randrange(1, 10), rng.randrange(300, 90_000) * (10 if currency == "TND" else 1)
        before = (quantity * price * (100 - discount) + 50) // 100
        product = rng.choice(self.state["products"].ids) if rng.random() < 0.3 else None
        period = (self.clock.day(40), self.clock.day(10)) if rng.random() < 0.2 else None
        tax = (before * _TAXES[code] + 500) // 1000
        return Item(rng.choice(SERVICES), quantity, price, before, tax, code, product=product, period=period)

    def add(
        self, items: Sequence[Item], currency: str = "EUR", *, age: int, terms: int | None = 30, **given: Any
    ) -> Row:
        """Write a document issued `age` days ago and due `terms` days later (None: without a deadline).

        `given` are members to set; those the product derives stay as given.
        """
        documents, id = self.state.documents, self.state.documents.new_id()
        at = self.clock.instant(age)
        euros = _euro_figures(items, currency)
        members: Data = {
            "customer": objects.reference("customers", next(self._customers)),
            "invoice_number": "" if given.get("draft") else self._next_number(),
            "label": f"Facture {id} : {items[0].label}",
            "date": self.clock.day(age),
            "deadline": None if terms is None else self.clock.day(age - terms),
            "currency": currency,
            "exchange_rate": RATES[currency],
            "currency_amount": text(total(items), currency),
            "currency_amount_before_tax": text(sum(item.before for item in items), currency),
            "currency_tax": text(sum(item.tax for item in items), currency),
            **euros,
            **given,
        }
        data = objects.document(id, at, **members)
        give_file(data)
        keep = {name: given[name] for name in ("paid", "status") if name in given}
        row = Row(data, credit_note=total(items) < 0, given=keep)
        documents.add(row)
        self._lay(row, items, currency, at)
        return row

    def credit(self, invoice: Row, items: Sequence[Item], *, age: int, **given: Any) -> Row:
        """Write a credit note over `items` (as on the invoice, positive), linked to `invoice`."""
        data = invoice.data
        members = {"customer": data["customer"], "label": f"Avoir sur {data['invoice_number']}", **given}
        members["credited_invoice"] = objects.reference("customer_invoices", invoice.id)
        note = self.add([_negative(item) for item in items], data["currency"], age=age, terms=None, **members)
        self.state.relink(note, None)
        return note

    def pay(self, invoice: Row, minor: int, *, trace: str = "payments", **given: Any) -> None:
        """Let an invoice receive money that shows as a payment, a matched transaction, or (`trace` empty) nowhere."""
        currency = invoice.data["currency"]
        if not trace:
            invoice.facts["base"] = Decimal(text(minor, currency))
            return
        kept = self.state[trace]
        at = self.clock.instant(5)
        members: Data = {"currency": currency, "currency_amount": text(minor, currency), **given}
        if trace == "payments":
            data = objects.payment(kept.new_id(), at, label=f"Règlement {invoice.data['invoice_number']}", **members)
        else:
            data = objects.transaction(kept.new_id(), at, date=self.clock.day(5), **members)
        kept.add(Row(data, owner=invoice.id))

    def _next_number(self) -> str:
        self._number += 1
        return f"F-{self.clock.today.year}-{self._number:05}"

    def _lay(self, row: Row, items: Sequence[Item], currency: str, at: str) -> None:
        kept = self.state["invoice_lines"]
        for item in items:
            given: Data = {
                "label": item.label,
                "quantity": str(item.quantity),
                "currency_amount": text(item.total, currency),
                "currency_amount_before_tax": text(item.before, currency),
                "currency_tax": text(item.tax, currency),
                "vat_rate": item.vat_rate,
                "raw_currency_unit_price": text(item.price, currency),
                "product": objects.reference("products", item.product),
                **_euro_figures([item], currency),
            }
            if item.discount is not None:
                given["discount"] = item.discount
            if item.period is not None:
                given["imputation_dates"] = {"start_date": item.period[0], "end_date": item.period[1]}
            kept.add(Row(objects.line(kept.new_id(), at, **given), owner=row.id))


def _negative(item: Item) -> Item:
    return replace(item, price=-item.price, before=-item.before, tax=-item.tax)


def part(items: Sequence[Item], percent: int) -> list[Item]:
    """One line that takes `percent` of `items` off, tax in proportion."""
    before, tax = (sum(getattr(item, name) for item in items) * percent // 100 for name in ("before", "tax"))
    return [Item("Avoir partiel", 1, before, before, tax, _shared_rate(items))]


def rest(items: Sequence[Item], taken: Sequence[Item]) -> list[Item]:
    """One line over what `taken` leaves of `items`."""
    before = sum(item.before for item in items) - sum(item.before for item in taken)
    return [Item("Solde", 1, before, before, total(items) - total(taken) - before, _shared_rate(items))]


def _shared_rate(items: Sequence[Item]) -> str:
    """The VAT code of a line that stands for all of `items`."""
    codes = {item.vat_rate for item in items}
    return codes.pop() if len(codes) == 1 else "mixed"


def _euro_figures(items: Sequence[Item], currency: str) -> Data:
    """The `amount` and `tax` members where they differ from those in the document's currency."""
    if currency == "EUR":
        return {}
    rate = float(RATES[currency]) * 100 / 10 ** _scale(currency)
    whole, tax = total(items), sum(item.tax for item in items)
    return {"amount": text(round(whole * rate), "EUR"), "tax": text(round(tax * rate), "EUR")}
