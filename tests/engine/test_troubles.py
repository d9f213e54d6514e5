"""What a run does when the source or the target makes trouble, and how the next one goes on."""

from pathlib import Path

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.report import Report
from duebridge.core.errors import AuthError, RecordError, RunError, UnknownOutcome
from duebridge.core.testing import Rig, credit_note, customer, invoice


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})


def refusing(*references: str, error: Exception):
    """A `before_push` that raises `error` for these references."""

    def refuse(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error

    return refuse


def accepting(delivery: Delivery) -> None:
    """A `before_push` that lets everything pass."""


def test_a_read_that_fails_keeps_what_was_read_and_writes_nothing(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(35)])
    rig.source.fail_before_page = 2
    report = rig.run()
    assert (report.status, report.exit_code, rig.target.log) == ("incomplete", 1, [])
    assert report.error == "the ledger can't be reached; the next run tries again"


def test_an_interrupted_crawl_goes_on_where_it_was(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(35)], invoice("100", "1"))
    rig.source.fail_before_page = 2
    rig.run()
    rig.source.fail_before_page = None
    rig.source.pages = 0
    report = rig.run()
    assert report.status == "succeeded"
    assert rig.source.pages == 3  # two pages of customers were left, one of documents
    assert len(rig.target.held) == 36


@pytest.mark.parametrize("page", range(8))
def test_a_read_that_fails_at_any_page_deletes_nothing_and_the_next_run_completes_it(tmp_path: Path, page: int) -> None:
    rig = Rig(f"sqlite:///{tmp_path / 'rig.db'}")
    rig.set_policy(on_delete="delete")
    rig.source.put(*[customer(str(n)) for n in range(35)], *[invoice(str(100 + n), str(n)) for n in range(35)])
    rig.run()
    rig.source.pages, rig.source.fail_before_page = 0, page
    assert rig.run(full=True).status == "incomplete"
    assert rig.target.log == []
    rig.source.fail_before_page = None
    assert rig.run().status == "succeeded"
    assert (rig.target.log, len(rig.target.held)) == ([], 70)
    rig.close()


def test_a_bookmark_too_old_is_answered_with_a_crawl_and_said(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.source.put(customer("2"), event=False)
    rig.source.expired = True
    report = rig.run()
    assert any("read in full instead" in note for note in report.notes)
    assert rig.target.log == [("create", "ledger-customer-2")]


def test_a_refused_record_is_rejected_with_the_target_s_words_and_retried_later(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.target.before_push = refusing("ledger-invoice-10", error=RecordError("number is taken"))
    report = rig.run()
    assert (report.status, report.rejected) == ("succeeded", 1)
    assert counts(report, "invoice") == {"read": 2, "created": 1, "rejected": 1}
    rig.target.before_push = accepting
    assert rig.run().rejected == 0
    assert rig.target.log == []  # its time has not come
    rig.pass_time(minutes=21)
    report = rig.run()
    assert counts(report, "invoice") == {"read": 1, "created": 1}


def test_a_refused_record_that_changes_is_tried_again_at_once(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refusing("ledger-invoice-10", error=RecordError("number is taken"))
    rig.run()
    rig.target.before_push = accepting
    rig.source.put(invoice("10", "1", number="F-NEW"))
    assert counts(rig.run(), "invoice") == {"read": 1, "created": 1}


def test_the_documents_of_a_refused_customer_wait_for_it(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = refusing("ledger-customer-1", error=RecordError("name is blank"))
    report = rig.run()
    assert counts(report, "customer") == {"read": 1, "rejected": 1}
    assert counts(report, "invoice") == {"read": 1, "customer_not_sent": 1}
    rig.target.before_push = accepting
    rig.pass_time(minutes=21)
    report = rig.run()
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "created": 1})


def test_a_document_whose_link_is_refused_counts_as_rejected_until_the_link_is_taken(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.target.before_push = refusing("ledger-link-11", error=RecordError("nothing left to link"))
    report = rig.run()
    assert counts(report, "credit_note") == {"read": 1, "rejected": 1}
    rig.target.before_push = accepting
    rig.pass_time(minutes=21)
    assert counts(rig.run(), "credit_note") == {"read": 1, "updated": 1}


def test_a_link_waits_for_a_document_that_was_refused(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.target.before_push = refusing("ledger-invoice-10", error=RecordError("number is taken"))
    rig.run()
    assert "ledger-link-11" not in rig.target.held
    rig.target.before_push = accepting
    rig.pass_time(minutes=21)
    rig.run()
    assert "ledger-link-11" in rig.target.held


def test_a_lost_answer_is_unknown_and_settled_by_the_next_run(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.after_push = refusing("ledger-invoice-10", error=UnknownOutcome("no answer"))
    report = rig.run()
    assert (report.status, report.exit_code) == ("incomplete", 1)
    assert counts(report, "invoice") == {"read": 1, "unknown": 1}
    rig.target.after_push = accepting
    report = rig.run()
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "created": 1})
    assert rig.target.log == [("create", "ledger-invoice-10")]


def test_a_change_whose_answer_was_lost_is_sent_again_even_when_it_is_undone_at_the_source(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", "120.00"))
    rig.run()
    rig.source.put(invoice("10", "1", "80.00"))
    rig.target.after_push = refusing("ledger-invoice-10", error=UnknownOutcome("no answer"))
    rig.run()
    rig.target.after_push = accepting
    rig.source.put(invoice("10", "1", "120.00"))
    rig.run()
    assert rig.target.log == [("update", "ledger-invoice-10")]
    assert rig.target.held["ledger-invoice-10"]["amount"] == 12000


def test_an_unreachable_target_ends_the_run_and_the_next_one_goes_on(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(9)])
    rig.target.before_push = refusing("ledger-customer-4", error=RunError("the desk can't be reached"))
    report = rig.run()
    assert (report.status, report.exit_code) == ("incomplete", 1)
    rig.target.before_push = accepting
    report = rig.run()
    assert (report.status, len(rig.target.held)) == ("succeeded", 9)
    assert counts(report, "customer")["created"] == len(rig.target.log)


def test_credentials_that_are_refused_fail_the_run_with_the_exit_code_for_reconnecting(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.target.before_push = refusing("ledger-customer-1", error=AuthError("the key is revoked"))
    report = rig.run()
    assert (report.status, report.exit_code) == ("failed", 3)


def test_a_connector_s_own_defect_leaves_the_write_unknown_and_the_others_settled(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"))
    rig.target.before_push = refusing("ledger-customer-1", error=KeyError("oops"))
    report = rig.run()
    assert counts(report, "customer") == {"read": 2, "created": 1, "unknown": 1}


def test_a_process_that_dies_while_writing_leaves_writes_that_are_made_again(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))

    def die(delivery: Delivery) -> None:
        raise KeyboardInterrupt

    rig.target.after_push = die
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    rig.target.after_push = accepting
    report = rig.run()
    assert report.status == "succeeded"
    assert set(rig.target.held) == {"ledger-customer-1", "ledger-invoice-10"}
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]


def test_a_stop_request_ends_the_run_between_writes(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(30)])

    def stop(delivery: Delivery) -> None:
        rig.stopping.set()

    rig.target.after_push = stop
    report = rig.run()
    assert (report.status, report.exit_code) == ("stopped", 1)
    assert 1 <= len(rig.target.held) <= rig.target.parallel
    rig.stopping.clear()
    rig.target.after_push = accepting
    assert rig.run().status == "succeeded"
    assert len(rig.target.held) == 30


def test_a_refused_link_stays_counted_as_rejected_while_it_waits_for_its_next_try(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.target.before_push = refusing("ledger-link-11", error=RecordError("nothing left to link"))
    rig.run()
    report = rig.run(full=True)
    assert (report.status, rig.target.log) == ("succeeded", [])
    assert counts(report, "credit_note") == {"read": 1, "rejected": 1}
    rig.source.put(invoice("10", "1", due_on="2026-12-24"))
    report = rig.run()
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "updated": 1})


def test_a_removal_that_is_refused_is_reported_gone_with_the_target_s_words(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.remove("customers", "1")
    rig.target.before_push = refusing("ledger-customer-1", error=RecordError("it still has documents"))
    report = rig.run()
    assert (report.status, counts(report, "customer")) == ("succeeded", {"gone": 1})
    assert any("could not be removed: it still has documents" in note for note in report.notes)
    rig.target.before_push = accepting
    rig.pass_time(minutes=21)
    report = rig.run()
    assert (report.status, counts(report, "customer")) == ("succeeded", {"deleted": 1})


def test_taking_back_a_link_of_what_is_gone_counts_the_document_as_gone_whatever_becomes_of_the_link(
    rig: Rig,
) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.remove("documents", "11")
    rig.target.before_push = refusing("ledger-link-11", error=UnknownOutcome("no answer"))
    report = rig.run()
    assert (report.status, counts(report, "credit_note")) == ("incomplete", {"deleted": 1})
    rig.target.before_push = refusing("ledger-link-11", error=RecordError("the month is closed"))
    report = rig.run()
    assert (report.status, counts(report, "credit_note")) == ("succeeded", {})
    assert report.notes == ["credit_note 11: its link could not be taken back: the month is closed"]


def test_a_removal_whose_answer_was_lost_leaves_the_run_incomplete_and_is_made_again(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    rig.target.after_push = refusing("ledger-invoice-10", error=UnknownOutcome("no answer"))
    assert rig.run().status == "incomplete"
    rig.target.after_push = accepting
    report = rig.run()
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"deleted": 1})


def test_documents_whose_customer_comes_while_their_crawl_is_interrupted_are_sent(rig: Rig) -> None:
    rig.source.put(*(invoice(str(n), "1") for n in range(1, 15)))
    rig.run()
    rig.source.fail_before_page = rig.source.pages + 2
    assert rig.run(full=True).status == "incomplete"

    rig.source.fail_before_page = None
    rig.source.put(customer("1"), event=False)
    report = rig.run(full=True)

    assert report.kinds["invoice"].outcomes["gone"] == 0
    assert len(rig.target.held) == 15
