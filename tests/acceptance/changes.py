"""Twenty-five changes at the ledger, and the writes at Upflow they must cause: no more and no fewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .expected import invoice_reads, is_credit_note, remaining
from .scene import Row, Scene

Write = tuple[str, str, str]


@dataclass(frozen=True)
class Changed:
    """What was changed, by Pennylane's ids."""

    paid: list[int]
    cancelled: dict[int, int]
    archived: list[int]
    deleted: list[int]
    renamed: list[int]

    def writes(self) -> list[Write]:
        """What Upflow must be sent, sorted: nothing for archived and deleted ones, which are only reported."""
        fixes = [("POST", "payments", f"pennylane-invoice-{id}-fix") for id in self.paid]
        settled = [("POST", "reconcile", f"pennylane-link-{id}-{id}") for id in self.paid]
        notes = [("POST", "credit_notes", f"pennylane-credit_note-{note}") for note in self.cancelled.values()]
        links = [("POST", "reconcile", f"pennylane-link-{note}-{id}") for id, note in self.cancelled.items()]
        names = [("POST", "customers", f"pennylane-customer-{id}") for id in self.renamed]
        return sorted(fixes + settled + notes + links + names)


def change_25(scene: Scene, *, event: str = "record") -> Changed:
    """Pay, cancel by a new credit note, archive and delete five untouched open invoices each; rename five customers.

    With `event="none"` nothing of it is in the change feed, but for the credit notes themselves, which are new.
    """
    plain = untouched_invoices(scene)
    paid, cancelled, archived, deleted = (plain[at : at + 5] for at in range(0, 20, 5))
    for id in paid:
        scene.change("customer_invoices", id, event=event, paid=True)
    notes = {id: scene.make("customer_invoices", credited_invoice={"id": id})["id"] for id in cancelled}
    for id in archived:
        scene.change("customer_invoices", id, event=event, archived_at="2026-01-15T10:00:00.000000Z")
    for id in deleted:
        scene.remove("customer_invoices", id, event=event)
    renamed = [row["id"] for row in scene.ledger("customers") if row["customer_type"] == "company"][:5]
    for id in renamed:
        scene.change("customers", id, event=event, name=f"Renommée {id} SARL")
    return Changed(paid, notes, archived, deleted, renamed)


def untouched_invoices(scene: Scene) -> list[int]:
    """Open invoices nothing has been settled of, by no money and no credit note."""
    rows = scene.ledger("customer_invoices")
    credited = {row["credited_invoice"]["id"] for row in rows if row["credited_invoice"]}
    return [row["id"] for row in rows if row["id"] not in credited and _untouched(row)]


def _untouched(row: Row) -> bool:
    whole: Any = not is_credit_note(row) and invoice_reads(row) == "open"
    return bool(whole and row["status"] in ("upcoming", "late") and remaining(row) > 0)
