"""What becomes of a document that changes, goes back to draft or disappears once it stands in the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from .desk import Company, Desk, bill, client, counts, line

LARGER = bill("10", "1", line("200.00", "40.00"))


def standing(desk: Desk, company: Company) -> int:
    """The id of the document that was imported, and the number of writes made for it."""
    desk.source.put(client("1"), bill("10"))
    assert desk.sync().status == "succeeded"
    id: int = company.the_invoice()["id"]
    return id


def test_a_change_is_reported_and_not_sent(desk: Desk, company: Company, a_day: timedelta) -> None:
    standing(desk, company)
    before, written = company.the_invoice(), len(company.writes())
    desk.source.put(LARGER)
    report = desk.sync()
    assert (report.status, report.exit_code) == ("succeeded", 0)
    assert counts(report, "invoice") == {"read": 1, "changed_after_import": 1}
    why = desk.reasons("skipped")["invoice:10"]
    assert "currency_amount: 120.00 → 240.00" in why
    assert "on_change: update" in why
    assert any("changed_after_import" in note for note in report.notes)
    assert counts(desk.sync(), "invoice") == {}
    desk.now += a_day
    assert counts(desk.sync(), "invoice") == {"read": 1, "changed_after_import": 1}
    assert {**company.the_invoice(), "public_file_url": ""} == {**before, "public_file_url": ""}
    assert len(company.writes()) == written


def test_a_change_made_in_pennylane_by_hand_too_is_settled(desk: Desk, company: Company, a_day: timedelta) -> None:
    id = standing(desk, company)
    desk.source.put(LARGER)
    desk.sync()
    amounts = {"currency_amount": "240.00", "currency_amount_before_tax": "200.00", "currency_tax": "40.00"}
    made = {"label": "Work", "raw_currency_unit_price": "200", "vat_rate": "FR_200", "quantity": "1", **amounts}
    company.alter("customer_invoices", id, **amounts, invoice_lines=[made])
    desk.now += a_day
    assert counts(desk.sync(), "invoice") == {"read": 1, "updated": 1}
    assert counts(desk.sync(full=True), "invoice") == {"read": 1, "unchanged": 1}


def test_a_change_is_sent_where_the_settings_say_so(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk(on_change="update")
    id = standing(desk, company)
    desk.source.put({**LARGER, "due_on": "2026-03-31", "number": "F-10b"})
    assert counts(desk.sync(), "invoice") == {"read": 1, "updated": 1}
    found = company.the_invoice()
    assert (found["id"], found["currency_amount"], found["deadline"]) == (id, "240.00", "2026-03-31")
    assert found["invoice_number"] == "F-10b"
    assert [each["currency_amount"] for each in company.lines(id)] == ["240.00"]
    written = len(company.writes())
    desk.sync(full=True)
    assert len(company.writes()) == written


def test_what_was_reported_is_sent_once_the_settings_say_so(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk()
    standing(desk, company)
    desk.source.put(LARGER)
    desk.sync()
    desk.block["on_change"] = "update"
    assert counts(desk.sync(), "invoice") == {"read": 1, "updated": 1}
    assert company.the_invoice()["currency_amount"] == "240.00"


def test_a_paid_document_is_not_changed(open_desk: Callable[..., Desk], company: Company) -> None:
    desk = open_desk(on_change="update")
    id = standing(desk, company)
    company.make("payments", customer_invoice_id=id)
    desk.source.put(LARGER)
    assert counts(desk.sync(), "invoice") == {"read": 1, "changed_after_import": 1}
    assert "is paid in Pennylane" in desk.reasons("skipped")["invoice:10"]
    assert company.the_invoice()["currency_amount"] == "120.00"


def test_a_new_label_alone_changes_nothing(desk: Desk, company: Company) -> None:
    standing(desk, company)
    written = len(company.writes())
    desk.source.put(bill("10", label="Another subject"))
    report = desk.sync()
    assert counts(report, "invoice") == {"read": 1, "updated": 1}
    assert any("label" in note for note in report.notes)
    assert len(company.writes()) == written


@pytest.mark.parametrize("setting", ["zero_rate_code", "ledger_accounts", "periods", "tax_country"])
def test_other_settings_concern_what_is_imported_from_then_on(
    open_desk: Callable[..., Desk], company: Company, setting: str
) -> None:
    desk = open_desk()
    desk.source.put(client("1"), bill("10", "1", line("100.00", "20.00", category="Service")))
    desk.sync()
    values = {"zero_rate_code": {"default": "exempt"}, "ledger_accounts": {"Service": "706000"}, "periods": True}
    desk.block[setting] = values.get(setting, "FR")
    written = len(company.writes())
    assert counts(desk.sync(), "invoice") == {}
    assert len(company.writes()) == written


@pytest.mark.parametrize("on_delete", ["report", "delete"])
def test_what_is_gone_or_a_draft_again_stays_in_the_books_and_is_told(
    desk: Desk, company: Company, on_delete: str
) -> None:
    desk.set_policy(on_delete=on_delete)
    desk.source.put(client("1"), bill("10"), bill("11"))
    desk.sync()
    desk.source.remove("documents", "10")
    desk.source.put(bill("11", draft=True, status="draft"))
    report = desk.sync()
    assert report.status == "succeeded"
    assert len(company.invoices()) == 2
    assert set(desk.reasons("gone")) == {"invoice:10", "invoice:11"}
    if on_delete == "delete":
        assert any("no way to delete" in note for note in report.notes)


def test_a_document_gone_in_pennylane_is_told_when_it_changes(desk: Desk, company: Company) -> None:
    id = standing(desk, company)
    assert company.http.delete(f"/_sandbox/pennylane/customer_invoices/{id}").status_code == 204
    desk.source.put(LARGER)
    desk.sync()
    assert "no longer in Pennylane" in desk.rejected()["invoice:10"]
    assert company.invoices() == []
