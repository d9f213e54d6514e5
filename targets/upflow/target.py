"""What does Upflow take, in which order, and how is each write made?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from duebridge.core.api import (
    Account,
    Ack,
    Balance,
    BalanceReader,
    CreditNote,
    Customer,
    Delivery,
    Family,
    Invoice,
    Json,
    NotFound,
    Part,
    Record,
    RecordTarget,
    Rules,
    Schedule,
    Services,
    Settings,
    Write,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.targets.upflow.balances import balances
from duebridge.targets.upflow.client import UpflowClient
from duebridge.targets.upflow.custom_fields import CustomFields
from duebridge.targets.upflow.customers import Customers
from duebridge.targets.upflow.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.targets.upflow.rules import CREDIT_NOTES, CUSTOMERS, INVOICES
from duebridge.targets.upflow.settings import UpflowSettings
from duebridge.targets.upflow.settlements import parts, reconciliation, unbound

_COLLECTIONS: Mapping[str, str] = MappingProxyType(
    {"customer": "customers", "invoice": "invoices", "credit_note": "credit_notes", "fix": "payments"}
)


class UpflowTarget(RecordTarget, BalanceReader):
    """Upflow: customers with contacts, invoices, credit notes, their links, and the fix that makes an invoice Paid.

    Source: Upflow's page "Pennylane & Upflow" (rhythm: Initial Sync), its integration guide (parallel writes, order).
    """

    name: ClassVar[str] = "upflow"
    title: ClassVar[str] = "Upflow"
    settings: ClassVar[type[Settings]] = UpflowSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {Customer: CUSTOMERS, Invoice: INVOICES, CreditNote: CREDIT_NOTES}
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {Customer: CUSTOMER, Invoice: INVOICE, CreditNote: CREDIT_NOTE}
    )
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {
            Customer: Write("upsert", phase=10),
            Invoice: Write("upsert", phase=20),
            CreditNote: Write("upsert", phase=20),
            "fix": Write("upsert", phase=30),
            "link": Write("upsert", phase=40, release=True),
        }
    )
    schedule: ClassVar[Schedule] = Schedule(every="10m")
    parallel: ClassVar[int] = 5

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (an `UpflowSettings`) and `services`; no request is made."""
        super().__init__(settings, services)
        self._client = UpflowClient(settings, services)
        self._fields = CustomFields(
            self._client,
            services.memory,
            now=services.now,
            note=services.note,
            create=settings.create_custom_fields,
        )
        self._customers = Customers(self._client, self._fields)

    def check(self) -> Account:
        """Return the account of the API key, or raise `AuthError`. Its id is a digest: Upflow's API names none."""
        self._client.try_key()
        return Account(
            id=self._client.key_digest[:16],
            name="Upflow organization",
            detail="told apart by its API key: Upflow's API names no organization",
        )

    def context(self) -> Mapping[str, Json]:
        """Return `custom_fields`: the names customers can be given values for, in the page's order."""
        return {"custom_fields": self._fields.names()}

    def parts(self, family: Family, source: str) -> Iterable[Part]:
        """Return the links of credit notes, the fix and its link; pure.

        A credit note is linked to its invoice for as much as the invoice still takes, credit notes before it (by issue
        date, then id) first. Nothing is linked when either is not at Upflow, or when customer or currency differ.

        An invoice that must read Paid gets one payment, the *fix*, linked to it: dated at the issue date, for what the
        linked credit notes leave of the total, none when they leave nothing. With `payments: balance`, an open invoice
        gets one too, for what was settled by money.

        A fix or link that changes is taken back first, then its documents are written, then it is made again.
        """
        return parts(family, source, self.options.payments)

    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` when refused, `UnknownOutcome` when the answer was lost."""
        if delivery.write == "link":
            return self._link(delivery)
        collection = _COLLECTIONS[delivery.write or delivery.kind]
        if delivery.operation == "delete":
            self._client.delete(collection, delivery.reference)
            return Ack()
        if collection == "customers":
            return self._customers.save(delivery)
        return Ack(self._client.save(collection, delivery.payload or {}))

    @property
    def mirrors_payments(self) -> bool:
        """Whether payments on open invoices are carried too: `payments: balance`."""
        return bool(self.options.payments == "balance")

    def balances(self) -> Iterator[Balance]:
        """Yield what is outstanding on every document of the organization."""
        return balances(self._client)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _link(self, delivery: Delivery) -> Ack:
        if delivery.operation in {"create", "update"}:
            return Ack(self._client.reconcile(unbound(delivery.payload or {})))
        try:
            self._client.reconcile(reconciliation(delivery.reference))
        except NotFound:
            return Ack()  # the link, or a document of it, was removed at Upflow: there is nothing to take back
        return Ack()
