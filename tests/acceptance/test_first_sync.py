"""Does the first sync carry over exactly what the product page says, to the smallest unit of every currency?

Everything is computed from the two products' own lists, by code apart from ours.
"""

from __future__ import annotations

from collections import Counter

import pytest

from .expected import Expected, expected, gross, invoice_reads, outstanding_at, remaining
from .scene import OpenScene, Run, Scene


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


def check_counts(run: Run, wanted: Expected, customers: int) -> None:
    kinds = run.report["kinds"]
    assert kinds["customer"]["created"] == customers
    assert kinds["invoice"]["created"] == len(wanted.invoices)
    assert kinds["credit_note"]["created"] == len(wanted.credit_notes)


@pytest.mark.parametrize("payments", ["fix", "balance"])
def test_a_first_sync_leaves_the_same_outstanding_at_both_ends_to_the_smallest_unit(
    usual: Scene, payments: str
) -> None:
    usual.configure(target=f"payments: {payments}")

    run = usual.synced()

    wanted = check_what_arrived(usual, payments)
    check_counts(run, wanted, 40)
    gap = unexplained_at_the_ledger(usual, wanted)
    term = settled_by_money_alone(wanted)
    assert +term
    assert +gap == (+term if payments == "fix" else Counter())
    assert not -gap


def test_turning_from_fix_to_balance_and_back_moves_the_outstanding_amounts_and_nothing_else(usual: Scene) -> None:
    usual.synced()
    usual.configure(target="payments: balance")

    run = usual.synced()

    wanted = check_what_arrived(usual, "balance")
    assert not +unexplained_at_the_ledger(usual, wanted)
    mirrored = wanted.mirrored()
    assert run.writes == sorted(
        [("POST", "payments", f"pennylane-invoice-{id}-fix") for id in mirrored]
        + [("POST", "reconcile", f"pennylane-link-{id}-{id}") for id in mirrored]
    )
    usual.configure(target="payments: fix")
    usual.synced()
    check_what_arrived(usual, "fix")


@pytest.mark.slow
def test_ten_thousand_documents_go_in_one_first_sync_and_none_in_the_next(open_scene: OpenScene) -> None:
    scene = open_scene(customers=2000, invoices=10_000)
    run = scene.synced()

    wanted = check_what_arrived(scene, "fix")
    check_counts(run, wanted, 2000)
    assert +unexplained_at_the_ledger(scene, wanted) == +settled_by_money_alone(wanted)
    for _ in range(3):
        unchanged = scene.synced()
        assert len(unchanged.pennylane) <= 4
        assert unchanged.upflow == []

    scene.configure(target="payments: balance")
    scene.synced()
    wanted = check_what_arrived(scene, "balance")
    gap = unexplained_at_the_ledger(scene, wanted)
    assert not any(gap.values())
