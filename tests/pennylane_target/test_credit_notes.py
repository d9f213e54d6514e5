"""Credit notes are imported negative, and linked to the invoice their source links them to."""

from __future__ import annotations

from typing import Any

import pytest

from .desk import Company, Desk, bill, client, counts, line


def credit(id: str, *, positive: bool = False, **values: Any) -> dict[str, Any]:
    sign = "" if positive else "-"
    made = bill(id, "1", line(f"{sign}50.00", f"{sign}10.00", unit_price=f"{sign}50.00"), **values)
    return {**made, "kind": "credit_note", "number": f"A-{id}"}


@pytest.mark.parametrize("positive", [False, True])
def test_a_credit_note_has_negative_amounts_whatever_sign_its_source_uses(
    desk: Desk, company: Company, positive: bool
) -> None:
    desk.source.put(client("1"), credit("20", positive=positive))
    report = desk.sync()
    assert counts(report, "credit_note") == {"read": 1, "created": 1}, desk.rejected()
    found = company.the_invoice()
    assert (found["currency_amount"], found["currency_tax"], found["status"]) == ("-60.00", "-10.00", "credit_note")
    (kept,) = company.lines(found["id"])
    assert (kept["currency_amount"], kept["raw_currency_unit_price"], kept["quantity"]) == ("-60.00", "-50", "1")
    entry = company.entry(found["id"])
    assert entry["706000"] == {"debit": "50.00", "credit": "0.00"}


def test_one_that_the_source_links_is_linked_to_its_invoice(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10"), credit("20", invoice_id="10"))
    assert desk.sync().status == "succeeded"
    invoice, note = sorted(company.invoices(), key=lambda each: each["currency_amount"], reverse=True)
    assert note["credited_invoice"]["id"] == invoice["id"]
    assert invoice["remaining_amount_with_tax"] == "60.00"
    written = len(company.writes())
    desk.sync(full=True)
    assert len(company.writes()) == written


def test_one_linked_later_is_linked_later_and_one_linked_elsewhere_is_told(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), bill("10"), bill("11"), credit("20"))
    desk.sync()
    assert all(each["credited_invoice"] is None for each in company.invoices())
    ids = {each["invoice_number"]: each["id"] for each in company.invoices()}
    desk.source.put(credit("20", invoice_id="10"))
    desk.sync()
    assert company.get(f"/customer_invoices/{ids['A-20']}")["credited_invoice"]["id"] == ids["F-10"]
    desk.source.put(credit("20", invoice_id="11"))
    report = desk.sync()
    assert company.get(f"/customer_invoices/{ids['A-20']}")["credited_invoice"]["id"] == ids["F-10"]
    assert report.status == "succeeded"
    assert counts(report, "credit_note") == {"read": 1, "rejected": 1}


def test_references_of_credit_notes_do_not_meet_those_of_invoices(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), credit("20"))
    desk.sync()
    assert company.the_invoice()["external_reference"] == "ledger-books-1-credit_note-20"
