"""What becomes of writes whose answer was lost: by the safety their kind declares, until it is known."""

from collections.abc import Callable
from typing import Any

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.listing import list_records
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome
from duebridge.core.testing import Rig, credit_note, customer, invoice

from .once import OnceTarget

LOST = UnknownOutcome("no answer")


def once(rig: Rig) -> OnceTarget:
    """Let the rig write to a target whose creates are not idempotent."""
    rig.target = OnceTarget(rig.target.options, rig.target.services)
    return rig.target


def at(reference: str, error: BaseException) -> Callable[[Delivery], None]:
    """A hook that raises `error` for this reference."""

    def hook(delivery: Delivery) -> None:
        if delivery.reference == reference:
            raise error

    return hook


def nothing(delivery: Delivery) -> None:
    """A hook that lets everything pass."""


def listed(rig: Rig, outcome: str) -> list[tuple[str, str]]:
    return [
        (row["kind"], row["id"])
        for row in list_records(rig.store, rig.connection_id, type(rig.target), outcome=outcome)
    ]


def row_of(rig: Rig, key: str) -> Any:
    with rig.store.reading() as db:
        return rig.store.records(db, rig.connection_id).by_key([key])[key]


def test_a_create_once_write_whose_answer_was_lost_is_looked_for_and_adopted(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    target.after_push = at("ledger-invoice-10", LOST)
    assert rig.run().status == "incomplete"
    assert listed(rig, "unknown") == [("invoice", "10")]
    target.after_push = nothing
    report = rig.run()
    assert (report.status, target.log, target.finds) == ("succeeded", [], ["ledger-invoice-10"])
    assert report.as_json()["kinds"]["invoice"]["created"] == 1
    assert set(target.holdings()) == {"ledger-customer-1", "ledger-invoice-10"}


def test_a_create_once_write_that_never_arrived_is_made_after_looking(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"))
    target.before_push = at("ledger-customer-1", LOST)
    rig.run()
    target.before_push = nothing
    assert rig.run().status == "succeeded"
    assert (target.finds, target.log) == (["ledger-customer-1"], [("create", "ledger-customer-1")])
    assert set(target.holdings()) == {"ledger-customer-1"}


def test_what_was_adopted_is_updated_when_the_record_changed_in_between(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1", name="Before"))
    target.after_push = at("ledger-customer-1", LOST)
    rig.run()
    target.after_push = nothing
    rig.source.put(customer("1", name="After"))
    report = rig.run()
    assert (report.status, target.log) == ("succeeded", [("update", "ledger-customer-1")])
    assert target.holdings()["ledger-customer-1"]["name"] == "After"
    assert rig.run().status == "succeeded"
    assert target.log == []


def test_what_was_adopted_is_updated_when_several_payloads_were_tried(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1", name="First"))
    target.after_push = at("ledger-customer-1", LOST)
    rig.run()
    target.before_find = at("ledger-customer-1", UnknownOutcome("the search can't be reached"))
    rig.source.put(customer("1", name="Second"))
    rig.run()
    target.after_push, target.before_find = nothing, nothing
    assert rig.run().status == "succeeded"
    assert target.log == [("update", "ledger-customer-1")]  # of two payloads, which one is there is not known
    assert target.holdings()["ledger-customer-1"]["name"] == "Second"


def test_an_update_after_adopting_that_is_refused_is_rejected_and_the_link_is_kept(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1", name="Before"))
    target.after_push = at("ledger-customer-1", LOST)
    rig.run()
    target.after_push = nothing
    target.before_push = at("ledger-customer-1", RecordError("it can't be changed any more"))
    rig.source.put(customer("1", name="After"))
    report = rig.run()
    assert (report.status, report.rejected) == ("succeeded", 1)
    row = row_of(rig, "customer:1")
    assert (row.held, row.uncertain, row.due) == (True, False, True)
    target.before_push = nothing
    rig.pass_time(minutes=21)
    rig.run()
    assert target.log == [("update", "ledger-customer-1")]
    assert target.holdings()["ledger-customer-1"]["name"] == "After"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RunError("the search is down"), "incomplete"),
        (UnknownOutcome("no answer"), "incomplete"),
        (RecordError("the search takes no such reference"), "incomplete"),
        (AuthError("the key is revoked"), "failed"),
        (KeyError("a defect of the connector"), "incomplete"),
    ],
)
def test_a_look_up_that_fails_leaves_the_write_unknown_until_one_succeeds(
    rig: Rig, error: Exception, status: str
) -> None:
    target = once(rig)
    rig.source.put(customer("1"))
    target.after_push = at("ledger-customer-1", LOST)
    rig.run()
    target.after_push = nothing
    target.before_find = at("ledger-customer-1", error)
    report = rig.run()
    assert (report.status, target.log) == (status, [])
    assert listed(rig, "unknown") == [("customer", "1")]
    target.before_find = nothing
    assert rig.run().status == "succeeded"
    assert (target.log, len(target.holdings())) == ([], 1)


def test_a_create_once_write_that_may_be_there_is_looked_for_before_it_is_removed(rig: Rig) -> None:
    target = once(rig)
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    target.after_push = at("ledger-invoice-10", LOST)
    rig.run()
    target.after_push = nothing
    rig.source.remove("documents", "10")
    report = rig.run()
    assert (report.status, report.as_json()["kinds"]["invoice"]["deleted"]) == ("succeeded", 1)
    assert target.log == [("delete", "ledger-invoice-10")]
    assert set(target.holdings()) == {"ledger-customer-1"}
    assert listed(rig, "unknown") == []


def test_a_create_once_write_that_never_arrived_needs_no_removal(rig: Rig) -> None:
    target = once(rig)
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    target.before_push = at("ledger-invoice-10", LOST)
    rig.run()
    target.before_push = nothing
    rig.source.remove("documents", "10")
    assert rig.run().status == "succeeded"
    assert (target.log, target.finds) == ([], ["ledger-invoice-10"])
    assert listed(rig, "unknown") == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_part_that_may_be_there_is_looked_for_before_it_is_withdrawn(rig: Rig, arrived: bool) -> None:
    target = once(rig)
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    hooks = {"after_push" if arrived else "before_push": at("ledger-link-11", LOST)}
    for name, hook in hooks.items():
        setattr(target, name, hook)
    rig.run()
    target.before_push = target.after_push = nothing
    rig.source.put(credit_note("11", "1"))  # no longer linked
    assert rig.run().status == "succeeded"
    assert "ledger-link-11" in target.finds
    assert "ledger-link-11" not in target.holdings()


@pytest.mark.parametrize("gone", [True, False])
def test_what_comes_back_after_a_removal_of_unknown_outcome_is_looked_for(rig: Rig, gone: bool) -> None:
    target = once(rig)
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    hook = at("ledger-invoice-10", LOST)
    target.after_push, target.before_push = (hook, nothing) if gone else (nothing, hook)
    assert rig.run().status == "incomplete"
    target.after_push = target.before_push = nothing
    rig.source.put(invoice("10", "1"))
    assert rig.run().status == "succeeded"
    assert set(target.holdings()) == {"ledger-customer-1", "ledger-invoice-10"}
    assert target.log == [("create" if gone else "update", "ledger-invoice-10")]


def test_an_unknown_update_of_a_create_once_kind_is_repeated_under_the_same_id(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1", name="Before"))
    rig.run()
    target.after_push = at("ledger-customer-1", LOST)
    rig.source.put(customer("1", name="After"))
    rig.run()
    target.after_push = nothing
    assert rig.run().status == "succeeded"
    assert (target.log, target.finds) == ([("update", "ledger-customer-1")], [])
    assert target.holdings()["ledger-customer-1"]["name"] == "After"


def test_a_refusal_after_looking_and_finding_nothing_ends_the_doubt(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"))
    target.before_push = at("ledger-customer-1", LOST)
    rig.run()
    target.before_push = at("ledger-customer-1", RecordError("name is taken"))
    report = rig.run()
    assert (report.status, report.rejected) == ("succeeded", 1)
    assert (listed(rig, "unknown"), listed(rig, "rejected")) == ([], [("customer", "1")])


def test_a_refused_upsert_whose_earlier_attempt_is_unknown_may_still_be_there_and_is_removed_with_its_record(
    rig: Rig,
) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.after_push = at("ledger-invoice-10", LOST)
    rig.run()
    rig.target.after_push = nothing
    rig.target.before_push = at("ledger-invoice-10", RecordError("the month is closed"))
    rig.source.put(invoice("10", "1", "80.00"))
    assert rig.run().rejected == 1
    assert ("invoice", "10") in listed(rig, "unknown")
    rig.target.before_push = nothing
    rig.source.remove("documents", "10")
    assert rig.run().status == "succeeded"
    assert set(rig.target.held) == {"ledger-customer-1"}


def test_a_refused_change_is_sent_back_when_the_source_takes_back_what_an_unknown_attempt_may_have_changed(
    rig: Rig,
) -> None:
    rig.source.put(customer("1"), invoice("10", "1", "120.00"))
    rig.run()
    rig.source.put(invoice("10", "1", "80.00"))
    rig.target.after_push = at("ledger-invoice-10", LOST)
    rig.run()
    rig.target.after_push = nothing
    rig.target.before_push = at("ledger-invoice-10", RecordError("the month is closed"))
    rig.run()
    rig.target.before_push = nothing
    rig.source.put(invoice("10", "1", "120.00"))
    assert rig.run().status == "succeeded"
    assert rig.target.held["ledger-invoice-10"]["amount"] == 12000


def test_fields_that_an_attempt_of_unknown_outcome_may_have_set_are_told_to_the_next_one(rig: Rig) -> None:
    rig.source.put(customer("1", notes="Pays late"))
    rig.target.after_push = at("ledger-customer-1", LOST)
    rig.run()
    told: list[Any] = []
    rig.target.after_push = lambda delivery: told.append((delivery.operation, delivery.previous))
    rig.source.put(customer("1"))
    assert rig.run().status == "succeeded"
    assert told == [("create", {"name": "Customer 1", "notes": "Pays late"})]


def test_the_change_a_dead_process_was_making_is_made_good_although_the_source_has_taken_it_back(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", "120.00"))
    rig.run()
    rig.source.put(invoice("10", "1", "80.00"))
    rig.target.after_push = at("ledger-invoice-10", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    rig.target.after_push = nothing
    rig.source.put(invoice("10", "1", "120.00"))
    assert rig.run().status == "succeeded"
    assert rig.target.log == [("update", "ledger-invoice-10")]
    assert rig.target.held["ledger-invoice-10"]["amount"] == 12000


def test_what_a_dead_process_may_have_created_is_removed_when_its_record_is_gone(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"))
    rig.run()
    rig.source.put(invoice("10", "1"))
    rig.target.after_push = at("ledger-invoice-10", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    rig.target.after_push = nothing
    rig.source.remove("documents", "10")
    assert rig.run().status == "succeeded"
    assert set(rig.target.held) == {"ledger-customer-1"}


@pytest.mark.parametrize("ending", ["archived", "deleted", "excluded"])
def test_an_unknown_write_whose_record_is_no_longer_sent_stays_visible(rig: Rig, ending: str) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.after_push = at("ledger-invoice-10", LOST)
    rig.run()
    rig.target.after_push = nothing
    end(rig, ending)
    report = rig.run()
    assert (report.status, rig.target.log) == ("succeeded", [])
    assert listed(rig, "unknown") == [("invoice", "10")]
    assert ("invoice", "10") in listed(rig, "gone")
    assert any("--outcome unknown" in note for note in report.notes)
    assert row_of(rig, "invoice:10").held


@pytest.mark.parametrize("ending", ["archived", "deleted", "excluded"])
@pytest.mark.parametrize("arrived", [True, False])
def test_an_unknown_create_once_write_is_settled_by_looking_although_its_record_is_no_longer_sent(
    rig: Rig, ending: str, arrived: bool
) -> None:
    target = once(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    setattr(target, "after_push" if arrived else "before_push", at("ledger-invoice-10", LOST))
    rig.run()
    target.after_push = target.before_push = nothing
    end(rig, ending)
    assert rig.run().status == "succeeded"
    assert (target.log, target.finds, listed(rig, "unknown")) == ([], ["ledger-invoice-10"], [])
    assert (("invoice", "10") in listed(rig, "gone")) is arrived
    assert rig.run().status == "succeeded"
    assert target.finds == ["ledger-invoice-10"]  # it is asked no more


def test_what_was_found_after_its_record_was_excluded_is_updated_when_it_is_included_again(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"), invoice("10", "1"))
    target.after_push = at("ledger-invoice-10", LOST)
    rig.run()
    target.after_push = nothing
    end(rig, "excluded")
    rig.run()
    rig.source.put(invoice("10", "1", "80.00"))
    rig.set_policy(decide=None, excluded=frozenset())
    assert rig.run().status == "succeeded"
    assert target.log == [("update", "ledger-invoice-10")]
    assert target.holdings()["ledger-invoice-10"]["amount"] == 8000


def end(rig: Rig, ending: str) -> None:
    if ending == "archived":
        rig.source.put(invoice("10", "1", archived_at="2026-03-01T00:00:00Z"))
    elif ending == "deleted":
        rig.source.remove("documents", "10")
    else:
        rig.set_policy(decide=ExcludedCustomers({"1"}).decide, excluded=frozenset({"1"}))


def test_what_stays_unknown_is_asked_again_by_every_run_until_it_is_known(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"))
    target.before_push = at("ledger-customer-1", LOST)
    for run in range(3):
        assert rig.run().status == "incomplete"
        assert (len(target.finds), listed(rig, "unknown")) == (run, [("customer", "1")])
    target.before_push = nothing
    assert rig.run().status == "succeeded"
    assert listed(rig, "unknown") == []


def test_a_lost_release_is_made_again_before_the_link_is(rig: Rig) -> None:
    target = once(rig)
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    target.after_push = at("ledger-link-11", LOST)
    rig.source.put(invoice("10", "1", "15.00"))
    rig.run()
    target.after_push = nothing
    assert rig.run().status == "succeeded"
    assert target.holdings()["ledger-link-11"] == {"invoice": "10", "amount": "15.00"}
