"""Which customers, invoices and credit notes go to Billabex, and why?

Source: Billabex's page "Connect Pennylane" (what is synchronized) and, where it is silent, what Billabex's own NetSuite
connector does at first: open invoices, open credit notes, and those applied to an invoice that is still open. First
match decides. `invoice_rules` and `credit_note_rules` make the tables of a connection's `history` and `currency`.
"""

from __future__ import annotations

from typing import Literal

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

History = Literal["open", "all"]

_UNKNOWN = "The ledger uses a status word nobody here knows; nobody guesses what it settles"
_ARCHIVED = "Put away at the ledger: nothing is collected on it"
_INCOMPLETE = "An imported document still to be completed at the ledger"
_OTHER_DOCUMENT = "A pro forma, an order or an estimate: nothing is owed by it"
_OTHER_CURRENCY = "An account at Billabex has one currency, that of the connection; a document in another can't be told"

#: Documents that share the invoice list without being invoices.

CUSTOMERS = Rules(
    Customer,
    otherwise=send("customer", "Every customer goes (Ongoing synchronization, new customers)"),
)


def invoice_rules(history: History, currency: str) -> Rules:
    """Return the table of invoices."""
    earlier = "Settled before it was ever sent: nothing is left to collect (Step 4, initial synchronization)"
    past = (
        skip("settled", earlier, until_sent=True, paid=True),
        skip("settled", earlier, until_sent=True, status=one_of("paid", "cancelled")),
    )
    return Rules(
        Invoice,
        skip("archived", _ARCHIVED, archived=True),
        skip("archived", _ARCHIVED, status="archived"),
        skip("cancelled_draft", "Cancelled before it was finalized: never owed", draft=True, status="cancelled"),
        skip("draft", "Not finalized: not owed yet", draft=True),
        skip("draft", "Not finalized: not owed yet", status="draft"),
        skip("incomplete", _INCOMPLETE, status="incomplete"),
        skip("other_document", _OTHER_DOCUMENT, status=OTHER_STATUSES),
        reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
        skip("other_currency", _OTHER_CURRENCY, currency=other_than(one_of(currency))),
        *(past if history == "open" else ()),
        send(
            "cancelled",
            "Cancelled by a credit note: nothing stays outstanding (Ongoing synchronization)",
            reads="paid",
            status="cancelled",
        ),
        send("paid", "Paid at the ledger: its whole paid amount goes (Payments)", reads="paid", paid=True),
        send("paid", "Paid at the ledger: its whole paid amount goes (Payments)", reads="paid", status="paid"),
        send(
            "open",
            "Owed in whole or in part: goes with what was paid on it so far (Ongoing synchronization, new invoices)",
            reads="open",
            status=one_of("upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft"),
        ),
        otherwise=reject("unknown_status", "This status says nothing about an invoice; nobody guesses what it settles"),
    )


def credit_note_rules(history: History, currency: str) -> Rules:
    """Return the table of credit notes."""
    used = "Used up before it was ever sent (Step 4, initial synchronization)"
    past = (
        skip("settled", used, until_sent=True, linked=False, paid=True),
        skip(
            "invoice_not_sent",
            "Credits an invoice that is not at Billabex, as one settled before (Step 4, initial synchronization)",
            until_sent=True,
            linked=True,
            invoice_stands=False,
        ),
    )
    return Rules(
        CreditNote,
        skip("archived", _ARCHIVED, archived=True),
        skip("archived", _ARCHIVED, status="archived"),
        skip("draft", "Not finalized: nothing is owed back yet", draft=True),
        skip("draft", "Not finalized: nothing is owed back yet", status="draft"),
        skip("incomplete", _INCOMPLETE, status="incomplete"),
        skip("other_document", _OTHER_DOCUMENT, status=OTHER_STATUSES),
        reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
        skip("other_currency", _OTHER_CURRENCY, currency=other_than(one_of(currency))),
        skip(
            "manual_entry",
            "An accounting entry made by hand; with it the invoice would be credited twice",
            paid=True,
            status="cancelled",
            linked=True,
        ),
        *(past if history == "open" else ()),
        send(
            "linked",
            "Finalized and linked to an invoice: settles it (Automatic synchronization of credit notes)",
            linked=True,
        ),
        otherwise=send(
            "unapplied",
            "Finalized and linked to no invoice: a credit of the account (Automatic synchronization of credit notes)",
        ),
    )
