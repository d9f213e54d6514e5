"""What recurs in the seeded account beside its first few subscriptions, and which invoices did subscriptions make?

Laid over what `seed` has made, with a chance of its own: no document is added, and no amount of one changes. Some
invoices are said to come from a subscription of their customer; their lines take its items' products and labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random
from typing import Any

from duebridge.plugins.pennylane.sandbox import figures, objects
from duebridge.plugins.pennylane.sandbox.derive import money
from duebridge.plugins.pennylane.sandbox.seed_clock import SeedClock
from duebridge.plugins.pennylane.sandbox.state import State
from duebridge.plugins.pennylane.sandbox.store import Row
from duebridge.plugins.pennylane.sandbox.words import HOSTILE

Data = dict[str, Any]

#: How many invoices of its customer a subscription is said to have made.
MADE = 4
_MODES = ("finalized", "email", "awaiting_validation")
_DAYS = {"weekly": 7, "monthly": 30, "yearly": 365}
_OPEN = ("upcoming", "late", "paid", "partially_paid")


@dataclass(frozen=True, slots=True)
class Plan:
    """A subscription to be: every `interval` `rhythm`, `items` lines; `count` invoices in all, if that is told."""

    status: str
    rhythm: str
    interval: int | None = 1
    currency: str = "EUR"
    items: int = 2
    count: int | None = None
    customer: bool = True


PLANS = (
    Plan("in_progress", "monthly", items=3),
    Plan("in_progress", "yearly", currency="USD"),
    Plan("in_progress", "weekly", currency="GBP", items=1),
    Plan("in_progress", "monthly", 3, currency="JPY"),
    Plan("stopped", "yearly", 2, currency="TND"),
    Plan("stopped", "monthly", currency="CHF", items=1),
    Plan("finished", "monthly", 6, count=4),
    Plan("finished", "weekly", 4, items=1),
    Plan("not_started", "yearly", items=4),
    Plan("pending", "monthly", None, items=1),
    Plan("draft", "monthly", customer=False),
    Plan("in_progress", "monthly", items=25),
)


def seed_recurring(state: State, seed: int) -> None:
    """Add products nobody priced, and `PLANS`, when there are customers."""
    clock, rng = SeedClock(state.today(), seed + 7), Random(seed + 8)  # noqa: S311 - generated data, not secrets
    _seed_unpriced(state, clock)
    customers = cycle(state["customers"].ids)
    for place, plan in enumerate(PLANS if len(state["customers"]) else ()):
        made = list(_eligible(state, plan.currency)) if plan.status in ("in_progress", "stopped", "finished") else []
        customer = made[0].data["customer"]["id"] if made else next(customers)
        row = _subscription(state, clock, rng, place, customer if plan.customer else None)
        _lay_made(made, row, state)


def _seed_unpriced(state: State, clock: SeedClock) -> None:
    """A product without a price, a free one, and an archived one with hostile text."""
    products, at = state["products"], clock.instant(300)
    for given in (
        {"label": "Sur devis", "price_before_tax": "", "price": ""},
        {"label": "Offert", "price_before_tax": "0.0", "price": "0.0", "currency": "USD"},
        {"label": HOSTILE[0], "price_before_tax": "12.3456", "price": "14.8147", "archived_at": clock.instant(50)},
    ):
        products.add(Row(objects.product(products.new_id(), at, **given)))


def _eligible(state: State, currency: str) -> Iterator[Row]:
    """Invoices of one customer in `currency` that nothing else is told about; `MADE` at most."""
    customer = None
    found = 0
    for row in state.documents:
        data = row.data
        if row.facts["credit_note"] or data["draft"] or data["status"] not in _OPEN or data["currency"] != currency:
            continue
        if (
            data["date"] is None
            or data["customer"] is None
            or data["billing_subscription"] is not None
            or state.credit_notes(row.id)
        ):
            continue
        if customer in (None, data["customer"]["id"]) and len(state["invoice_lines"].of(row.id)) <= 3:
            customer, found = data["customer"]["id"], found + 1
            yield row
        if found == MADE:
            return


def _subscription(state: State, clock: SeedClock, rng: Random, place: int, customer: int | None) -> Row:
    plan, kept = PLANS[place], state["billing_subscriptions"]
    id, at = kept.new_id(), clock.instant(rng.randrange(400, 700))
    lines = [_line(state, rng, place, item, at, owner=id) for item in range(plan.items)]
    totals = figures.summed(lines, plan.currency)
    rate = figures.RATES[plan.currency]
    euros = {"amount": figures.in_euros(totals, rate)["amount"]}
    held = objects.invoice_data(id, **{**totals, **euros, "currency": plan.currency, "exchange_rate": rate})
    data = objects.subscription(
        id,
        at,
        status=plan.status,
        mode=_MODES[place % len(_MODES)],
        label=f"Contrat {place + 1} {HOSTILE[place % len(HOSTILE)]}" if place % 4 == 1 else None,
        recurring_rule={**objects.recurring(plan.rhythm, plan.interval), "count": plan.count},
        customer=objects.reference("customers", customer),
        customer_invoice_data=held,
        **_dates(plan, clock, at),
    )
    return kept.add(Row(data))


def _dates(plan: Plan, clock: SeedClock, at: str) -> Data:
    """When it began, what it did last and what is to come, as its status lets expect."""
    runs = plan.status == "in_progress"
    return {
        "start": clock.day(-20) if plan.status == "not_started" else clock.day(390),
        "finish": clock.day(9) if plan.status == "finished" else clock.day(-300) if plan.count else None,
        "stopped_at": clock.instant(12) if plan.status == "stopped" else None,
        "activated_at": None if plan.status in ("draft", "pending") else at,
        "prev_occurrence": clock.day(10) if runs else None,
        "next_occurrence": clock.day(-20) if runs else None,
    }


def _line(state: State, rng: Random, place: int, item: int, at: str, *, owner: int) -> Data:
    """An item: the second has the first's product under another label, the third none, the fourth the first's label."""
    plan, kept, products = PLANS[place], state["subscription_lines"], state["products"].ids
    price = rng.randrange(3, 90) * 10
    given: Data = {"quantity": str(1 + item % 3), "raw_currency_unit_price": f"{price}"}
    if item == 1 and place % 3 == 0:
        given["discount"] = {"type": "relative", "value": "10"}
        given["currency_amount_before_tax"] = money(Decimal(price * 2 * 9) / 10, plan.currency)
    given.update(figures.line_figures(given, plan.currency), **_named(products, place, item))
    given.update(figures.in_euros(given, figures.RATES[plan.currency]))
    line = objects.line(kept.new_id(), at, **given)
    del line["substance"]  # the lines of subscriptions have none (spec)
    return kept.add(Row(line, owner=owner)).data


def _named(products: Sequence[int], place: int, item: int) -> Data:
    product = None if item % 4 == 2 else products[(place + item // 2) % len(products)]
    label = f"Poste {place + 1}-{1 if item == 3 else item + 1}"
    return {"label": label, "product": objects.reference("products", product)}


def _lay_made(invoices: Sequence[Row], subscription: Row, state: State) -> None:
    """Let `invoices` have been made by `subscription`; every other tells its period, the first keeps its last line."""
    items = [row.data for row in state["subscription_lines"].of(subscription.id)]
    for turn, invoice in enumerate(invoices):
        invoice.data["billing_subscription"] = {"id": subscription.id}
        invoice.touched()
        lines = state["invoice_lines"].of(invoice.id)
        for line, item in zip(lines[: -1 if turn == 0 and len(lines) > 1 else None], cycle(items), strict=False):
            period = _period(invoice.data["date"], subscription.data["recurring_rule"]) if turn % 2 == 0 else None
            line.data.update(label=item["label"], product=item["product"], imputation_dates=period)
            line.touched()


def _period(issued: str, rule: Data) -> Data:
    start = date.fromisoformat(issued)
    end = start + timedelta(days=_DAYS[rule["rule_type"]] * (rule["interval"] or 1) - 1)
    return {"start_date": start.isoformat(), "end_date": end.isoformat()}
