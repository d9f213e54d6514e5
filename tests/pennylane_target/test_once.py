"""Nothing comes into the books twice: lost answers, conflicts, what is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from duebridge.core.sandbox.running import RunningSandbox
from duebridge.core.testing import Fault, faults

from .desk import Company, Desk, bill, client, counts, line

IMPORT, CUSTOMERS, FILES = r"/import$", r"/company_customers$", r"/file_attachments$"


def lost(path: str, times: int | None = None, rate: float = 1.0) -> Fault:
    """Lose the answers to POSTs of `path`, after acting."""
    return Fault(fault="lost_answer", product="pennylane", method="POST", path=path, times=times, rate=rate)


def references(company: Company) -> Counter[str]:
    return Counter(each["external_reference"] for each in company.invoices())


@pytest.mark.parametrize(("path", "unknown"), [(IMPORT, "invoice:10"), (CUSTOMERS, "customer:1")])
def test_a_create_whose_answer_was_lost_is_found_and_not_made_again(
    desk: Desk, company: Company, running: RunningSandbox, path: str, unknown: str
) -> None:
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, lost(path, times=1), seed=1):
        report = desk.sync()
    assert (report.status, report.exit_code) == ("incomplete", 1)
    assert set(desk.reasons("unknown")) == {unknown}
    assert desk.sync().status == "incomplete"  # a search may not show it yet
    desk.pass_time(minutes=2)
    assert desk.sync().status == "succeeded"
    assert references(company) == {"ledger-books-1-invoice-10": 1}
    assert len(company.customers()) == 1


def test_a_change_at_the_source_after_a_lost_import_is_reported_and_the_import_stays_alone(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, lost(IMPORT, times=1), seed=1):
        desk.sync()
    desk.source.put(bill("10", "1", line("200.00", "40.00")))
    desk.pass_time(minutes=2)
    report = desk.sync()
    assert counts(report, "invoice") == {"read": 1, "changed_after_import": 1}
    assert company.the_invoice()["currency_amount"] == "120.00"


def test_a_lost_answer_to_an_upload_costs_a_file_that_belongs_to_nothing(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, lost(FILES, times=2), seed=1):
        assert desk.sync().status == "succeeded"
    assert references(company) == {"ledger-books-1-invoice-10": 1}
    assert company.writes().count("/file_attachments") == 3


def test_an_upload_that_never_succeeds_rejects_its_document_and_imports_nothing(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, lost(FILES), seed=1):
        assert desk.sync().status == "succeeded"
    assert "nothing was imported" in desk.rejected()["invoice:10"]
    assert company.invoices() == []
    desk.pass_time(hours=1)
    assert desk.sync().status == "succeeded"
    assert references(company) == {"ledger-books-1-invoice-10": 1}


def test_with_half_of_all_answers_lost_each_document_stands_once(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    desk.source.put(*[client(str(n)) for n in range(5)], *[bill(str(100 + n), str(n % 5)) for n in range(30)])
    with faults(running.url, lost(".*", rate=0.5), seed=7):
        for _ in range(20):
            if desk.sync().status == "succeeded" and not desk.rejected():
                break
            desk.pass_time(days=1, hours=1)
    assert references(company) == {f"ledger-books-1-invoice-{100 + n}": 1 for n in range(30)}
    assert len(company.customers()) == 5
    assert any(row.get("acted") is not None and row["path"].endswith("/import") for row in company.journal())


# --- what is there already -------------------------------------------------------------------------------------------


def another(desk: Desk, open_desk: Callable[..., Desk]) -> Desk:
    """A connection that remembers nothing, as after a lost database."""
    made = open_desk(**{name: value for name, value in desk.block.items() if name not in ("token", "base_url")})
    made.source.put(client("1"))
    return made


def test_what_an_earlier_database_imported_is_adopted_without_a_write(
    desk: Desk, company: Company, open_desk: Callable[..., Desk]
) -> None:
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    written = len(company.writes())
    again = another(desk, open_desk)
    again.source.put(bill("10"))
    report = again.sync()
    assert counts(report, "invoice") == {"read": 1, "created": 1}
    assert any("adopted" in note for note in report.notes)
    assert len(company.writes()) == written


def test_a_different_document_under_our_reference_is_told_and_nothing_is_imported(
    desk: Desk, company: Company, open_desk: Callable[..., Desk]
) -> None:
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    again = another(desk, open_desk)
    again.source.put(bill("10", "1", line("200.00", "40.00")))
    again.sync()
    assert "currency_amount: 120.00 instead of 240.00" in again.rejected()["invoice:10"]
    assert len(company.invoices()) == 1


@pytest.mark.parametrize(
    ("change", "taken"),
    [({}, False), ({"currency_amount": "130.00"}, True), ({"date": "2026-01-16"}, True), ({"currency": "USD"}, True)],
)
def test_a_document_of_the_same_number_date_and_total_is_taken_for_the_same(
    desk: Desk, company: Company, change: dict[str, Any], taken: bool
) -> None:
    there = {"invoice_number": "F-10", "date": "2026-01-15", "currency_amount": "120.00", **change}
    company.make("customers", name="Customer 1")
    theirs = company.make("customer_invoices", **there)
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    assert len(company.invoices()) == 1 + taken
    if not taken:
        why = desk.rejected()["invoice:10"]
        assert str(theirs["id"]) in why
        assert "twice" in why


def test_a_twin_given_our_reference_is_adopted(desk: Desk, company: Company) -> None:
    customer = company.make("customers", name="Customer 1")
    theirs = company.make(
        "customer_invoices",
        customer={"id": customer["id"]},
        invoice_number="F-10",
        date="2026-01-15",
        deadline="2026-02-15",
        currency_amount="120.00",
        external_reference="ledger-books-1-invoice-10",
    )
    desk.source.put(client("1"), bill("10"))
    report = desk.sync()
    assert counts(report, "invoice") == {"read": 1, "created": 1}
    assert company.the_invoice()["id"] == theirs["id"]


def test_two_documents_of_our_reference_are_for_a_person(desk: Desk, company: Company) -> None:
    company.make("customers", name="Customer 1")
    for _ in range(2):
        company.make("customer_invoices", external_reference="ledger-books-1-invoice-10")
    desk.source.put(client("1"), bill("10"))
    desk.sync()
    assert "2 documents with its reference" in desk.rejected()["invoice:10"]
    assert len(company.invoices()) == 2


def test_an_import_refused_with_a_conflict_is_looked_up_again(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    conflict = Fault(fault="status", status=409, product="pennylane", method="POST", path=IMPORT, times=1)
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, conflict, seed=1):
        desk.sync()
    assert "neither its reference nor its number" in desk.rejected()["invoice:10"]
    desk.pass_time(hours=1)
    assert desk.sync().status == "succeeded"
    assert references(company) == {"ledger-books-1-invoice-10": 1}


def test_a_customer_refused_with_a_conflict_is_looked_up_again(
    desk: Desk, company: Company, running: RunningSandbox
) -> None:
    conflict = Fault(fault="status", status=409, product="pennylane", method="POST", path=CUSTOMERS, times=1)
    desk.source.put(client("1"), bill("10"))
    with faults(running.url, conflict, seed=1):
        desk.sync()
    assert "no customer with the reference" in desk.rejected()["customer:1"]
