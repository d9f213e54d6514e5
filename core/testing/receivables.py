"""A small target in memory, with balances: it refuses what it is told to refuse, and keeps what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from duebridge.core.connector import (
    Account,
    Ack,
    Balance,
    Delivery,
    Family,
    Part,
    Payload,
    PayloadReader,
    RecordTarget,
    Schedule,
    Services,
    Settings,
    Write,
    key_of,
)
from duebridge.core.money import ZERO, allocate_credits, exponent, minor_units
from duebridge.core.records import CreditNote, Customer, Invoice, Record
from duebridge.core.tables.mapping import Mapping as PayloadMapping
from duebridge.core.tables.mapping import computed
from duebridge.core.tables.rules import Rules, send, skip

_AMOUNT = computed(
    lambda amount, currency: minor_units(abs(amount), currency), "amount", "currency", says="minor units"
)


class ReceivablesTarget(RecordTarget, PayloadReader):
    """Takes customers, invoices, credit notes, their links, and a fix for what must read paid."""

    name: ClassVar[str] = "receivables"
    title: ClassVar[str] = "Receivables"
    settings: ClassVar[type[Settings]] = Settings
    schedule: ClassVar[Schedule] = Schedule(every="10m")
    parallel: ClassVar[int] = 3
    rules: ClassVar[Mapping[type[Record], Rules]] = {
        Customer: Rules(Customer, otherwise=send("customer", "Every customer goes")),
        Invoice: Rules(
            Invoice,
            skip("archived", "Put away at the source", archived=True),
            skip("draft", "Not finalised", draft=True),
            send("paid", "Settled at the source", paid=True, reads="paid"),
            otherwise=send("open", "Money is expected on it", reads="open"),
        ),
        CreditNote: Rules(
            CreditNote,
            skip("draft", "Not finalised", draft=True),
            otherwise=send("credit_note", "Every finalised credit note goes"),
        ),
    }
    mappings: ClassVar[Mapping[type[Record], PayloadMapping]] = {
        Customer: PayloadMapping(Customer, {"name": "name", "notes": "notes"}),
        Invoice: PayloadMapping(
            Invoice,
            {
                "number": "number",
                "amount": _AMOUNT,
                "currency": "currency",
                "due": "due_on",
                "customer": "customer_id",
            },
        ),
        CreditNote: PayloadMapping(
            CreditNote, {"number": "number", "amount": _AMOUNT, "currency": "currency", "customer": "customer_id"}
        ),
    }
    writes: ClassVar[Mapping[type[Record] | str, Write]] = {
        Customer: Write("upsert", 10),
        Invoice: Write("upsert", 20),
        CreditNote: Write("upsert", 20),
        "fix": Write("upsert", 30),
        "link": Write("upsert", 40, release=True),
    }

    def __init__(self, settings: Settings, services: Services) -> None:
        """Start empty. `before_push` is called with every delivery, and may raise."""
        super().__init__(settings, services)
        self.held: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, str]] = []
        self.before_push: Callable[[Delivery], None] = lambda _: None
        self.after_push: Callable[[Delivery], None] = lambda _: None
        self._lock = threading.Lock()

    def check(self) -> Account:
        """Say who we are."""
        return Account("desk-1", "The desk")

    def parts(self, family: Family, source: str) -> Iterable[Part]:
        """A link per standing credit note of a standing invoice, and a fix when the invoice must read paid."""
        invoice = family.invoice
        if invoice is None or not invoice.standing:
            return
        notes = [member.record for member in family.credit_notes if member.standing]
        linked = allocate_credits(invoice.record.total, [note.total for note in notes])
        for note, amount in zip(notes, linked, strict=True):
            if amount > ZERO:
                after = (key_of("credit_note", note.id), key_of("invoice", invoice.record.id))
                payload = {"invoice": invoice.record.id, "amount": str(amount)}
                yield Part(note, "link", "link", f"{source}-link-{note.id}", payload, after)
        left = invoice.record.total - sum(linked, ZERO)
        if invoice.decision.reads == "paid" and left > ZERO:
            reference = f"{source}-invoice-{invoice.record.id}-fix"
            yield Part(
                invoice.record,
                "fix",
                "fix",
                reference,
                {"amount": str(left), "currency": invoice.record.currency},
                (key_of("invoice", invoice.record.id),),
            )

    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        """An invoice's amount; less a credit note's or a fix's. A link moves nothing."""
        if write in ("customer", "link"):
            return None
        currency = payload["currency"]
        if write == "fix":
            return Balance(reference, "payment", currency, -Decimal(payload["amount"]))
        amount = Decimal(payload["amount"]).scaleb(-exponent(currency))
        return Balance(reference, write, currency, amount if write == "invoice" else -amount, payload["customer"])

    def push(self, delivery: Delivery) -> Ack:
        """Keep it, change it or take it away."""
        self.before_push(delivery)
        with self._lock:
            self.log.append((delivery.operation, delivery.reference))
            if delivery.operation in ("create", "update"):
                self.held[delivery.reference] = dict(delivery.payload or {})
            else:
                self.held.pop(delivery.reference, None)
        self.after_push(delivery)
        return Ack(f"id-{delivery.reference}")
