"""Which runs does the guard stop before their first write, and what lets the next one pass?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.connector import Account
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.guard import Limits
from duebridge.core.engine.report import Report
from duebridge.core.errors import RecordError, RunError
from duebridge.core.testing import Rig, credit_note, customer, invoice

ARCHIVED = {"archived_at": "2026-03-01T00:00:00Z"}
CUSTOMERS, INVOICES = 5, 200


def ids(first: int, number: int) -> list[str]:
    return [str(id) for id in range(first, first + number)]


def of(id: str) -> str:
    """The customer of an invoice."""
    return str(int(id) % CUSTOMERS)


def put(rig: Rig, which: Iterable[str], amount: str = "120.00", **values: Any) -> None:
    rig.source.put(*[invoice(id, of(id), amount, **values) for id in which])


def in_use(rig: Rig, invoices: int = INVOICES, **values: Any) -> list[str]:
    """Send `invoices` invoices of five customers in a first run; their ids."""
    made = ids(1000, invoices)
    rig.source.put(*[customer(str(id)) for id in range(CUSTOMERS)])
    put(rig, made, **values)
    succeeded(rig.run())
    return made


def succeeded(report: Report) -> Report:
    assert (report.status, report.error) == ("succeeded", None)
    assert report.consistent()
    return report


def stopped(rig: Rig, **options: Any) -> str:
    """A run that the guard must stop, nothing written; what it says."""
    report = rig.run(**options)
    assert (report.status, report.exit_code) == ("stopped", 1), report.error
    assert rig.target.log == []
    assert report.error is not None
    return report.error


def test_a_run_that_would_change_most_invoices_stops_before_its_first_write_and_says_what_to_do(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made, "12000.00")
    said = stopped(rig)
    assert "200 of 200 invoices (200 to be changed; ids 1000, 1001, 1002, 1003, 1004, …)" in said
    assert "30 %" in said
    assert "`duebridge plan rig --with-stored`" in said
    assert "`duebridge sync rig --accept-mass-change`" in said


def test_it_stops_again_until_it_is_accepted_and_is_then_quiet(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made, "12000.00")
    assert stopped(rig) == stopped(rig)
    report = succeeded(rig.run(accept_mass_change=True))
    assert len(rig.target.log) == INVOICES
    assert any(note.startswith("accepted by --accept-mass-change: 200 of 200 invoices") for note in report.notes)
    assert len(report.overridden) == 1
    assert succeeded(rig.run()).notes == []
    assert rig.target.log == []


def test_accepting_where_nothing_is_to_accept_says_nothing(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made[:10], "99.00")
    report = succeeded(rig.run(accept_mass_change=True))
    assert (report.notes, report.overridden) == ([], [])


@pytest.mark.parametrize("full", [False, True])
def test_changes_taken_back_at_the_source_let_the_next_run_pass_without_a_write(rig: Rig, full: bool) -> None:
    made = in_use(rig)
    put(rig, made, "12000.00", event=False) if full else put(rig, made, "12000.00")
    stopped(rig, full=full)
    rig.source.put(*[invoice(id, of(id)) for id in made], event=False)
    report = succeeded(rig.run())
    assert rig.target.log == []
    assert report.kinds["invoice"].outcomes["unchanged"] == INVOICES


@pytest.mark.parametrize(
    ("linked", "moved", "stops"), [(200, 60, False), (200, 61, True), (60, 49, False), (49, 49, False), (50, 50, True)]
)
def test_more_than_the_share_and_at_least_the_least_number_stop(rig: Rig, linked: int, moved: int, stops: bool) -> None:
    made = in_use(rig, linked)
    put(rig, made[:moved], "99.00")
    if stops:
        stopped(rig)
    else:
        succeeded(rig.run())
        assert len(rig.target.log) == moved


def test_the_connection_s_own_limits_count(rig: Rig) -> None:
    made = in_use(rig, 20)
    put(rig, made[:11], "99.00")
    rig.set_policy(guard=Limits(0.5, 10))
    assert "more than 50 % of a kind" in stopped(rig)
    rig.set_policy(guard=Limits(0.55, 10))
    succeeded(rig.run())


def test_new_records_are_never_too_many(rig: Rig) -> None:
    in_use(rig)
    put(rig, ids(5000, 1000))
    succeeded(rig.run())
    assert len(rig.target.log) == 1000


def test_kinds_are_weighed_apart(rig: Rig) -> None:
    in_use(rig, 300)
    notes = ids(9000, 60)
    rig.source.put(*[credit_note(id, of(id)) for id in notes])
    succeeded(rig.run())
    rig.source.put(*[credit_note(id, of(id), "-30.00") for id in notes])
    said = stopped(rig)
    assert "60 of 60 credit notes" in said
    assert "invoices" not in said


@pytest.mark.parametrize("on_delete", ["report", "delete"])
def test_what_a_full_read_no_longer_finds_counts_whatever_is_done_with_it(rig: Rig, on_delete: str) -> None:
    rig.set_policy(on_delete=on_delete)
    made = in_use(rig)
    held = dict(rig.target.held)
    lost = {id: rig.source.books["documents"].pop(id) for id in made[20:]}
    assert "180 of 200 invoices (180 gone; ids 1020, " in stopped(rig, full=True)
    assert "180 gone" in stopped(rig)
    assert "180 gone" in stopped(rig)

    rig.source.put(*lost.values(), event=False)
    succeeded(rig.run())
    assert (rig.target.log, rig.target.held) == ([], held)


@pytest.mark.parametrize("note_first", [False, True])
def test_what_a_stopped_run_planned_beside_a_document_is_uncounted_once_it_is_undone(
    rig: Rig, note_first: bool
) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("0"))
    note, paid = credit_note("500", "0", invoice_id="10"), invoice("10", "0", paid=True)
    others = [invoice(id, "0") for id in ids(1000, 80)]
    rig.source.put(*([note, *others, paid] if note_first else [paid, *others, note]))
    succeeded(rig.run())
    held, books = dict(rig.target.held), dict(rig.source.books["documents"])
    for id in ["500", *ids(1000, 60)]:
        del rig.source.books["documents"][id]
    stopped(rig, full=True)  # the fix of the paid invoice would have grown by what the credit note leaves
    rig.source.books["documents"] = books
    report = succeeded(rig.run())
    assert (rig.target.log, rig.target.held) == ([], held)
    assert report.kinds["invoice"].outcomes["unchanged"] == 81


@pytest.mark.parametrize(("on_delete", "removed"), [("report", 0), ("delete", 180)])
def test_accepted_absences_are_done_with_as_the_connection_says_once(rig: Rig, on_delete: str, removed: int) -> None:
    rig.set_policy(on_delete=on_delete)
    made = in_use(rig)
    for id in made[20:]:
        del rig.source.books["documents"][id]
    stopped(rig, full=True)
    succeeded(rig.run(accept_mass_change=True))
    assert [operation for operation, _ in rig.target.log] == ["delete"] * removed
    succeeded(rig.run(full=True))
    assert rig.target.log == []


def test_an_interrupted_read_that_lacks_most_records_takes_nothing_for_absent(rig: Rig) -> None:
    in_use(rig)
    rig.source.fail_before_page = rig.source.pages + 3
    assert rig.run(full=True).status == "incomplete"
    rig.source.fail_before_page = None
    succeeded(rig.run())
    assert rig.target.log == []


def test_invoices_that_stop_being_eligible_count_until_accepted_and_then_no_more(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made[:61], **ARCHIVED)
    assert "61 of 200 invoices (61 no longer to be sent; ids 1000, " in stopped(rig)
    stopped(rig)
    assert succeeded(rig.run(accept_mass_change=True)).kinds["invoice"].skipped["archived"] == 61
    put(rig, made[61:121], **ARCHIVED)
    succeeded(rig.run())  # 60 more are not 121
    succeeded(rig.run(full=True))
    assert rig.target.log == []


def test_what_was_archived_in_runs_that_passed_counts_again_only_when_it_is_to_be_removed(rig: Rig) -> None:
    made = in_use(rig)
    for start in (0, 60):
        put(rig, made[start : start + 60], **ARCHIVED)
        succeeded(rig.run())
    rig.set_policy(on_delete="delete")
    assert "120 of 200 invoices (120 no longer to be sent" in stopped(rig)
    succeeded(rig.run(accept_mass_change=True))
    assert len(rig.target.log) == 120


def test_exclusions_that_change_are_weighed_without_an_event_from_the_source(rig: Rig) -> None:
    made = in_use(rig)
    pages = rig.source.pages
    rig.set_policy(decide=ExcludedCustomers({"0", "1"}).decide, excluded=frozenset({"0", "1"}))
    assert f"{len(made) * 2 // 5} of 200 invoices" in stopped(rig)
    assert rig.source.pages == pages + 2
    rig.set_policy(decide=None, excluded=frozenset())
    succeeded(rig.run())
    assert rig.target.log == []


def test_an_invoice_counts_once_however_much_of_it_changes(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made[:60], "99.00", paid=True)
    succeeded(rig.run())
    assert len(rig.target.log) == 120


def test_an_invoice_counts_when_only_something_beside_it_is_to_be_written_or_taken_back(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made[:61], paid=True)
    assert "61 of 200 invoices (61 to be changed" in stopped(rig)
    succeeded(rig.run(accept_mass_change=True))
    put(rig, made[:61])
    assert "61 of 200 invoices (61 to be changed" in stopped(rig)
    put(rig, made[:61], paid=True)
    succeeded(rig.run())
    assert rig.target.log == []


def test_a_first_run_that_was_cut_short_goes_on(rig: Rig) -> None:
    rig.source.put(*[customer(str(id)) for id in range(CUSTOMERS)])
    put(rig, ids(1000, 120), paid=True)

    def cut(delivery: Any) -> None:
        if delivery.part:
            raise RunError("the target can't be reached")

    rig.target.before_push = cut
    assert rig.run().status == "incomplete"
    there = [reference for reference in rig.target.held if "-invoice-" in reference]
    assert len(there) >= 50
    assert not any(reference.endswith("-fix") for reference in there)
    rig.target.before_push = lambda _: None
    succeeded(rig.run())
    assert len(rig.target.held) == CUSTOMERS + 120 * 2


def test_an_accepted_run_that_was_cut_short_goes_on_without_being_accepted_again(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made, "12000.00")
    stopped(rig)
    rig.target.before_push = _failing_after(rig, 50)
    assert rig.run(accept_mass_change=True).status == "incomplete"
    rig.target.before_push = lambda _: None
    succeeded(rig.run())
    assert {rig.target.held[f"ledger-invoice-{id}"]["amount"] for id in made} == {1200000}


def _failing_after(rig: Rig, number: int) -> Any:
    def fail(_: Any) -> None:
        if len(rig.target.log) >= number:
            raise RunError("the target can't be reached")

    return fail


def test_writes_the_target_refuses_are_not_weighed_again_by_later_runs(rig: Rig) -> None:
    made = in_use(rig)

    def refuse(_: Any) -> None:
        raise RecordError("not today")

    rig.target.before_push = refuse
    put(rig, made[:60], "99.00")
    assert rig.run().rejected == 60
    rig.target.before_push = lambda _: None
    put(rig, made[60:120], "99.00")
    succeeded(rig.run())
    assert len(rig.target.log) == 60


def test_records_that_can_no_longer_be_understood_count(rig: Rig) -> None:
    made = in_use(rig)
    put(rig, made[:61], broken="a status nobody knows")
    assert "61 of 200 invoices (61 no longer to be sent" in stopped(rig)


def test_a_full_read_that_finds_nothing_stops_whatever_the_numbers_and_nothing_is_taken_for_deleted(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    made = in_use(rig, 3)
    books = dict(rig.source.books["documents"])
    rig.source.books["documents"].clear()
    said = stopped(rig, full=True)
    assert "documents: a complete read found nothing of the 3 that had been sent" in said
    assert "`duebridge sync rig --accept-mass-change`" in said
    assert stopped(rig) == stopped(rig) == said

    rig.source.books["documents"].update(books)
    report = succeeded(rig.run())
    assert (rig.target.log, report.kinds["invoice"].outcomes["unchanged"]) == ([], len(made))


def test_an_accepted_empty_read_removes_what_was_sent(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    in_use(rig, 3)
    rig.source.books["documents"].clear()
    stopped(rig, full=True)
    report = succeeded(rig.run(accept_mass_change=True))
    assert report.kinds["invoice"].outcomes["deleted"] == 3
    succeeded(rig.run(full=True))
    assert rig.target.log == []


def test_a_full_read_that_finds_nothing_passes_where_nothing_is_held(rig: Rig) -> None:
    rig.source.put(customer("0"))
    put(rig, ["10", "11"], draft=True)
    succeeded(rig.run())
    rig.source.books["documents"].clear()
    succeeded(rig.run(full=True))


def test_a_few_records_that_the_source_says_are_deleted_do_not_stop_a_run(rig: Rig) -> None:
    made = in_use(rig, 3)
    for id in made:
        rig.source.remove("documents", id)
    assert succeeded(rig.run()).kinds["invoice"].outcomes["gone"] == 3
    succeeded(rig.run(full=True))


def test_an_empty_read_counts_what_may_be_held_after_an_attempt_nobody_saw_the_end_of(rig: Rig) -> None:
    rig.source.put(customer("0"))
    put(rig, ["10"])

    def die(delivery: Any) -> None:
        if delivery.kind == "invoice":
            raise KeyboardInterrupt

    rig.target.after_push = die
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    rig.target.after_push = lambda _: None
    rig.source.books["documents"].clear()
    assert "nothing of the 1 that had been sent" in stopped(rig, full=True)


def test_another_company_behind_the_same_credentials_stops_the_run_before_anything_is_read(rig: Rig) -> None:
    in_use(rig, 3)
    rig.source.account = Account("books-2", "Other books")
    pages = rig.source.pages
    said = stopped(rig)
    assert "Other books (id books-2)" in said
    assert "The books (id books-1)" in said
    assert "`duebridge sync rig --accept-mass-change`" in said
    assert stopped(rig, full=True) == said
    assert rig.source.pages == pages
    rig.source.account = Account("books-1", "The books, renamed")
    succeeded(rig.run())


def test_an_accepted_company_is_read_in_full_and_the_one_before_counts_as_gone(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    made = in_use(rig, 60)
    put(rig, ["7000"])
    rig.source.books = {"customers": {}, "documents": {}}
    rig.source.changes.clear()
    rig.source.put(customer("90"), invoice("2000", "90"))
    rig.source.account = Account("books-2", "")
    assert "the company with id books-2" in stopped(rig)
    succeeded(rig.run(accept_mass_change=True))
    assert set(rig.target.held) == {"ledger-customer-90", "ledger-invoice-2000"}
    assert ("delete", f"ledger-invoice-{made[0]}") in rig.target.log
    succeeded(rig.run())
    rig.source.account = Account("books-1", "The books")
    stopped(rig)


def test_before_anything_is_sent_the_company_may_change_and_nothing_of_the_first_one_is_sent(rig: Rig) -> None:
    rig.source.put(customer("0"), *[invoice(id, "0") for id in ids(10, 30)])
    rig.source.fail_before_page = 2
    assert rig.run().status == "incomplete"
    rig.source.fail_before_page = None
    rig.source.books = {"customers": {}, "documents": {}}
    rig.source.put(customer("90"), invoice("2000", "90"))
    rig.source.account = Account("books-2", "Other books")
    report = succeeded(rig.run())
    assert any("nothing had been sent yet" in note for note in report.notes)
    assert set(rig.target.held) == {"ledger-customer-90", "ledger-invoice-2000"}


@given(linked=st.integers(0, 400), moved=st.integers(0, 400), percent=st.integers(1, 100), least=st.integers(0, 100))
def test_the_limits_are_exact(linked: int, moved: int, percent: int, least: int) -> None:
    moved = min(moved, linked)
    assert Limits(percent / 100, least).exceeded(moved, linked) == (moved >= least and moved * 100 > percent * linked)


@settings(max_examples=15, deadline=None)
@given(data=st.data(), linked=st.integers(1, 25), percent=st.integers(1, 100), least=st.integers(0, 12))
def test_whatever_way_records_move_their_number_alone_decides(
    data: st.DataObject, linked: int, percent: int, least: int
) -> None:
    ways = data.draw(
        st.lists(st.sampled_from(["stays", "changes", "settles", "archived", "gone"]), min_size=linked, max_size=linked)
    )
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(f"sqlite:///{Path(folder) / 'rig.db'}")
        made = in_use(rig, linked + 1)
        rig.set_policy(guard=Limits(percent / 100, least))
        for id, way in zip(made[1:], ways, strict=True):
            _move(rig, id, way)
        moved = sum(way != "stays" for way in ways)
        report = rig.run(full=True)
        assert (report.status == "stopped") == (moved >= least and moved * 100 > percent * (linked + 1)), report.error
        assert report.status == "stopped" or (report.consistent() and report.status == "succeeded")
        assert (rig.run(full=True).status == "stopped") == (report.status == "stopped")
        rig.close()


def _move(rig: Rig, id: str, way: str) -> None:
    match way:
        case "changes":
            put(rig, [id], "99.00")
        case "settles":
            put(rig, [id], paid=True)
        case "archived":
            put(rig, [id], **ARCHIVED)
        case "gone":
            rig.source.remove("documents", id)
