"""Does the first sync carry over exactly what the product page says, to the smallest unit of every currency?

Everything is computed from the two products' own lists, by code apart from ours.
"""

from __future__ import annotations

from collections import Counter

import pytest

from .comparison import check_what_arrived, settled_by_money_alone, unexplained_at_the_ledger
from .expected import Expected
from .scene import OpenScene, Run, Scene


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
