"""What happens at the ledger after a first sync: changes that make every sort of write, the same for the same ledger.

open: credited, paid, other addresses -> updates, new documents, links
moved: credit notes credit another invoice; documents deleted -> links taken back and made anew, deletes
"""

from __future__ import annotations

from .play import Play, Row


def changes(play: Play, number: int) -> None:
    """Credit and pay `number` invoices each, give as many customers another address; then move notes and delete."""
    pairs, others = _untouched(play)
    assert len(pairs) >= number, "the ledger is too small for these changes"
    assert len(others) >= 2 * number, "the ledger is too small for these changes"
    paid, deleted = others[:number], others[number : 2 * number]
    notes = [_credit(play, credited) for credited, _ in pairs[:number]]
    for id in paid:
        play.control("PATCH", f"pennylane/customer_invoices/{id}", {"paid": True})
    for row in play.ledger("customers")[:number]:
        play.control("PATCH", f"pennylane/customers/{row['id']}", {"emails": [f"compta-{row['id']}@example.com"]})
    play.settle()
    for note, (_, other) in zip(notes, pairs, strict=False):
        play.control("PATCH", f"pennylane/customer_invoices/{note}", {"credited_invoice": {"id": other}})
    for id in (*deleted, *paid[: number // 2]):
        play.control("DELETE", f"pennylane/customer_invoices/{id}")
    play.settle()


def _credit(play: Play, invoice: int) -> int:
    made: Row = play.control("POST", "pennylane/customer_invoices", {"credited_invoice": {"id": invoice}})
    return int(made["id"])


def _untouched(play: Play) -> tuple[list[tuple[int, int]], list[int]]:
    """Open invoices nothing has been settled of: a pair for each customer and currency that has two, and the rest."""
    rows = play.ledger("customer_invoices")
    credited = {row["credited_invoice"]["id"] for row in rows if row["credited_invoice"]}
    groups: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        if row["id"] not in credited and _open(row):
            groups.setdefault((row["customer"]["id"], row["currency"]), []).append(row["id"])
    pairs = [(ids[0], ids[1]) for ids in groups.values() if len(ids) > 1]
    paired = {id for pair in pairs for id in pair}
    return pairs, [id for ids in groups.values() for id in ids if id not in paired]


def _open(row: Row) -> bool:
    whole = row["status"] in ("upcoming", "late") and not row["paid"] and not row["archived_at"]
    return bool(whole and float(row["remaining_amount_with_tax"]) > 0 and not row["credited_invoice"])
