"""Which customers, invoices and credit notes go to Upflow, and why?

Source: Upflow's page "Pennylane & Upflow", sections What data is synced, Clients, Invoices, Credit notes. First match
decides. Invoices carry how they must read at Upflow ("paid" or "open"); an unknown word never reads Paid.
"""

from __future__ import annotations

from duebridge.core.api import (
    DOCUMENT_STATUSES,
    OTHER_STATUSES,
    CreditNote,
    Customer,
    Invoice,
    Rules,
    one_of,
    other_than,
    reject,
    send,
    skip,
)

_UNKNOWN = "The ledger uses a status word Upflow's page does not name; nobody guesses what it settles"
_NO_IMPACT = "Does not change what the customer owes (Credit notes not imported)"
_OPEN = "Owed in whole or in part: reads Due or Overdue by its due date (Invoices)"

#: Documents that share the invoice list without being invoices.
#: The words of the page's first list of imported credit notes (Overdue is `late`).
_LISTED = one_of("credit_note", "late", "upcoming", "cancelled", "partially_cancelled", "partially_cancelled_draft")
_LISTED_PAID = _LISTED - {"cancelled"}

CUSTOMERS = Rules(
    Customer,
    otherwise=send("customer", "Every customer goes (What data is synced to Upflow)"),
)

INVOICES = Rules(
    Invoice,
    skip("archived", "Archived invoices stay out (What data is synced to Upflow)", archived=True),
    skip("archived", "Archived invoices stay out (What data is synced to Upflow)", status="archived"),
    send(
        "cancelled_draft",
        "Cancelled before it was finalized: goes, and reads Paid (Invoices, not finalized and cancelled)",
        reads="paid",
        draft=True,
        status="cancelled",
    ),
    skip("draft", "Draft invoices stay out (What data is synced to Upflow)", draft=True),
    skip("draft", "Draft invoices stay out (What data is synced to Upflow)", status="draft"),
    skip(
        "incomplete",
        "An imported invoice still to be completed; the page lists no such status (Invoices)",
        status="incomplete",
    ),
    skip(
        "other_document",
        "A pro forma, an order or an estimate: nothing is owed by it (Invoices)",
        status=OTHER_STATUSES,
    ),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    send(
        "cancelled",
        "Cancelled by a credit note: goes, and reads Paid (Invoices, cancelled by a credit note)",
        reads="paid",
        status="cancelled",
    ),
    send("paid", "Paid at the ledger: reads Paid (Invoices)", reads="paid", paid=True),
    send("paid", "Paid at the ledger: reads Paid (Invoices)", reads="paid", status="paid"),
    send(
        "open",
        _OPEN,
        reads="open",
        status=one_of("upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft"),
    ),
    otherwise=reject("unknown_status", "This status says nothing about an invoice; nobody guesses what it settles"),
)

CREDIT_NOTES = Rules(
    CreditNote,
    skip("no_balance_impact", _NO_IMPACT, draft=True),
    skip("no_balance_impact", _NO_IMPACT, status=one_of("archived", "draft", "incomplete")),
    skip("no_balance_impact", _NO_IMPACT, archived=True),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    send(
        "listed_unpaid",
        "Not used up, with a status the page lists (Credit notes imported, first condition)",
        paid=False,
        status=_LISTED,
    ),
    send(
        "paid_linked",
        "Used up on the invoice it is linked to (Credit notes imported, second condition)",
        paid=True,
        status="paid",
        linked=True,
    ),
    send(
        "cancelled_unlinked",
        "Cancelled and linked to no invoice (Credit notes imported, third condition)",
        paid=True,
        status="cancelled",
        linked=False,
    ),
    skip(
        "manual_entry",
        "An accounting entry made by hand; with it the invoice would be credited twice (Credit notes not imported)",
        paid=True,
        status="cancelled",
        linked=True,
    ),
    skip(
        "unreconciled",
        "Marked as paid but linked to no invoice; Upflow would show it as unapplied (Credit notes not imported)",
        paid=True,
        linked=False,
    ),
    send(
        "listed_linked",
        "Linked, with a status the page lists whether paid or not (Credit notes imported, first condition)",
        paid=True,
        linked=True,
        status=_LISTED_PAID,
    ),
    otherwise=skip("not_listed", "Not among the credit notes the page lists as imported (Credit notes imported)"),
)
