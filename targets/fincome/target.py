"""What does Fincome's API take, in which order, and how is each write made?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from duebridge.core.api import (
    Account,
    Ack,
    AuthError,
    CreditNote,
    Customer,
    Delivery,
    Invoice,
    Json,
    Payload,
    Price,
    Product,
    Record,
    RecordError,
    RecordTarget,
    Rules,
    RunError,
    Schedule,
    Services,
    Settings,
    Subscription,
    Target,
    UnknownOutcome,
    Write,
)
from duebridge.core.api import Mapping as PayloadMapping
from duebridge.targets.fincome.bodies import body, told
from duebridge.targets.fincome.choices import NIGHTLY, context_of
from duebridge.targets.fincome.client import FincomeClient
from duebridge.targets.fincome.mapping import CREDIT_NOTE, CUSTOMER, INVOICE, PRICE, PRODUCT, SUBSCRIPTION
from duebridge.targets.fincome.references import reference_of
from duebridge.targets.fincome.rules import CREDIT_NOTES, CUSTOMERS, INVOICES, PRICES, PRODUCTS, SUBSCRIPTIONS
from duebridge.targets.fincome.settings import FincomeSettings
from duebridge.targets.fincome.ties import continued
from duebridge.targets.fincome.workbook import FincomeWorkbook

_COLLECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "customers",
        "product": "products",
        "price": "prices",
        "invoice": "invoices",
        "credit_note": "credit_notes",
    }
)


class FincomeTarget(RecordTarget):
    """Fincome by its API: customers, products, prices, subscriptions, invoices with lines, credit notes.

    Source: Fincome's page "Pennylane integration mapping" (every night, in full, nothing deleted), its API page.
    """

    name: ClassVar[str] = "fincome"
    title: ClassVar[str] = "Fincome"
    settings: ClassVar[type[Settings]] = FincomeSettings
    rules: ClassVar[Mapping[type[Record], Rules]] = MappingProxyType(
        {
            Customer: CUSTOMERS,
            Product: PRODUCTS,
            Price: PRICES,
            Subscription: SUBSCRIPTIONS,
            Invoice: INVOICES,
            CreditNote: CREDIT_NOTES,
        }
    )
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = MappingProxyType(
        {
            Customer: CUSTOMER,
            Product: PRODUCT,
            Price: PRICE,
            Subscription: SUBSCRIPTION,
            Invoice: INVOICE,
            CreditNote: CREDIT_NOTE,
        }
    )
    writes: ClassVar[Mapping[type[Record] | str, Write]] = MappingProxyType(
        {kind: Write("upsert", phase=10 * place) for place, kind in enumerate(rules, start=1)}
    )
    schedule: ClassVar[Schedule] = NIGHTLY
    parallel: ClassVar[int] = 4
    complete: ClassVar[bool] = True
    deletes: ClassVar[bool] = False
    credits_sent_invoices: ClassVar[bool] = True

    @classmethod
    def chosen(cls, settings: FincomeSettings) -> type[Target]:
        """Return the target that writes workbooks when the mode says so."""
        return FincomeWorkbook if settings.mode == "xlsx" else cls

    def __init__(self, settings: Any, services: Services) -> None:
        """Keep `settings` (a `FincomeSettings`) and `services`; no request is made."""
        super().__init__(settings, services)
        self._client = FincomeClient(settings, services)

    def check(self) -> Account:
        """Return the account of the key, or raise `AuthError`. Its id is a digest: Fincome's API names none."""
        self._client.try_key()
        return Account(
            id=self._client.key_digest[:16],
            name="Fincome account",
            detail="told apart by its key: Fincome's API names no account",
        )

    def context(self) -> Mapping[str, Json]:
        """Return the day, which decides what is overdue, and the connection's choices."""
        return context_of(self.options, self.services)

    @property
    def place(self) -> str:
        """Fincome's API or workbooks: what is in the one is not in the other."""
        return f"{self.title}, mode {self.options.mode}"

    def reference(self, source: str, record: Record) -> str:  # noqa: ARG002 - ids are the ledger's own
        """Return the id Fincome knows `record` by: the ledger's own reference."""
        return reference_of(record)

    def continued(self, kind: str, payload: Payload, previous: Payload) -> Payload:  # noqa: ARG002 - payloads tell what they are
        """Keep references and subscriptions as they were sent, when the ledger no longer tells of them."""
        return continued(payload, previous)

    def push(self, delivery: Delivery) -> Ack:
        """Make one write. Raises `RecordError` when refused, `UnknownOutcome` when the answer was lost."""
        if delivery.operation == "delete" or delivery.payload is None:
            raise RecordError("Fincome's API takes nothing away; remove it in Fincome by hand")
        if delivery.kind == Subscription.kind:
            return self._push_items(delivery.payload, delivery.previous or {})
        collection = _COLLECTIONS[delivery.kind]
        id = self._client.save(collection, body(collection, delivery.payload, delivery.previous))
        return Ack(id, (*_renamed(delivery.payload, delivery.previous or {}), *told(delivery.payload)))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _push_items(self, payload: Payload, previous: Payload) -> Ack:
        """Write the items of a billing subscription, one after another; each is an upsert, so repeating is safe."""
        items = payload["subscriptions"]
        for done, item in enumerate(items):
            try:
                self._client.save("subscriptions", body("subscriptions", item))
            except (AuthError, RunError) as stopped:
                if not done:
                    raise
                raise UnknownOutcome(f"{done} of {len(items)} items were taken, then: {stopped}") from stopped
            except RecordError as refused:
                raise RecordError(f"item {item['id']}: {refused}") from refused
        kept = {item["id"] for item in previous.get("subscriptions", ())} - {item["id"] for item in items}
        return Ack(notes=tuple(f"item {id} is gone from the ledger; it stays in Fincome" for id in sorted(kept)))


def _renamed(payload: Payload, previous: Payload) -> tuple[str, ...]:
    """What to tell when the ledger gave a record another reference: Fincome keeps the one it has under the old."""
    before = previous.get("id", payload["id"])
    if before == payload["id"]:
        return ()
    return (f"it is {payload['id']} now; what Fincome has as {before} stays there, merge or remove it by hand",)
