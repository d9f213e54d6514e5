"""How is an allocation written, beside those Billabex makes by itself?

What is there is read first, and only the difference between a credit note and an invoice is added or taken back. One of
another amount is taken back whole and made anew. Allocations Billabex made of credit notes the ledger links elsewhere,
or nowhere, are left alone unless they take the place of what the ledger says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from duebridge.core.api import ZERO, Ack, Delivery, Json, NotFound, RecordError, RunError
from duebridge.targets.billabex.client import BillabexClient, Node
from duebridge.targets.billabex.progress import refuse_read_only

#: The names the list of a document's allocations may have.
_LISTS = ("creditAllocations", "allocations")


class Allocations:
    """Writes credit allocations."""

    def __init__(self, client: BillabexClient) -> None:
        """Write through `client`."""
        self._client = client

    def save(self, delivery: Delivery) -> Ack:
        """Have the credit note settle exactly this much of the invoice."""
        payload = delivery.payload or {}
        note, invoice = self._held(delivery)
        amount = Decimal(payload["amount"])
        told = allocated(note, "invoiceId")
        if told.get(str(invoice["id"])) == amount:
            return Ack()
        refuse_read_only(note, "credit note")
        refuse_read_only(invoice, "invoice")
        for other in _in_the_way(note, told, str(invoice["id"]), amount):
            self._client.unallocate(str(note["id"]), other)
        paid = _amount(invoice, "paidAmount")
        self.make_room(invoice, payload.get("linked", ()), paid + amount, besides=str(note["id"]))
        self._client.allocate(str(note["id"]), str(invoice["id"]), amount)
        return Ack()

    def take_back(self, delivery: Delivery) -> Ack:
        """Have the credit note settle nothing of the invoice."""
        note_id, invoice_id = delivery.after
        note = self._client.found("credit-notes", note_id) if note_id is not None else None
        if note is None or invoice_id is None or invoice_id not in allocated(note, "invoiceId"):
            return Ack()
        refuse_read_only(note, "credit note")
        try:
            self._client.unallocate(str(note["id"]), invoice_id)
        except NotFound:
            return Ack()  # a document of it was removed meanwhile: there is nothing to take back
        return Ack()

    def make_room(self, invoice: Node, linked: Collection[str], settled: Decimal, *, besides: str = "") -> None:
        """Take back what credit notes that are not `linked` (our keys) settle of `invoice`, until `settled` fits in.

        What the credit note `besides` (Billabex's id) settles doesn't count.
        """
        told = {note: amount for note, amount in allocated(invoice, "creditNoteId").items() if note != besides}
        room = _amount(invoice, "totalAmount") - sum(told.values(), ZERO)
        for note_id, amount in told.items():
            if room >= settled:
                return
            note = self._client.found("credit-notes", note_id)
            if note is not None and note.get("sourceId") not in linked:
                self._client.unallocate(note_id, str(invoice["id"]))
                room += amount

    def _held(self, delivery: Delivery) -> tuple[Node, Node]:
        note_id, invoice_id = delivery.after
        note = self._client.found("credit-notes", note_id) if note_id is not None else None
        invoice = self._client.found("invoices", invoice_id) if invoice_id is not None else None
        if note is None or invoice is None:
            missing = "credit note" if note is None else "invoice"
            raise RecordError(
                f"the {missing} is no longer at Billabex, so nothing can be allocated; it is made again when it "
                "changes at the source"
            )
        return note, invoice


def allocated(document: Node, other: str) -> Mapping[str, Decimal]:
    """How much of `document` is allocated, by the id (`invoiceId`, `creditNoteId`) of what it is allocated to."""
    found = next((document[name] for name in _LISTS if name in document), None)
    if not isinstance(found, list):
        raise RunError(
            f"Billabex does not tell how document {document.get('id')} is allocated (no list named "
            f"{' or '.join(_LISTS)}); check whether Billabex changed its API"
        )
    amounts: dict[str, Decimal] = {}
    for entry in found:
        try:
            id = str(entry[other])
            amounts[id] = amounts.get(id, ZERO) + _decimal(entry["amount"])
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise RunError(
                f"Billabex: an allocation of document {document.get('id')} has no {other} and amount; check whether "
                "Billabex changed its API"
            ) from None
    return amounts


def _in_the_way(note: Node, told: Mapping[str, Decimal], invoice: str, amount: Decimal) -> list[str]:
    """The invoices whose allocation has to go: this one's, which has another amount, and others that take too much."""
    own = [invoice] if invoice in told else []
    others = [id for id in told if id != invoice]
    left = _amount(note, "totalAmount") - sum((told[id] for id in others), ZERO)
    return own + (others if left < amount else [])


def _amount(document: Node, name: str) -> Decimal:
    try:
        return _decimal(document.get(name))
    except ArithmeticError:
        raise RunError(
            f"Billabex does not tell the {name} of document {document.get('id')}; check whether it changed its API"
        ) from None


def _decimal(value: Json) -> Decimal:
    return Decimal(str(value))
