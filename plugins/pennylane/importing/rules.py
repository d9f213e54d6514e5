"""Which customers, invoices and credit notes are imported, and why? First match decides.

Source: Pennylane's page on its Harvest integration, sections Customer invoices and Customers: finalised invoices and
credit notes go; those issued before the connection began are left out by the engine. Customers go with their first
document.
"""

from __future__ import annotations

from duebridge.core.api import (
    DOCUMENT_STATUSES,
    OTHER_STATUSES,
    CreditNote,
    Customer,
    Invoice,
    Rules,
    other_than,
    reject,
    send,
    skip,
)

_DRAFT = "Not finalised yet: drafts are not imported (Customer invoices)"
_OTHER = "A pro forma, an order or an estimate: no invoice (Customer invoices)"
_ARCHIVED = "Put away at the source (Customer invoices)"
_INCOMPLETE = "Still to be completed at the source, so not finalised (Customer invoices)"
_UNKNOWN = "The source uses a status word nobody here knows; whether it is finalised is not guessed"

CUSTOMERS = Rules(
    Customer,
    otherwise=send("customer", "Attached where Pennylane has them, else added, with their first document (Customers)"),
)

INVOICES = Rules(
    Invoice,
    skip("draft", _DRAFT, draft=True),
    skip("draft", _DRAFT, status="draft"),
    skip("other_document", _OTHER, status=OTHER_STATUSES),
    skip("archived", _ARCHIVED, archived=True),
    skip("archived", _ARCHIVED, status="archived"),
    skip("incomplete", _INCOMPLETE, status="incomplete"),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    send("written_off", "Finalised, and closed though not paid in full (Customer invoices)", written_off=True),
    send("paid", "Finalised, and paid; the payment is matched in Pennylane (Customer invoices)", paid=True),
    otherwise=send("finalised", "A finalised invoice (Customer invoices)"),
)

CREDIT_NOTES = Rules(
    CreditNote,
    skip("draft", _DRAFT, draft=True),
    skip("draft", _DRAFT, status="draft"),
    skip("archived", _ARCHIVED, archived=True),
    skip("archived", _ARCHIVED, status="archived"),
    skip("incomplete", _INCOMPLETE, status="incomplete"),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    otherwise=send("finalised", "A finalised credit note (Customer invoices)"),
)
