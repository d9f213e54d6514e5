"""What does a later run cost, and what does it write? As little as changed, whatever brings the change to light."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import pytest

from .changes import change_25, untouched_invoices
from .expected import invoice_reads, is_credit_note
from .scene import Run, Scene, below, total


def crawl_bound(scene: Scene) -> int:
    """The most requests a full crawl may take."""
    rows, customers, accounts = (
        len(scene.ledger(name)) for name in ("customer_invoices", "customers", "ledger_accounts")
    )
    return ceil(rows / 100) + ceil(customers / 100) + ceil(accounts / 1000) + 5


def open_documents(scene: Scene) -> int:
    """How many invoices are open at the ledger."""
    rows = scene.ledger("customer_invoices")
    return sum(1 for row in rows if not is_credit_note(row) and invoice_reads(row) == "open")


def check_nothing_happened(run: Run) -> None:
    assert len(run.pennylane) <= 4
    assert run.upflow == []
    assert total(run, "created") == total(run, "updated") == 0


def test_every_unchanged_run_asks_the_ledger_four_times_at_most_and_upflow_never(usual: Scene) -> None:
    usual.synced()

    for minutes in (0, 1, 10, 10, 10):
        usual.clock.ahead += timedelta(minutes=minutes)
        check_nothing_happened(usual.synced())


def test_the_run_after_a_first_one_is_as_cheap_when_records_were_made_just_before_it(usual: Scene) -> None:
    customer = usual.make("customers", name="Vergers du Lac")["id"]
    usual.make("customer_invoices", customer={"id": customer}, currency_amount="1200.00")
    usual.synced()

    for _ in range(2):
        check_nothing_happened(usual.synced())


def test_events_that_share_the_bookmarks_instant_are_not_read_again_by_unchanged_runs(usual: Scene) -> None:
    usual.synced()
    usual.clock.ahead += timedelta(minutes=20)
    usual.switch(today=(usual.clock.today() + timedelta(days=60)).isoformat())  # all become late at one instant
    late = usual.synced()
    assert total(late, "read") > 30

    for _ in range(4):
        run = usual.synced()
        check_nothing_happened(run)
        assert total(run, "read") == 0


def test_twenty_five_changes_cost_eight_requests_at_most_and_write_what_changed_alone(usual: Scene) -> None:
    usual.synced()
    changed = change_25(usual)

    run = usual.synced()

    assert len(run.pennylane) <= 8
    assert run.writes == changed.writes()
    assert len(run.upflow) == len(run.writes) == 25
    kinds = run.report["kinds"]
    assert kinds["customer"]["updated"] == 5
    assert kinds["credit_note"]["created"] == 5
    assert kinds["invoice"]["updated"] == 5
    assert kinds["invoice"]["gone"] == 5
    assert kinds["invoice"]["skipped"] == {"archived": 5}
    for id in (*changed.paid, *changed.cancelled):
        assert usual.invoice(id)["state"] == "PAID"
    for id in (*changed.archived, *changed.deleted):
        assert usual.invoice(id)["amountOutstanding"] > 0
    check_nothing_happened(usual.synced())


def test_changes_without_events_come_to_light_in_the_full_crawl_of_the_next_day(usual: Scene) -> None:
    usual.synced()
    changed = change_25(usual, event="none")
    usual.clock.ahead += timedelta(minutes=30)
    early = usual.synced()
    assert not {key for _, _, key in early.writes} & {f"pennylane-customer-{id}" for id in changed.renamed}

    usual.clock.ahead += timedelta(hours=24)
    late = usual.synced()

    assert sorted(early.writes + late.writes) == changed.writes()
    assert late.report["kinds"]["invoice"]["gone"] == 5
    assert len(late.pennylane) <= crawl_bound(usual)
    check_nothing_happened(usual.synced())


def test_full_every_says_how_long_until_everything_is_read_again(usual: Scene) -> None:
    usual.configure(connection="full_every: 6h\nrefresh_open: 48h")
    usual.synced()
    usual.clock.ahead += timedelta(hours=5, minutes=59)
    assert len(usual.synced().pennylane) <= 4

    usual.clock.ahead += timedelta(minutes=2)
    run = usual.synced()

    assert 4 < len(run.pennylane) <= crawl_bound(usual)
    assert run.writes == []
    assert run.report["kinds"]["customer"]["unchanged"] == 40


@pytest.mark.parametrize("collection", ["payments", "matched_transactions"])
def test_money_without_events_reaches_upflow_in_the_first_run_after_refresh_open(usual: Scene, collection: str) -> None:
    usual.switch(silent=["payments", "matching"])
    usual.synced()
    invoice = untouched_invoices(usual)[0]
    usual.make(collection, customer_invoice_id=invoice)
    usual.clock.ahead += timedelta(minutes=59)
    check_nothing_happened(usual.synced())
    assert usual.invoice(invoice)["state"] != "PAID"

    usual.clock.ahead += timedelta(minutes=2)
    seen_open = open_documents(usual) + 1  # the paid one was open when it was last read
    run = usual.synced()

    assert len(run.pennylane) == 3 + ceil(seen_open / 100)
    assert run.writes == [
        ("POST", "payments", f"pennylane-invoice-{invoice}-fix"),
        ("POST", "reconcile", f"pennylane-link-{invoice}-{invoice}"),
    ]
    assert usual.invoice(invoice)["state"] == "PAID"
    usual.clock.ahead += timedelta(minutes=59)
    check_nothing_happened(usual.synced())


def test_refresh_open_is_set_by_the_connection(usual: Scene) -> None:
    usual.configure(connection="refresh_open: 5m")
    usual.synced()
    usual.clock.ahead += timedelta(minutes=6)

    run = usual.synced()

    reread = [row for row in run.pennylane if below(row["path"]) == "customer_invoices"]
    assert len(reread) == ceil(open_documents(usual) / 100)
    assert run.upflow == []


def test_a_bookmark_older_than_the_feed_reaches_leads_to_a_full_crawl_and_says_so(usual: Scene) -> None:
    usual.configure(connection="full_every: 90d\nrefresh_open: 90d")
    usual.synced()
    usual.clock.ahead += timedelta(days=29)
    usual.change("customers", usual.ledger("customers")[0]["id"], event="none", name="Nom d'après SARL")

    run = usual.synced()

    assert len(run.pennylane) <= crawl_bound(usual)
    assert any("four weeks" in note for note in run.report["notes"])
    assert "Nom d'après SARL" in {row["name"] for row in usual.desk("customers").values()}
    check_nothing_happened(usual.synced())


def test_a_first_sync_and_a_full_one_stay_below_the_bound_of_a_crawl(usual: Scene) -> None:
    first = usual.synced()
    full = usual.synced(full=True)

    bound = crawl_bound(usual)
    assert len(first.pennylane) <= bound
    assert len(full.pennylane) <= bound
    assert full.upflow == []
