"""Which customers, products, prices, subscriptions, invoices and credit notes go to Fincome, and why?

Source: Fincome's page "Pennylane integration mapping", sections Synchronized data, To know. First match decides.
Invoices carry how they read at Fincome: paid, open (not yet due) or unpaid (overdue); `partly` depends on the due date.
"""

from __future__ import annotations

from duebridge.core.api import (
    DOCUMENT_STATUSES,
    OTHER_STATUSES,
    SUBSCRIPTION_STATUSES,
    CreditNote,
    Customer,
    Invoice,
    Price,
    Product,
    Rules,
    Subscription,
    one_of,
    other_than,
    reject,
    send,
    skip,
)

_DRAFT = "Not finalised; drafts stay out (To know, draft invoices)"
_ARCHIVED = "Put away at the ledger; it counts for nothing there (Synchronized data)"
_INCOMPLETE = "Imported at the ledger and still to be completed there (Synchronized data)"
_OTHER = "A pro forma, an order or an estimate: nothing was sold by it (Synchronized data)"
_UNKNOWN = "The ledger uses a status word that Fincome's page says nothing of; nobody guesses what it means"
_PAID = "Settled at the ledger: reads paid (Invoices & Lines, status)"


CUSTOMERS = Rules(
    Customer,
    otherwise=send("customer", "Every customer goes (Synchronized data, customers)"),
)

PRODUCTS = Rules(
    Product,
    otherwise=send("product", "Every product goes, archived ones for the documents that name them (Products)"),
)

PRICES = Rules(
    Price,
    otherwise=send("price", "Every price goes under the reference of its product (Prices)"),
)

SUBSCRIPTIONS = Rules(
    Subscription,
    skip("draft", "Not yet agreed; drafts stay out (To know, draft invoices)", status="draft"),
    reject("unknown_status", _UNKNOWN, status=other_than(SUBSCRIPTION_STATUSES)),
    skip("no_customer", "It has no customer to belong to (Subscriptions, linked customer)", customer_id=None),
    reject("lines_unread", "Its lines could not be read, and each is a subscription at Fincome", lines=None),
    skip("no_lines", "It has no lines, and Fincome's subscriptions are its lines (Subscription detection)", lines=()),
    otherwise=send("subscription", "Each of its lines is a subscription at Fincome (Subscription detection)"),
)

INVOICES = Rules(
    Invoice,
    skip("archived", _ARCHIVED, archived=True),
    skip("archived", _ARCHIVED, status="archived"),
    skip("draft", _DRAFT, draft=True),
    skip("draft", _DRAFT, status="draft"),
    skip("incomplete", _INCOMPLETE, status="incomplete"),
    skip("other_document", _OTHER, status=OTHER_STATUSES),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    send(
        "cancelled",
        "Cancelled by a credit note: nothing is expected, reads paid (Invoices & Lines, status)",
        reads="paid",
        status="cancelled",
    ),
    send("paid", _PAID, reads="paid", paid=True),
    send("paid", _PAID, reads="paid", status="paid"),
    send("open", "Not yet due: reads open (Invoices & Lines, status)", reads="open", status="upcoming"),
    send("unpaid", "Overdue: reads unpaid (Invoices & Lines, status)", reads="unpaid", status="late"),
    send(
        "partly",
        "Settled in part: reads open until its due date is over, then unpaid (Invoices & Lines, status)",
        reads="open",
        status=one_of("partially_paid", "partially_cancelled", "partially_cancelled_draft"),
    ),
    otherwise=reject("unknown_status", "This status says nothing about an invoice; nobody guesses what it settles"),
)

CREDIT_NOTES = Rules(
    CreditNote,
    skip("archived", _ARCHIVED, archived=True),
    skip("archived", _ARCHIVED, status="archived"),
    skip("draft", _DRAFT, draft=True),
    skip("draft", _DRAFT, status="draft"),
    skip("incomplete", _INCOMPLETE, status="incomplete"),
    skip("other_document", _OTHER, status=OTHER_STATUSES),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
    skip("no_invoice", "It credits no invoice; Fincome's credit notes belong to one (Credit Notes)", linked=False),
    otherwise=send("credit_note", "Goes with the invoice it credits, as long as that is at Fincome (Credit Notes)"),
)
