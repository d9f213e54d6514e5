"""What one run after another sends, by what changed at the source."""

from duebridge.core.engine.report import Report
from duebridge.core.testing import Rig, credit_note, customer, invoice


def counts(report: Report, kind: str) -> dict[str, int]:
    """The non-zero counts of `kind`, skip codes included."""
    shown = report.as_json()["kinds"].get(kind, {})
    plain = {name: n for name, n in shown.items() if name != "skipped" and n}
    return plain | shown.get("skipped", {})


def test_a_first_run_sends_every_eligible_record(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", draft=True), credit_note("12", "1"))
    report = rig.run()
    assert report.status == "succeeded"
    assert counts(report, "customer") == {"read": 1, "created": 1}
    assert counts(report, "invoice") == {"read": 2, "created": 1, "draft": 1}
    assert counts(report, "credit_note") == {"read": 1, "created": 1}
    assert set(rig.target.held) == {"ledger-customer-1", "ledger-invoice-10", "ledger-credit_note-12"}


def test_the_customer_is_written_before_its_documents_and_those_before_their_links(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    order = [reference for _, reference in rig.target.log]
    assert order[0] == "ledger-customer-1"
    assert order[-1] == "ledger-link-11"


def test_an_unchanged_run_sends_nothing(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    report = rig.run()
    assert (report.status, rig.target.log) == ("succeeded", [])


def test_an_unchanged_full_run_counts_everything_unchanged_and_sends_nothing(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(30)], *[invoice(str(100 + n), str(n)) for n in range(30)])
    rig.run()
    report = rig.run(full=True)
    assert rig.target.log == []
    assert counts(report, "customer") == {"read": 30, "unchanged": 30}
    assert counts(report, "invoice") == {"read": 30, "unchanged": 30}


def test_only_what_changed_is_sent_again(rig: Rig) -> None:
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"), invoice("11", "2"))
    rig.run()
    rig.source.put(customer("2", name="Renamed"), invoice("10", "1", "50.00"))
    report = rig.run()
    assert sorted(rig.target.log) == [("update", "ledger-customer-2"), ("update", "ledger-invoice-10")]
    assert counts(report, "invoice") == {"read": 1, "updated": 1}


def test_a_change_the_target_does_not_map_is_read_and_not_sent(rig: Rig) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.source.put(customer("1", phone="01 02 03 04 05"))
    report = rig.run()
    assert (counts(report, "customer"), rig.target.log) == ({"read": 1, "unchanged": 1}, [])


def test_a_new_credit_note_links_to_its_invoice_without_sending_the_invoice_again(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.put(credit_note("11", "1", invoice_id="10"))
    rig.run()
    assert rig.target.log == [("create", "ledger-credit_note-11"), ("create", "ledger-link-11")]
    assert rig.target.held["ledger-link-11"] == {"invoice": "10", "amount": "20.00"}


def test_a_credit_note_read_before_its_invoice_is_linked_when_the_invoice_comes(rig: Rig) -> None:
    rig.source.put(customer("1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.put(invoice("10", "1"))
    rig.run()
    assert rig.target.log == [("create", "ledger-invoice-10"), ("create", "ledger-link-11")]


def test_a_paid_invoice_gets_a_fix_for_what_credit_notes_leave(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    rig.run()
    assert rig.target.held["ledger-invoice-10-fix"]["amount"] == "100.00"


def test_a_fix_is_withdrawn_when_the_invoice_is_no_longer_paid(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True))
    rig.run()
    rig.source.put(invoice("10", "1"))
    report = rig.run()
    assert rig.target.log == [("delete", "ledger-invoice-10-fix")]
    assert "ledger-invoice-10-fix" not in rig.target.held
    assert counts(report, "invoice") == {"read": 1, "updated": 1}
    assert rig.run().status == "succeeded"
    assert rig.target.log == []


def test_a_link_that_changes_is_taken_back_before_anything_else_of_its_customer(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", "-20.00", invoice_id="10"))
    rig.run()
    rig.source.put(invoice("10", "1", "15.00"))
    report = rig.run()
    assert rig.target.log == [
        ("release", "ledger-link-11"),
        ("update", "ledger-invoice-10"),
        ("create", "ledger-link-11"),
    ]
    assert report.status == "succeeded"
    assert rig.target.held["ledger-link-11"] == {"invoice": "10", "amount": "15.00"}


def test_an_unlinked_credit_note_gives_its_link_back(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.put(credit_note("11", "1"))
    report = rig.run()
    assert rig.target.log == [("release", "ledger-link-11")]
    assert counts(report, "credit_note") == {"read": 1, "updated": 1}
    assert rig.run().status == "succeeded"
    assert rig.target.log == []


def test_a_credit_note_moved_to_another_invoice_is_linked_there(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("12", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.put(credit_note("11", "1", invoice_id="12"))
    rig.run()
    assert rig.target.log == [("release", "ledger-link-11"), ("create", "ledger-link-11")]
    assert rig.target.held["ledger-link-11"]["invoice"] == "12"


def test_what_is_deleted_at_the_source_is_reported_and_stays_at_the_target(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    report = rig.run()
    assert (counts(report, "invoice"), rig.target.log) == ({"gone": 1}, [])
    assert counts(rig.run(), "invoice") == {}


def test_what_a_complete_crawl_no_longer_finds_counts_as_deleted(rig: Rig) -> None:
    rig.source.put(customer("1"), *[invoice(str(n), "1") for n in range(10, 45)])
    rig.run()
    rig.source.remove("documents", "20", event=False)
    assert counts(rig.run(), "invoice") == {}
    assert counts(rig.run(full=True), "invoice") == {"read": 34, "unchanged": 34, "gone": 1}


def test_with_on_delete_delete_it_is_removed_with_its_links_taken_back_first(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.remove("documents", "11")
    report = rig.run()
    assert rig.target.log == [("release", "ledger-link-11"), ("delete", "ledger-credit_note-11")]
    assert counts(report, "credit_note") == {"deleted": 1}
    assert rig.run().status == "succeeded"
    assert rig.target.log == []


def test_archived_after_it_was_sent_it_counts_as_skipped_and_stays(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.put(invoice("10", "1", archived_at="2026-03-01T00:00:00Z"))
    report = rig.run()
    assert (counts(report, "invoice"), rig.target.log) == ({"read": 1, "archived": 1}, [])


def test_what_was_removed_as_no_longer_eligible_counts_as_skipped_when_it_is_read_again(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("1", "1"))
    rig.run()
    rig.source.put(invoice("1", "1", archived_at="2026-03-02T00:00:00Z"))
    assert counts(rig.run(), "invoice") == {"read": 1, "deleted": 1, "archived": 1}

    report = rig.run(full=True)

    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "archived": 1})
    assert rig.target.log == []


def test_a_kept_invoice_keeps_its_link_when_it_is_archived(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("11", "1", invoice_id="10"))
    rig.run()
    rig.source.put(invoice("10", "1", paid=True, archived_at="2026-03-01T00:00:00Z"))
    rig.run()
    assert rig.target.log == []
    assert {"ledger-link-11", "ledger-invoice-10-fix"} <= set(rig.target.held)


def test_what_comes_back_after_it_was_deleted_is_sent_when_it_differs(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.remove("documents", "10")
    rig.run()
    rig.source.put(invoice("10", "1", "99.00"))
    rig.run()
    assert rig.target.log == [("update", "ledger-invoice-10")]


def test_an_invoice_that_turns_into_a_credit_note_is_reported_gone_and_sent_anew(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.put(credit_note("10", "1"))
    report = rig.run()
    assert rig.target.log == [("create", "ledger-credit_note-10")]
    assert counts(report, "invoice") == {"gone": 1}


def test_a_document_whose_customer_is_unknown_waits_and_is_sent_when_the_customer_comes(rig: Rig) -> None:
    rig.source.put(invoice("10", "1"))
    report = rig.run()
    assert counts(report, "invoice") == {"read": 1, "customer_not_sent": 1}
    rig.source.put(customer("1"))
    report = rig.run()
    assert rig.target.log == [("create", "ledger-customer-1"), ("create", "ledger-invoice-10")]
    assert counts(report, "invoice") == {"read": 1, "created": 1}


def test_a_record_that_can_not_be_understood_is_rejected_with_its_reason_and_the_rest_go_on(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="it has no customer"), invoice("11", "1"))
    report = rig.run()
    assert (report.status, report.exit_code) == ("succeeded", 0)
    assert counts(report, "invoice") == {"read": 2, "created": 1, "rejected": 1}
    rig.source.put(invoice("10", "1"))
    assert counts(rig.run(), "invoice") == {"read": 1, "created": 1}


def test_a_record_once_sent_that_can_not_be_understood_any_more_stays_as_it_was(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True))
    rig.run()
    rig.source.put(invoice("10", "1", broken="a status nobody knows"))
    report = rig.run()
    assert (counts(report, "invoice"), rig.target.log) == ({"read": 1, "rejected": 1}, [])
    rig.source.put(invoice("10", "1", paid=True))
    assert counts(rig.run(), "invoice") == {"read": 1, "unchanged": 1}


def test_an_invoice_that_needs_no_fix_once_a_later_page_is_read_counts_as_unchanged(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), *[invoice(str(n), "1") for n in range(20, 30)])
    rig.run()
    rig.source.put(invoice("10", "1", paid=True), event=False)
    rig.source.put(credit_note("40", "1", "-120.00", invoice_id="10"), event=False)
    report = rig.run(full=True)
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 11, "unchanged": 11})
    assert rig.target.log == [("create", "ledger-credit_note-40"), ("create", "ledger-link-40")]


def test_what_was_removed_while_still_at_the_source_counts_as_skipped_when_it_is_read_again(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    rig.source.put(invoice("10", "1", archived_at="2026-03-01T00:00:00Z"))
    rig.run()
    assert rig.target.log == [("delete", "ledger-invoice-10")]
    report = rig.run(full=True)
    assert (report.status, counts(report, "invoice")) == ("succeeded", {"read": 1, "archived": 1})


def test_an_amount_the_currency_can_not_express_is_rejected_by_the_mapping(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", "10.505"))
    report = rig.run()
    assert counts(report, "invoice") == {"read": 1, "rejected": 1}


def test_a_fix_that_a_later_page_makes_needless_leaves_its_invoice_counted_unchanged(rig: Rig) -> None:
    rig.source.put(customer("1"), *(invoice(str(n), "1", "100.00") for n in range(1, 15)))
    rig.run()

    rig.source.put(invoice("1", "1", "100.00", paid=True), credit_note("15", "1", "-100.00", invoice_id="1"))
    report = rig.run(full=True)

    assert (report.status, report.error) == ("succeeded", None)
    assert counts(report, "invoice") == {"read": 14, "unchanged": 14}
    assert rig.target.log == [("create", "ledger-credit_note-15"), ("create", "ledger-link-15")]


def test_an_invoice_read_unchanged_beside_a_credit_note_that_moves_its_fix_counts_once(rig: Rig) -> None:
    paid, note = invoice("1", "1", "100.00", paid=True), credit_note("2", "1", "-20.00", invoice_id="1")
    rig.source.put(customer("1"), paid, note)
    rig.run()

    rig.source.put(credit_note("2", "1", "-20.00"))
    report = rig.run(full=True)

    assert counts(report, "invoice") == {"read": 1, "updated": 1}
    assert rig.target.held["ledger-invoice-1-fix"]["amount"] == "100.00"


def test_a_fix_that_a_later_page_turns_back_leaves_its_invoice_counted_unchanged(rig: Rig) -> None:
    paid, note = invoice("1", "1", "100.00", paid=True), credit_note("2", "1", "-20.00", invoice_id="1")
    rig.source.put(customer("1"), paid, note, *(invoice(str(n), "1") for n in range(3, 15)))
    rig.run()

    rig.source.put(credit_note("2", "1", "-20.00"), credit_note("15", "1", "-20.00", invoice_id="1"))
    report = rig.run(full=True)

    assert (report.status, report.error) == ("succeeded", None)
    assert counts(report, "invoice") == {"read": 13, "unchanged": 13}
    assert ("update", "ledger-invoice-1-fix") not in rig.target.log


def test_a_link_planned_and_planned_back_in_one_run_leaves_its_credit_note_unchanged(rig: Rig) -> None:
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("20", "1", invoice_id="10"))
    rig.source.put(credit_note("21", "1", "-60.00", invoice_id="10"))
    rig.run()
    rig.source.put(invoice("10", "1", "75.50"))
    rig.source.remove("documents", "20", event=False)  # found missing after the invoice was planned with both
    report = rig.run(full=True)
    assert report.status == "succeeded"
    assert counts(report, "credit_note") == {"read": 1, "unchanged": 1, "deleted": 1}
    assert rig.target.held["ledger-link-21"]["amount"] == "60.00"


def test_a_document_whose_only_write_is_undone_by_a_later_page_counts_as_unchanged(rig: Rig) -> None:
    rig.source.put(customer("1"), *[invoice(str(n), "1") for n in range(10, 20)])
    rig.run()
    rig.source.put(invoice("10", "1", paid=True), credit_note("30", "1", "-120.00", invoice_id="10"))
    report = rig.run(full=True)
    assert (report.status, report.error) == ("succeeded", None)
    assert rig.target.log == [("create", "ledger-credit_note-30"), ("create", "ledger-link-30")]
    assert counts(report, "invoice") == {"read": 10, "unchanged": 10}


def test_a_document_read_again_beside_the_one_that_changes_its_settlement_counts_once(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True))
    rig.run()
    rig.source.put(credit_note("11", "1", invoice_id="10"))
    report = rig.run(full=True)
    assert ("update", "ledger-invoice-10-fix") in rig.target.log
    assert counts(report, "invoice") == {"read": 1, "updated": 1}
