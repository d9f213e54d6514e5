"""Which customers, invoices and credit notes go to Carbon, and why? First match decides."""

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

_UNKNOWN = "The ledger uses a status word nobody here knows; nobody guesses what it settles"

CUSTOMERS = Rules(Customer, otherwise=send("customer", "Every customer goes"))

INVOICES = Rules(
    Invoice,
    skip("archived", "Put away at the source", archived=True),
    skip("draft", "Not finalised: nothing is owed by it yet", draft=True),
    skip("other_document", "A pro forma, an order or an estimate: nothing is owed by it", status=OTHER_STATUSES),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    send("paid", "Settled at the source: nothing stays outstanding", paid=True, reads="paid"),
    otherwise=send("open", "Money is expected on it", reads="open"),
)

CREDIT_NOTES = Rules(
    CreditNote,
    skip("archived", "Put away at the source", archived=True),
    skip("draft", "Not finalised: nothing is owed back by it yet", draft=True),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    otherwise=send("credit_note", "Every finalised credit note goes"),
)
