"""What Pennylane's page on importing from Harvest promises, statement by statement, in our words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from duebridge.core.engine.start import Reach

from .desk import Company, Desk, bill, client, line

#: The day the connection begins, by the desk's clock.
TODAY = date(2026, 3, 2)


def issued(id: str, days_ago: int, **values: Any) -> dict[str, Any]:
    return bill(id, issued_on=str(TODAY - timedelta(days=days_ago)), number=f"F-{id}", **values)


def numbers(company: Company) -> set[str]:
    return {each["invoice_number"] for each in company.invoices()}


# --- Customer invoices -----------------------------------------------------------------------------------------------


def test_finalised_invoices_and_credit_notes_are_imported_by_themselves(desk: Desk, company: Company) -> None:
    note = {**bill("13", "1", line("-10.00", "-2.00")), "kind": "credit_note", "number": "A-13"}
    paid, closed = {"status": "paid", "paid": True}, {"status": "paid", "paid": True, "written_off": True}
    desk.source.put(client("1"), bill("10"), bill("11", **paid), bill("12", **closed), note)
    desk.source.put(bill("14", draft=True, status="draft"))
    assert desk.sync().status == "succeeded"
    assert numbers(company) == {"F-10", "F-11", "F-12", "A-13"}


def test_those_issued_from_the_day_of_the_connection_on_go_and_older_ones_do_not(desk: Desk, company: Company) -> None:
    desk.set_policy(reach=Reach())
    desk.source.put(client("1"), issued("10", 0), issued("11", 1), issued("12", 40))
    desk.sync()
    assert numbers(company) == {"F-10"}
    desk.now += timedelta(days=5)
    desk.source.put(issued("13", -4), issued("14", 1))
    desk.sync()
    assert numbers(company) == {"F-10", "F-13"}


def test_up_to_30_days_before_may_be_had_and_no_more(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), issued("10", 0), issued("11", 30), issued("12", 31))
    desk.set_policy(reach=Reach(since=timedelta(days=31)))
    report = desk.sync()
    assert (report.status, report.exit_code) == ("failed", 2)
    assert "history: all" in (report.error or "")
    assert company.writes() == []
    desk.set_policy(reach=Reach(since=timedelta(days=30)))
    desk.sync()
    assert numbers(company) == {"F-10", "F-11"}


def test_the_whole_history_goes_when_it_is_asked_for(desk: Desk, company: Company) -> None:
    desk.source.put(client("1"), issued("10", 0), issued("11", 400))
    desk.set_policy(reach=Reach(history="all"))
    report = desk.sync()
    assert numbers(company) == {"F-10", "F-11"}
    assert any("however old" in note for note in report.notes)


# --- Customers -------------------------------------------------------------------------------------------------------


def test_an_invoice_goes_to_the_account_of_the_customer_who_is_there(desk: Desk, company: Company) -> None:
    account = company.make("ledger_accounts", number="411ACME")
    known = company.make("customers", name="Acme", ledger_account={"id": account["id"]})
    desk.source.put(client("1", name="Acme"), bill("10"))
    desk.sync()
    invoice = company.the_invoice()
    assert invoice["customer"]["id"] == known["id"]
    assert company.entry(invoice["id"])["411ACME"] == {"debit": "120.00", "credit": "0.00"}


def test_a_customer_who_is_not_there_is_added_and_tied_to_the_invoice(desk: Desk, company: Company) -> None:
    desk.source.put(client("1", name="Acme"), bill("10"))
    desk.sync()
    (added,) = company.customers()
    assert (added["name"], company.the_invoice()["customer"]["id"]) == ("Acme", added["id"])


# --- Accounting entries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "side", "other"), [("", "credit", "debit"), ("-", "debit", "credit")])
def test_entries_are_made_and_follow_the_accounting_codes_that_are_given(
    open_desk: Callable[..., Desk], company: Company, sign: str, side: str, other: str
) -> None:
    desk = open_desk(ledger_accounts={"Service": "706100"}, zero_rate_code={"default": "exempt"})
    lines = [
        line(f"{sign}80.00", "0.00", "0", category="Service"),
        line(f"{sign}100.00", f"{sign}20.00", category="No code for this"),
    ]
    made = bill("10", "1", *lines)
    desk.source.put(client("1"), {**made, "kind": "credit_note"} if sign else made)
    desk.sync()
    entry = company.entry(company.the_invoice()["id"])
    assert entry["706100"] == {side: "80.00", other: "0.00"}
    assert entry["706000"] == {side: "100.00", other: "0.00"}
    assert entry["445710"] == {side: "20.00", other: "0.00"}
    assert sum(float(each["debit"]) - float(each["credit"]) for each in entry.values()) == 0
