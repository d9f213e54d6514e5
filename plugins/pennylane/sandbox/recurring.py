"""How is a subscription made, changed and taken away by a control call?

Beside the product's own names, `invoice_lines` may be a list of lines, which replaces the subscription's lines; the
amounts of `customer_invoice_data` follow from them unless they are given.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from duebridge.plugins.pennylane.sandbox import figures, objects
from duebridge.plugins.pennylane.sandbox.documents import taken_lines
from duebridge.plugins.pennylane.sandbox.feed import instant
from duebridge.plugins.pennylane.sandbox.merging import merge, with_links
from duebridge.plugins.pennylane.sandbox.state import State, stamp
from duebridge.plugins.pennylane.sandbox.store import Row

Data = dict[str, Any]

_AMOUNTS = (figures.TOTAL, figures.BEFORE, figures.TAX)


class Subscriptions:
    """The subscriptions of `state`. They have no changelog: no call leaves an event."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create(self, values: Data, at: datetime) -> Row:
        """Add a subscription that is in progress, monthly, with one line, unless told otherwise."""
        values = with_links(self.state, dict(values))
        lines = taken_lines(values)
        id = values.get("id") or self.state["billing_subscriptions"].new_id()
        given = values.get("customer_invoice_data") or {}
        first = next(iter(self.state["customers"]), None)
        data = objects.subscription(
            id,
            instant(at),
            start=self.state.today().isoformat(),
            activated_at=instant(at),
            customer=objects.reference("customers", first.id if first else None),
            customer_invoice_data=objects.invoice_data(id, **_figures(given, lines)),
        )
        merge(data, values)
        row = self.state["billing_subscriptions"].add(Row(data))
        self._lay(row, lines, at)
        return row

    def patch(self, row: Row, values: Data, at: datetime) -> None:
        """Merge `values` into a subscription."""
        values = with_links(self.state, dict(values))
        lines = taken_lines(values)
        held = row.data["customer_invoice_data"]
        given = values.get("customer_invoice_data") or {}
        merge(row.data, values)
        if lines is not None:
            row.data["customer_invoice_data"] = {**held, **_figures({**_unpriced(held), **given}, lines), **given}
            self._lay(row, lines, at)
        stamp(row, at)

    def delete(self, row: Row) -> None:
        """Remove a subscription with its lines; what it made stays."""
        self.state["billing_subscriptions"].remove(row.id)
        self.state["subscription_lines"].clear_of(row.id)

    def _lay(self, row: Row, lines: list[Data] | None, at: datetime) -> None:
        """Give a subscription its lines: those given, else one that holds its totals."""
        kept, held = self.state["subscription_lines"], row.data["customer_invoice_data"]
        kept.clear_of(row.id)
        for given in [{name: held[name] for name in _AMOUNTS}] if lines is None else lines:
            priced = {**given, **figures.line_figures(given, held["currency"])}
            euros = figures.in_euros(priced, held["exchange_rate"])
            line = objects.line(kept.new_id(), instant(at), **{**euros, **priced})
            del line["substance"]  # the lines of subscriptions have none (spec)
            kept.add(Row(line, owner=row.id))


def _figures(given: Data, lines: list[Data] | None) -> Data:
    """The currency, exchange rate and amounts of what a subscription's invoices hold."""
    currency = given.get("currency", "EUR")
    summed = None
    if lines is not None:
        summed = figures.summed([figures.line_figures(line, currency) for line in lines], currency)
    found = figures.complete(given, currency, summed)
    rate = str(given.get("exchange_rate") or figures.RATES.get(currency, "1.0"))
    euros = {"amount": figures.in_euros(found, rate)["amount"]}
    return {**euros, **found, "currency": currency, "exchange_rate": rate}


def _unpriced(held: Data) -> Data:
    return {name: held[name] for name in ("currency", "exchange_rate")}
