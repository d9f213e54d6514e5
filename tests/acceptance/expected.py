"""What must Upflow show for a ledger? Derived from Pennylane's raw JSON and the product page, apart from our own code.

Amounts are whole numbers of the currency's smallest unit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

DECIMALS = {"JPY": 0, "TND": 3}
OPEN_WORDS = {"upcoming", "late", "partially_paid", "partially_cancelled", "partially_cancelled_draft"}
LEFT_OUT_WORDS = {
    "archived", "draft", "incomplete", "proforma", "shipping_order", "purchasing_order", "estimate_pending",
    "estimate_accepted", "estimate_invoiced", "estimate_denied",
}  # fmt: skip
#: The page's first list of imported credit notes.
CREDIT_WORDS = {"credit_note", "late", "upcoming", "cancelled", "partially_cancelled", "partially_cancelled_draft"}


def minor(text: str, currency: str) -> int:
    """An amount as Pennylane writes it, in the smallest unit."""
    scaled = Decimal(text).scaleb(DECIMALS.get(currency, 2))
    assert scaled == int(scaled), f"{text} {currency} is finer than its currency"
    return int(scaled)


def gross(row: Row) -> int:
    """What a document comes to, positive."""
    return abs(minor(row["currency_amount"], row["currency"]))


def remaining(row: Row) -> int:
    """What Pennylane says is still to be paid."""
    return minor(row["remaining_amount_with_tax"], row["currency"])


def is_credit_note(row: Row) -> bool:
    """Whether a row of the invoice list is a credit note."""
    return bool(row["credited_invoice"]) or row["status"] == "credit_note" or Decimal(row["currency_amount"]) < 0


def invoice_reads(row: Row) -> str:
    """`paid`, `open`, or nothing when the page leaves the invoice out."""
    if row["archived_at"] or row["status"] == "archived":
        return ""
    if row["draft"]:
        return "paid" if row["status"] == "cancelled" else ""
    if row["status"] in LEFT_OUT_WORDS:
        return ""
    if row["paid"] or row["status"] in {"paid", "cancelled"}:
        return "paid"
    assert row["status"] in OPEN_WORDS, row["status"]
    return "open"


def credit_note_goes(row: Row) -> bool:
    """Whether the page imports a credit note."""
    linked, status = bool(row["credited_invoice"]), row["status"]
    if row["draft"] or row["archived_at"] or status in {"archived", "draft", "incomplete"}:
        return False
    if not row["paid"]:
        return status in CREDIT_WORDS
    if not linked:
        return status == "cancelled"
    return status == "paid" or status in CREDIT_WORDS - {"cancelled"}


@dataclass
class Expected:
    """Sent invoices and credit notes by Pennylane's id, and what of each is linked: invoice id -> note id -> amount."""

    invoices: dict[int, Row] = field(default_factory=dict)
    credit_notes: dict[int, Row] = field(default_factory=dict)
    links: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def linked_to(self, invoice: int) -> int:
        """What credit notes settle of an invoice."""
        return sum(self.links[invoice].values()) if invoice in self.links else 0

    def linked_of(self, note: int) -> int:
        """What of a credit note settles an invoice."""
        row = self.credit_notes[note]
        invoice = row["credited_invoice"]["id"] if row["credited_invoice"] else 0
        return self.links[invoice].get(note, 0) if invoice in self.links else 0

    def open_invoices(self) -> Iterable[tuple[int, Row]]:
        """The invoices on which money is still expected."""
        return ((id, row) for id, row in self.invoices.items() if invoice_reads(row) == "open")

    def fixes(self) -> dict[int, int]:
        """What is settled by the fix of each invoice that must read Paid, where it isn't nothing."""
        paid = (
            (id, gross(row) - self.linked_to(id)) for id, row in self.invoices.items() if invoice_reads(row) == "paid"
        )
        return {id: amount for id, amount in paid if amount}

    def mirrored(self) -> dict[int, int]:
        """What money has settled of open invoices."""
        part = ((id, gross(row) - self.linked_to(id) - remaining(row)) for id, row in self.open_invoices())
        return {id: amount for id, amount in part if amount > 0}

    def outstanding(self) -> Counter[str]:
        """What is outstanding per currency when payments are not imported: invoices less unapplied credit notes."""
        sums: Counter[str] = Counter()
        for id, row in self.open_invoices():
            sums[row["currency"]] += gross(row) - self.linked_to(id)
        for id, row in self.credit_notes.items():
            sums[row["currency"]] -= gross(row) - self.linked_of(id)
        return sums


def expected(rows: Iterable[Row]) -> Expected:
    """What must be at Upflow for these rows of Pennylane's invoice list."""
    found = Expected()
    for row in rows:
        if is_credit_note(row):
            if credit_note_goes(row):
                found.credit_notes[row["id"]] = row
        elif invoice_reads(row):
            found.invoices[row["id"]] = row
    for note in sorted(found.credit_notes.values(), key=lambda row: (row["date"], row["id"])):
        _link(found, note)
    return found


def _link(found: Expected, note: Row) -> None:
    invoice = found.invoices.get((note["credited_invoice"] or {"id": 0})["id"])
    if invoice is None or invoice["customer"] != note["customer"] or invoice["currency"] != note["currency"]:
        return
    amount = min(gross(note), gross(invoice) - found.linked_to(invoice["id"]))
    if amount > 0:
        found.links[invoice["id"]][note["id"]] = amount


def outstanding_at(invoices: Mapping[str, Row], credit_notes: Mapping[str, Row]) -> Counter[str]:
    """What Upflow's own lists say is outstanding per currency, less unapplied credit notes."""
    sums: Counter[str] = Counter()
    for row in invoices.values():
        sums[row["currency"]] += row["amountOutstanding"]
    for row in credit_notes.values():
        sums[row["currency"]] -= row["amountUnlinked"]
    return sums
