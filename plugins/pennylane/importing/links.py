"""Which credit notes are linked to their invoice, and how?

Where the source links one to an invoice and both are imported; Pennylane offers no way to take a link back. Source:
spec, POST /customer_invoices/{invoice}/link_credit_note.
"""

from __future__ import annotations

from collections.abc import Iterator

from duebridge.core.api import Ack, Delivery, Family, Part, RecordError, key_of
from duebridge.plugins.pennylane.importing.client import ImportClient

WRITE = "link"


def links(family: Family, source: str) -> Iterator[Part]:
    """Yield the link of each credit note of the family to its invoice; pure."""
    invoice = family.invoice
    if invoice is None or not invoice.standing:
        return
    for member in family.credit_notes:
        note = member.record
        if member.standing and note.currency == invoice.record.currency:
            reference = f"{source}-link-{note.id}-{invoice.record.id}"
            yield Part(
                owner=note,
                name=f"link-{invoice.record.id}",
                write=WRITE,
                reference=reference,
                payload={"credit_note": note.id, "invoice": invoice.record.id},
                after=(key_of("credit_note", note.id), key_of("invoice", invoice.record.id)),
                says={"credit_note": "id", "invoice": "invoice_id: the invoice it credits"},
            )


class Links:
    """The links between the company's credit notes and invoices."""

    def __init__(self, client: ImportClient) -> None:
        """Write through `client`."""
        self._client = client

    def add(self, delivery: Delivery) -> Ack:
        """Link a credit note to its invoice; one that is linked to it already stays so."""
        credit_note, invoice = _ends(delivery)
        if self.find(delivery) is None:
            body = {"credit_note_id": int(credit_note)}
            self._client.create(f"/customer_invoices/{invoice}/link_credit_note", body)
        return Ack(credit_note)

    def find(self, delivery: Delivery) -> Ack | None:
        """Look whether the credit note is linked to the invoice. Raises `RecordError` when it is to another."""
        credit_note, invoice = _ends(delivery)
        credited = self._client.one(f"/customer_invoices/{credit_note}").get("credited_invoice")
        linked = str(credited.get("id")) if isinstance(credited, dict) else None
        if linked is not None and linked != invoice:
            raise RecordError(
                f"credit note (customer invoice {credit_note}) is linked to customer invoice {linked} in Pennylane, "
                f"not to {invoice}; a link can only be changed there by hand"
            )
        return Ack(credit_note) if linked is not None else None


def _ends(delivery: Delivery) -> tuple[str, str]:
    credit_note, invoice = delivery.after
    if credit_note is None or invoice is None:
        raise RecordError(
            "Pennylane's ids of a credit note and its invoice are not known; run `duebridge sync NAME --full`"
        )
    return credit_note, invoice
