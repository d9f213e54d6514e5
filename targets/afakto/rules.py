"""Which customers, invoices and credit notes go to Afakto, and why?

Source: Afakto's page "Connect Pennylane to Afakto", section Data synced, and its help on CSV imports: the invoice file
holds all current invoices, and what is not in it counts as closed. First match decides. `remaining` is the balance, as
`balances` has it. `SETTLED_TOO` are the tables for `include_settled`.
"""

from __future__ import annotations

from duebridge.core.api import (
    DOCUMENT_STATUSES,
    OTHER_STATUSES,
    ZERO,
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

_UNKNOWN = "The ledger uses a status word nobody here knows; what it says about the balance is not guessed"
_CLOSED = "Nothing is left of it: what is not in the file counts as closed (CSV imports, invoices)"
_CLOSED_TOO = "Nothing is left of it: goes with balance 0, as `include_settled` asks"
_NOT_FINAL = "Not finalised: only client invoices are synced (Data synced)"
_ARCHIVED = "Put away at the ledger"

_OPEN = one_of("upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft")
_CREDIT = _OPEN | one_of("credit_note", "cancelled", "paid")

CUSTOMERS = Rules(
    Customer,
    otherwise=send("customer", "Every client goes (Data synced)"),
)

_BEFORE = (
    skip("archived", _ARCHIVED, archived=True),
    skip("archived", _ARCHIVED, status="archived"),
    skip("draft", _NOT_FINAL, draft=True),
    skip("draft", _NOT_FINAL, status="draft"),
    skip("incomplete", "An imported document still to be completed at the ledger", status="incomplete"),
    skip("other_document", "A pro forma, an order or an estimate: nothing is owed by it", status=OTHER_STATUSES),
    reject("unknown_status", _UNKNOWN, status=other_than(DOCUMENT_STATUSES)),
)
_INVOICES = (
    send("open", "Owed in whole or in part: goes with what remains of it (Data synced)", reads="open", status=_OPEN),
)
_CREDIT_NOTES = (send("unlinked", "Goes with the part no invoice has used up, negative (Data synced)", status=_CREDIT),)
_CONTRADICTION = reject("unknown_status", "This status says nothing about what is owed, and nobody guesses it")

INVOICES = Rules(Invoice, *_BEFORE, skip("settled", _CLOSED, remaining=ZERO), *_INVOICES, otherwise=_CONTRADICTION)
CREDIT_NOTES = Rules(
    CreditNote, *_BEFORE, skip("settled", _CLOSED, remaining=ZERO), *_CREDIT_NOTES, otherwise=_CONTRADICTION
)
INVOICES_SETTLED_TOO = Rules(
    Invoice,
    *_BEFORE,
    send("settled", _CLOSED_TOO, reads="paid", remaining=ZERO),
    *_INVOICES,
    otherwise=_CONTRADICTION,
)
CREDIT_NOTES_SETTLED_TOO = Rules(
    CreditNote, *_BEFORE, send("settled", _CLOSED_TOO, remaining=ZERO), *_CREDIT_NOTES, otherwise=_CONTRADICTION
)
