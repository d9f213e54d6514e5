"""What does the account hold, and when did it change?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from duebridge.plugins.harvest.sandbox.derive import compute
from duebridge.plugins.harvest.sandbox.refusals import not_found

Data = dict[str, Any]

COLLECTIONS = ("clients", "contacts", "invoices", "payments", "invoice_item_categories")
#: Where each collection's ids begin.
_FIRST = {"clients": 5735000, "contacts": 4706000, "invoices": 13150000, "payments": 10112000}


class State:
    """The objects by collection and id, as the API shows them.

    `invoice_of` has each payment's invoice; `kept` the figures of an invoice that a control call gave, and that are
    therefore not computed.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._latest = datetime.min.replace(tzinfo=UTC)
        self.rows: dict[str, dict[int, Data]] = {name: {} for name in COLLECTIONS}
        self.invoice_of: dict[int, int] = {}
        self._payments: dict[int, dict[int, Data]] = {}
        self.kept: dict[int, dict[str, Any]] = {}
        self._next = {name: _FIRST.get(name, 1466000) for name in COLLECTIONS} | {"lines": 53341000}

    def now(self) -> datetime:
        """The time, to the second: the API tells no more."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def tick(self) -> str:
        """The instant of a change as it is shown; never before that of an earlier change."""
        self._latest = max(self._latest, self.now())
        return shown(self._latest)

    def new_id(self, collection: str) -> int:
        """An id no other object has had."""
        self._next[collection] += 1
        return self._next[collection]

    def add(self, collection: str, row: Data) -> Data:
        """Keep an object."""
        self.rows[collection][row["id"]] = row
        return row

    def found(self, collection: str, id: int) -> Data:
        """The object with this id. Raises the 404."""
        row = self.rows[collection].get(id)
        if row is None:
            raise not_found()
        return row

    def payments_of(self, invoice_id: int) -> list[Data]:
        """The payments of an invoice."""
        return list(self._payments.get(invoice_id, {}).values())

    def pay(self, invoice_id: int, payment: Data) -> Data:
        """Keep a payment of an invoice, which is to be computed then."""
        self.invoice_of[payment["id"]] = invoice_id
        self._payments.setdefault(invoice_id, {})[payment["id"]] = payment
        return self.add("payments", payment)

    def unpay(self, payment_id: int) -> int:
        """Forget a payment; return its invoice's id, which is to be computed then."""
        invoice_id = self.invoice_of.pop(payment_id)
        del self._payments[invoice_id][payment_id], self.rows["payments"][payment_id]
        return invoice_id

    def contacts_of(self, client_id: int) -> Iterator[Data]:
        """The contacts of a client."""
        return (row for row in self.rows["contacts"].values() if row["client"]["id"] == client_id)

    def settle(self, invoice: Data) -> None:
        """Compute an invoice anew."""
        compute(invoice, self.payments_of(invoice["id"]), self.kept.get(invoice["id"], {}))


def shown(instant: datetime) -> str:
    """An instant as the API writes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def link(row: Mapping[str, Any]) -> Data:
    """How other objects refer to a client."""
    return {"id": row["id"], "name": row["name"]}
