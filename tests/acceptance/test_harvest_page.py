"""Pennylane's page "Pennylane Connect Harvest", statement by statement: do the books show it so?

Sections of the page: Customer invoices, Customers, Accounting entries, What Harvest asks for. A run that has nothing to
do, or little, and what the same account's statuses become at Upflow's desk, follow them.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from .harvest_scene import DESK, NAME, TARGET, Row, Scene, scene, stage

__all__ = ["scene", "stage"]  # fixtures

REFUND = {"quantity": 1, "unit_price": -50}

# --- Customer invoices: finalised ones and credit notes are imported by themselves


@pytest.mark.parametrize("state", ["open", "paid", "closed"])
def test_a_finalised_invoice_is_imported_whatever_became_of_it(scene: Scene, state: str) -> None:
    made = scene.invoice(scene.client(), state=state, issue_date=scene.day(-3), payment_term="net 15")
    scene.synced()
    found = scene.documents()[made["number"]]
    assert found["external_reference"] == f"harvest-1234-invoice-{made['id']}"
    assert (found["date"], found["deadline"], found["draft"]) == (scene.day(-3), scene.day(12), False)
    assert (found["currency"], found["currency_amount"]) == ("EUR", "120.00")
    assert (found["currency_amount_before_tax"], found["currency_tax"]) == ("100.00", "20.00")
    assert [(line["quantity"], line["vat_rate"]) for line in scene.lines(found)] == [("1", "FR_200")]


def test_a_negative_total_is_imported_as_a_credit_note_that_is_linked_to_nothing(scene: Scene) -> None:
    client = scene.client()
    scene.invoice(client)
    note = scene.invoice(client, REFUND)
    scene.synced()
    found = scene.documents()[note["number"]]
    assert (found["status"], found["currency_amount"], found["credited_invoice"]) == ("credit_note", "-60.00", None)


def test_a_draft_is_not_imported_until_it_is_finalised(scene: Scene) -> None:
    client = scene.client()
    made = scene.invoice(client, state="draft")
    run = scene.synced()
    assert (run.writes, run.report["kinds"]["invoice"]["skipped"]) == ([], {"draft": 1})
    scene.clock.ahead += timedelta(hours=2)
    scene.change("invoices", made["id"], state="open")
    scene.synced()
    assert list(scene.documents()) == [made["number"]]


def test_an_invoice_comes_with_harvests_own_pdf(scene: Scene) -> None:
    made = scene.invoice(scene.client())
    scene.synced()
    there = httpx.get(f"{scene.url}/harvest/client/invoices/{made['client_key']}.pdf", timeout=60)
    kept = httpx.get(scene.documents()[made["number"]]["public_file_url"], timeout=60)
    assert kept.content == there.content
    assert made["number"].encode() in kept.content


# --- Customer invoices: from the start on, up to 30 days before, or the whole history


def issued(scene: Scene, client: int, *days_ago: int) -> list[str]:
    """Invoices issued so many days ago; their numbers."""
    return [scene.invoice(client, issue_date=scene.day(-days))["number"] for days in days_ago]


def test_by_default_what_is_issued_from_the_day_the_connection_begins_on_is_imported(scene: Scene) -> None:
    scene.configure(connection="")
    client = scene.client()
    today, _ = issued(scene, client, 0, 1)
    scene.synced()
    assert list(scene.documents()) == [today]
    scene.clock.ahead += timedelta(days=3)
    (since, _) = issued(scene, client, 1, 4)
    scene.synced()
    assert set(scene.documents()) == {today, since}


def test_the_connection_begins_when_it_is_first_checked_by_the_day_of_its_company(scene: Scene) -> None:
    scene.configure(connection="")
    night = scene.clock().replace(hour=23, minute=30)
    scene.clock.ahead += night - scene.clock()
    scene.switch(timezone="Paris")
    app = scene.app()
    try:
        assert app.start(NAME) is None
        app.check(NAME)
        assert app.start(NAME) == date.fromisoformat(scene.day(1))
    finally:
        app.close()
    tomorrow, _ = issued(scene, scene.client(), -1, 0)
    scene.clock.ahead += timedelta(days=2)
    scene.synced()
    assert list(scene.documents()) == [tomorrow]


@pytest.mark.parametrize("since", ["30d", "date"])
def test_invoices_of_up_to_30_days_before_may_be_had_as_well(scene: Scene, since: str) -> None:
    scene.configure(connection=f"since: {scene.day(-30) if since == 'date' else since}")
    today, oldest, _ = issued(scene, scene.client(), 0, 30, 31)
    scene.synced()
    assert set(scene.documents()) == {today, oldest}


def test_more_than_30_days_before_is_refused_and_the_way_to_have_it_is_told(scene: Scene) -> None:
    scene.configure(connection="since: 31d")
    issued(scene, scene.client(), 0, 31)
    for command in ("check", "sync"):
        result = scene.command(command, NAME)
        assert result.exit_code == 2, result.output
        assert "more than 30 days before" in result.output
        assert "`history: all` instead of `since`" in result.output
    assert scene.written() == []


def test_the_whole_history_is_imported_when_it_is_asked_for_and_that_is_said_beforehand(scene: Scene) -> None:
    numbers = issued(scene, scene.client(), 0, 31, 900)
    app = scene.app()
    try:
        notes = app.plan(NAME).as_json()["notes"]
    finally:
        app.close()
    assert "history: all: every document the source has goes to Pennylane, however old" in notes
    assert scene.written() == []
    assert "however old" in " ".join(scene.synced().report["notes"])
    assert set(scene.documents()) == set(numbers)


# --- Customers: attached where they are, added where they aren't


@pytest.mark.parametrize("known_by", ["reference", "name", "e-mail"])
def test_an_invoice_goes_to_the_account_of_the_customer_who_is_there(scene: Scene, known_by: str) -> None:
    client = scene.client("Acme SAS")
    scene.add("contacts", client_id=client, email="compta@acme.example")
    known: dict[str, Row] = {
        "reference": {"name": "In the books", "external_reference": f"harvest-1234-client-{client}"},
        "name": {"name": "Acme SAS"},
        "e-mail": {"name": "In the books", "emails": ["Compta@acme.example"]},
    }
    account = scene.book("ledger_accounts", number="411ACME")
    there = scene.known(ledger_account={"id": account["id"]}, **known[known_by])
    scene.known(name="Somebody else", emails=["z@acme.example"])
    made = scene.invoice(client)

    scene.synced()

    found = scene.documents()[made["number"]]
    assert found["customer"]["id"] == there
    assert _accounts(scene.entry(found))["411ACME"] == Decimal(120)
    assert len(scene.customers()) == 2


def test_a_customer_once_attached_stays_the_one_whatever_is_renamed(scene: Scene) -> None:
    client = scene.client("Acme SAS")
    there = scene.known(name="Acme SAS")
    scene.invoice(client)
    scene.synced()
    scene.clock.ahead += timedelta(hours=2)
    scene.change("clients", client, name="Acme International")
    second = scene.invoice(client)
    scene.synced()
    assert scene.documents()[second["number"]]["customer"]["id"] == there
    assert [each["name"] for each in scene.customers()] == ["Acme SAS"]


def test_a_customer_who_is_not_there_is_added_and_the_invoice_attached(scene: Scene) -> None:
    client = scene.client("Nouvelle SARL", address="3 quai Saint-Antoine\r\n69002 Lyon\r\nFrance")
    scene.add("contacts", client_id=client, email="compta@nouvelle.example")
    scene.client("Nobody invoices this one")
    first, second = scene.invoice(client), scene.invoice(client)

    scene.synced()

    (added,) = scene.customers()
    assert (added["name"], added["emails"]) == ("Nouvelle SARL", ["compta@nouvelle.example"])
    assert added["external_reference"] == f"harvest-1234-client-{client}"
    address = {"address": "3 quai Saint-Antoine", "postal_code": "69002", "city": "Lyon", "country_alpha2": "FR"}
    assert {name: added["billing_address"][name] for name in address} == address
    documents = scene.documents()
    assert {documents[made["number"]]["customer"]["id"] for made in (first, second)} == {added["id"]}


# --- Accounting entries: made for what is imported, by the accounting codes that are given


@pytest.mark.parametrize("sign", [1, -1], ids=["invoice", "credit note"])
def test_entries_balance_and_follow_the_accounting_code_of_each_category(scene: Scene, sign: int) -> None:
    scene.configure(target=f"{TARGET}\nledger_accounts: {{Service: 706100}}")
    made = scene.invoice(
        scene.client(),
        {"kind": "Service", "unit_price": 80 * sign, "taxed": False},
        {"kind": "No code for this", "unit_price": 100 * sign},
    )
    scene.synced()

    found = scene.entry(scene.documents()[made["number"]])
    accounts = _accounts(found)
    customers = next(number for number in accounts if number.startswith("411"))
    # to the debit, or to the credit when it is negative
    expected = {customers: 200, "706100": -80, "706000": -100, "445710": -20}
    assert accounts == {number: Decimal(value * sign) for number, value in expected.items()}
    debit, credit = (sum(Decimal(line[side]) for line in found["ledger_entry_lines"]) for side in ("debit", "credit"))
    assert debit == credit == 200


@pytest.mark.parametrize(("number", "says"), [("706999", "is not there"), ("530000", "is not in use")])
def test_an_accounting_code_that_can_not_be_used_is_told_and_no_other_is_taken(
    scene: Scene, number: str, says: str
) -> None:
    scene.configure(target=f"{TARGET}\nledger_accounts: {{Service: {number}}}")
    client = scene.client()
    made, other = scene.invoice(client), scene.invoice(client, {"kind": "Product"})
    scene.sync()
    why = scene.rejected()[f"invoice {made['id']}"]
    assert f"ledger account {number} {says}; correct `ledger_accounts`" in why
    assert list(scene.documents()) == [other["number"]]


def _accounts(entry: Row) -> dict[str, Decimal]:
    """What stands on each account of an entry, debit positive."""
    return {
        line["ledger_account"]["number"]: Decimal(line["debit"]) - Decimal(line["credit"])
        for line in entry["ledger_entry_lines"]
    }


# --- What Harvest asks for: token and account, web address


def test_the_token_and_the_account_as_harvest_shows_them_are_enough(scene: Scene) -> None:
    result = scene.command("check", NAME)
    assert result.exit_code == 0, result.output
    assert "Studio Aurore SARL" in result.output
    assert "1234" in result.output
    assert "sandbox-harvest" not in result.output


@pytest.mark.parametrize("domain", ["", "domain: '{0}/harvest'", "domain: '{0}/harvest/'"])
def test_pdfs_come_from_the_web_address_that_is_given_or_else_the_one_harvest_tells(scene: Scene, domain: str) -> None:
    scene.configure(source=domain.format(scene.url))
    if domain:
        scene.switch(web_address="http://127.0.0.1:9")
    made = scene.invoice(scene.client())
    scene.synced()
    assert list(scene.documents()) == [made["number"]]
    paths = [row["path"] for row in scene.asked("harvest")]
    assert paths.count(f"/harvest/client/invoices/{made['client_key']}.pdf") == 1


@pytest.mark.parametrize(
    "domain", ["studio-aurore", "studio-aurore.harvestapp.com", "https://studio-aurore.harvestapp.com/settings"]
)
def test_the_web_address_is_taken_however_it_was_copied(scene: Scene, domain: str) -> None:
    scene.switch(web_address="https://studio-aurore.harvestapp.com")
    scene.configure(source=f"domain: '{domain}'")
    result = scene.command("check", NAME)
    assert result.exit_code == 0, result.output
    assert "studio-aurore.harvestapp.com" in result.output


# --- Later runs


def test_a_second_run_writes_nothing_and_reading_everything_again_changes_that_neither(scene: Scene) -> None:
    states = ("open", "paid", "closed")
    for client in [scene.client(f"Client {n}") for n in range(3)]:
        for state in states:
            scene.invoice(client, state=state)
        scene.invoice(client, REFUND)
    first = scene.synced()
    assert len(first.writes) == 3 + 2 * 12
    scene.clock.ahead += timedelta(hours=2)
    assert scene.synced().writes == []
    assert scene.synced(full=True).writes == []


def test_one_changed_client_and_one_new_invoice_are_exactly_what_is_written(scene: Scene) -> None:
    changed, other = scene.client("Before"), scene.client("Other")
    for client in (changed, other):
        scene.invoice(client)
    scene.synced()
    scene.clock.ahead += timedelta(hours=2)
    scene.change("clients", changed, name="After")
    made = scene.invoice(other)

    run = scene.synced()

    customer = next(each["id"] for each in scene.customers() if each["name"] == "After")
    assert sorted(run.writes) == [
        ("POST", "/customer_invoices/import"),
        ("POST", "/file_attachments"),
        ("PUT", f"/company_customers/{customer}"),
    ]
    kinds = run.report["kinds"]
    assert (kinds["customer"]["updated"], kinds["invoice"]["created"]) == (1, 1)
    assert made["number"] in scene.documents()
    assert scene.synced().writes == []


# --- The same account at Upflow: statuses as they should arrive there


@pytest.mark.parametrize(
    ("given", "state", "outstanding"),
    [
        ({"due": 5}, "DUE", 12000),
        ({"due": 0}, "DUE", 12000),
        ({"due": -1}, "OVERDUE", 12000),
        ({"due": -1, "state": "paid"}, "PAID", 0),
        ({"due": -1, "state": "closed"}, "PAID", 0),
    ],
    ids=["open", "due today", "due yesterday", "paid", "closed"],
)
def test_at_upflow_an_invoice_reads_due_overdue_or_paid_and_a_closed_one_is_not_chased(
    scene: Scene, given: dict[str, Any], state: str, outstanding: int
) -> None:
    days, values = given["due"], {name: value for name, value in given.items() if name != "due"}
    made = scene.invoice(scene.client(), issue_date=scene.day(-30), due_date=scene.day(days), **values)
    scene.synced(DESK)
    found = scene.desk("invoices")[f"harvest-invoice-{made['id']}"]
    assert (found["state"], found["amountOutstanding"], found["grossAmount"]) == (state, outstanding, 12000)
    scene.clock.ahead += timedelta(days=10)
    (customer,) = scene.desk("customers").values()
    assert scene.desk("invoices")[f"harvest-invoice-{made['id']}"]["state"] == ("OVERDUE" if outstanding else "PAID")
    assert customer["name"] == "Acme SAS"


def test_at_upflow_a_draft_stays_out(scene: Scene) -> None:
    client = scene.client()
    scene.invoice(client, state="draft")
    kept = scene.invoice(client)
    run = scene.synced(DESK)
    assert list(scene.desk("invoices")) == [f"harvest-invoice-{kept['id']}"]
    assert run.report["kinds"]["invoice"]["skipped"] == {"draft": 1}


def test_at_upflow_a_negative_total_is_a_credit_note_linked_to_nothing(scene: Scene) -> None:
    client = scene.client()
    invoice, note = scene.invoice(client), scene.invoice(client, REFUND)
    scene.synced(DESK)
    assert list(scene.desk("invoices")) == [f"harvest-invoice-{invoice['id']}"]
    found = scene.desk("credit_notes")[f"harvest-credit_note-{note['id']}"]
    assert (found["grossAmount"], found["amountUnlinked"], found["linkedInvoices"]) == (6000, 6000, [])
