"""By which keys does Billabex know what we send? Every `sourceId`, in one place.

`{source}-{kind}-{id}` for accounts and documents, as `Target.reference` has it; allocations have none there, so theirs,
`{source}-allocation-{credit note id}-{invoice id}`, stay with us. `source` is the source connector's name.
"""

from __future__ import annotations


def customer_reference(source: str, id: str) -> str:
    """Return the key of a customer's account."""
    return f"{source}-customer-{id}"


def invoice_reference(source: str, id: str) -> str:
    """Return the key of an invoice."""
    return f"{source}-invoice-{id}"


def credit_note_reference(source: str, id: str) -> str:
    """Return the key of a credit note."""
    return f"{source}-credit_note-{id}"


def allocation_reference(source: str, credit_note_id: str, invoice_id: str) -> str:
    """Return our key of what a credit note settles of an invoice."""
    return f"{source}-allocation-{credit_note_id}-{invoice_id}"
