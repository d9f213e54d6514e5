"""By which keys does Upflow know what we send? Every `externalId`, in one place.

`{source}-{kind}-{id}` for records, as `Target.reference` has it; `…-fix` for an invoice's fix; for links
`{source}-link-{credit note or invoice id}-{invoice id}`. `source` is the source connector's name.
"""

from __future__ import annotations


def customer_reference(source: str, id: str) -> str:
    """Return the key of a customer."""
    return f"{source}-customer-{id}"


def invoice_reference(source: str, id: str) -> str:
    """Return the key of an invoice."""
    return f"{source}-invoice-{id}"


def credit_note_reference(source: str, id: str) -> str:
    """Return the key of a credit note."""
    return f"{source}-credit_note-{id}"


def contact_reference(source: str, customer_id: str, email: str) -> str:
    """Return the key of a contact, which its address is part of: another address is another contact."""
    return f"{source}-contact-{customer_id}:{email.lower()}"


def fix_reference(source: str, invoice_id: str) -> str:
    """Return the key of the payment that settles an invoice."""
    return f"{source}-invoice-{invoice_id}-fix"


def link_reference(source: str, settling_id: str, invoice_id: str) -> str:
    """Return the key of the link between an invoice and what settles it: a credit note, or (its own id) its fix."""
    return f"{source}-link-{settling_id}-{invoice_id}"
