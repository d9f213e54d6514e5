"""Exclusions, changed options and the rhythm of a connection."""

from typing import Any

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.report import Report
from duebridge.core.errors import RecordError
from duebridge.core.store.records import Records
from duebridge.core.testing import Rig, credit_note, customer, invoice


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})


def exclude(rig: Rig, *ids: str) -> None:
    """Exclude these customers from the next run on."""
    rig.set_policy(decide=ExcludedCustomers(ids).decide, excluded=frozenset(ids))


def test_nothing_of_an_excluded_customer_is_sent(rig: Rig) -> None:
    exclude(rig, "1")
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), invoice("11", "2"))
    report = rig.run()
    assert set(rig.target.held) == {"ledger-customer-2", "ledger-invoice-11"}
    assert counts(report, "customer") == {"read": 2, "created": 1, "excluded_customer": 1}
    assert counts(report, "invoice") == {"read": 2, "created": 1, "excluded_customer": 1}


def test_what_was_sent_stays_untouched_while_its_customer_is_excluded(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    rig.run()
    held = dict(rig.target.held)
    exclude(rig, "1")
    rig.source.put(invoice("10", "1", "500.00"), credit_note("12", "1", invoice_id="10"))
    rig.run()
    assert (rig.target.log, rig.target.held) == ([], held)


@pytest.mark.parametrize("again", ["included", "still excluded"])
def test_a_part_still_to_be_written_waits_while_its_customer_is_excluded(rig: Rig, again: str) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.target.before_push = lambda delivery: refuse(delivery) if delivery.write == "link" else None
    rig.run()
    rig.target.before_push = lambda _: None
    exclude(rig, "1")
    rig.pass_time(hours=25)
    rig.run()
    assert rig.target.log == []
    exclude(rig, *(["1"] if again == "still excluded" else []))
    rig.pass_time(hours=25)
    rig.run()
    assert rig.target.log == ([("create", "ledger-link-11")] if again == "included" else [])


def test_including_a_customer_again_catches_up_without_an_event(rig: Rig) -> None:
    exclude(rig, "1")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    exclude(rig)
    report = rig.run()
    assert set(rig.target.held) == {"ledger-customer-1", "ledger-invoice-10"}
    assert counts(report, "invoice") == {"read": 1, "created": 1}


def test_open_documents_are_read_again_once_an_hour(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", paid=True))
    rig.run()
    rig.source.put(invoice("10", "1", paid=True), event=False)
    rig.pass_time(minutes=59)
    rig.run()
    assert (rig.target.log, rig.source.reread_ids) == ([], [])
    rig.pass_time(minutes=1)
    rig.run()
    assert rig.source.reread_ids == ["10"]
    assert rig.target.log == [("create", "ledger-invoice-10-fix")]


def test_after_a_day_everything_is_read_again(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"))
    rig.run()
    rig.source.put(customer("2", name="Renamed"), event=False)
    rig.pass_time(hours=23)
    rig.run()
    assert rig.target.log == []
    rig.pass_time(hours=1)
    report = rig.run()
    assert counts(report, "customer") == {"read": 2, "unchanged": 1, "updated": 1}


def test_a_rule_that_changes_is_applied_to_what_was_read_before(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from duebridge.core.records import Customer, Invoice
    from duebridge.core.tables.rules import Rules, send

    rig.source.put(customer("1"), invoice("10", "1", draft=True))
    rig.run()
    sends_all = Rules(Invoice, otherwise=send("open", "Drafts go too", reads="open"))
    monkeypatch.setattr(type(rig.target), "rules", {**rig.target.rules, Invoice: sends_all})
    report = rig.run()
    assert rig.target.log == [("create", "ledger-invoice-10")]
    assert counts(report, "invoice") == {"read": 1, "created": 1}
    assert Customer in rig.target.rules


def test_a_retry_under_other_exclusions_is_planned_again_by_the_next_run(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refuse
    rig.run()
    rig.target.before_push = lambda _: None
    exclude(rig, "1")
    rig.run(retry=True)
    exclude(rig)
    rig.run()
    assert rig.target.log == [("create", "ledger-customer-1")]


def test_a_change_of_exclusions_that_was_half_applied_and_taken_back_leaves_nothing_behind(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refuse
    rig.run()
    rig.target.before_push = lambda _: None
    exclude(rig, "1")
    after = Records.after

    def dying(records: Records, n: int, limit: int, kind: str) -> Any:
        if kind == "invoice":
            raise KeyboardInterrupt
        return after(records, n, limit, kind)

    monkeypatch.setattr(Records, "after", dying)
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    monkeypatch.undo()
    exclude(rig)
    rig.pass_time(minutes=21)
    rig.run()
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]


def refuse(delivery: Delivery) -> None:
    raise RecordError("not now")


@pytest.mark.parametrize("runs", [2, 3])
def test_repeating_runs_never_changes_the_outcome(rig: Rig, runs: int) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    rig.run()
    held = dict(rig.target.held)
    for _ in range(runs):
        rig.pass_time(hours=25)
        assert rig.run().status == "succeeded"
        assert rig.target.log == []
    assert rig.target.held == held
