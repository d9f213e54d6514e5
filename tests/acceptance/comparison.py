"""Does what arrived at Upflow equal what the ledger holds, record by record and, per currency, in sum?

Both ends are read through the products' own GET endpoints.
"""

from __future__ import annotations

from collections import Counter

from .expected import Expected, expected, gross, invoice_reads, outstanding_at, remaining
from .scene import Scene


def check_what_arrived(scene: Scene, payments: str) -> Expected:
    """Compare both ends record by record and, per currency, in sum; return what was expected."""
    wanted = expected(scene.ledger("customer_invoices"))
    invoices, credit_notes, money = (scene.desk(name) for name in ("invoices", "credit_notes", "payments"))

    assert invoices.keys() == {f"pennylane-invoice-{id}" for id in wanted.invoices}
    assert credit_notes.keys() == {f"pennylane-credit_note-{id}" for id in wanted.credit_notes}
    assert scene.desk("customers").keys() == {f"pennylane-customer-{row['id']}" for row in scene.ledger("customers")}
    settled = wanted.fixes() | (wanted.mirrored() if payments == "balance" else {})
    assert {key: row["amount"] for key, row in money.items()} == {
        f"pennylane-invoice-{id}-fix": amount for id, amount in settled.items()
    }
    for id, row in wanted.invoices.items():
        shown = invoices[f"pennylane-invoice-{id}"]
        left = gross(row) - wanted.linked_to(id) - settled.get(id, 0)
        assert (shown["grossAmount"], shown["amountOutstanding"]) == (gross(row), left), row
        assert (shown["state"] == "PAID") == (left == 0), row
        assert left == 0 or invoice_reads(row) == "open", row
    for id, row in wanted.credit_notes.items():
        shown = credit_notes[f"pennylane-credit_note-{id}"]
        assert (shown["grossAmount"], shown["amountLinked"]) == (gross(row), wanted.linked_of(id)), row

    mirrored = Counter[str]()
    for id, amount in (wanted.mirrored() if payments == "balance" else {}).items():
        mirrored[wanted.invoices[id]["currency"]] += amount
    at_upflow = outstanding_at(invoices, credit_notes)
    assert len(at_upflow) == 6
    assert {code: at_upflow[code] + mirrored[code] for code in at_upflow} == dict(wanted.outstanding())
    return wanted


def unexplained_at_the_ledger(scene: Scene, wanted: Expected) -> Counter[str]:
    """Per currency: what Upflow shows as outstanding on open invoices, less what remains on them at Pennylane."""
    invoices = scene.desk("invoices")
    gap: Counter[str] = Counter()
    for id, row in wanted.open_invoices():
        gap[row["currency"]] += invoices[f"pennylane-invoice-{id}"]["amountOutstanding"] - remaining(row)
    return gap


def settled_by_money_alone(wanted: Expected) -> Counter[str]:
    """The one term of that bridge: what was settled without an imported payment or credit note."""
    term: Counter[str] = Counter()
    for id, amount in wanted.mirrored().items():
        term[wanted.invoices[id]["currency"]] += amount
    return term
