"""Afakto's page "Connect Pennylane to Afakto", statement by statement: from the YAML file to what is delivered.

The section's name comes first in each group. What a person does in Afakto's or Pennylane's own screens is not ours; of
such a step the test shows what the connection has in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from duebridge.core.api import ConfigError
from duebridge.core.scheduler import Scheduler

from ..afakto.scene import CODE, NAME, SCOPES, SIREN, SIRET, VAT, Row, Scene, Served
from ..afakto.staging import OpenScene, afakto_scene, afakto_served, installed

__all__ = ["afakto_scene", "afakto_served", "installed"]

ADDRESS = {"address": "12 rue de la Paix", "postal_code": "75002", "city": "Paris", "country_alpha2": "FR"}


@pytest.fixture
def ledger(afakto_scene: OpenScene) -> Scene:
    """A ledger without customers and documents: what a test makes is all there is."""
    return afakto_scene(customers=0, invoices=0)


@pytest.fixture
def acme(ledger: Scene) -> int:
    """A customer with one open invoice, F-1; its id."""
    id = ledger.customer()
    ledger.invoice(id, "F-1")
    return id


# --- What does this integration do?


def test_clients_and_their_invoices_are_at_afakto_without_anybody_entering_them(ledger: Scene, acme: int) -> None:
    ledger.synced()
    company = ledger.book().companies[CODE]
    assert company.buyers[str(acme)]["BUYER_NAME"] == "Acme"
    assert company.invoices["F-1"]["BUYER_CODE"] == str(acme)


def test_what_is_billed_since_is_there_after_the_next_sync(ledger: Scene, acme: int) -> None:
    ledger.synced()
    ledger.invoice(acme, "F-2")
    ledger.invoice(ledger.customer(name="Newcomer"), "F-3")
    ledger.synced()
    assert ledger.invoices().keys() == {"F-1", "F-2", "F-3"}
    assert {row["BUYER_NAME"] for row in ledger.rows("buyers")} == {"Acme", "Newcomer"}


def test_what_is_paid_since_is_closed_after_the_next_sync(ledger: Scene, acme: int) -> None:
    paid = ledger.invoice(acme, "F-2")
    ledger.synced()
    ledger.change("customer_invoices", paid, paid=True)
    ledger.synced()
    assert ledger.book().companies[CODE].invoices["F-2"]["BALANCE"] == "0"


# --- Data synced: your clients


def test_every_client_is_synced_one_without_invoices_too(ledger: Scene) -> None:
    ids = {str(ledger.customer(name=name)) for name in ("A", "B", "C")}
    ledger.synced()
    assert ledger.buyers().keys() == ids
    assert {row["CURRENCY"] for row in ledger.rows("buyers")} == {"EUR"}


def test_clients_come_with_their_company_name(ledger: Scene) -> None:
    company = ledger.customer(name='Vergers du Lac, "SARL" & fils')
    person = ledger.customer(customer_type="individual", name="Lovelace", first_name="Ada", last_name="Lovelace")
    ledger.synced()
    assert ledger.buyers()[str(company)]["BUYER_NAME"] == 'Vergers du Lac, "SARL" & fils'
    assert ledger.buyers()[str(person)]["BUYER_NAME"] == "Ada Lovelace"


def test_clients_come_with_their_contact_details(ledger: Scene) -> None:
    id = ledger.customer(
        emails=["compta@acme.example", "other@acme.example"],
        phone="+33102030405",
        recipient="Service comptable",
        billing_address=ADDRESS,
        payment_conditions="45_days",
    )
    ledger.synced()
    row = ledger.buyers()[str(id)]
    assert (row["CONTACT_NAME"], row["CONTACT_EMAIL"], row["CONTACT_PHONE"]) == (
        "Service comptable",
        "compta@acme.example",
        "+33102030405",
    )
    assert [row[f"ADDRESS_{part}"] for part in ("STREET_NAME", "POSTAL_CODE", "CITY", "COUNTRY")] == [
        "12 rue de la Paix",
        "75002",
        "Paris",
        "FR",
    ]
    assert row["PAYMENT_TERMS"] == "45"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"reg_no": SIREN}, ("SIREN", SIREN)),
        ({"reg_no": "732 829 320 00074"}, ("SIRET", SIRET)),
        ({"vat_number": VAT}, ("VAT", VAT)),
        ({"vat_number": "DE136695976"}, ("VAT", "DE136695976")),
        ({"reg_no": "732829321"}, ("", "")),
    ],
)
def test_clients_come_with_their_identifier_under_its_own_sort(
    ledger: Scene, given: Row, expected: tuple[str, str]
) -> None:
    id = ledger.customer(**given)
    run = ledger.synced()
    row = ledger.buyers()[str(id)]
    assert (row["ID_TYPE"], row["ID_NUMBER"]) == expected
    assert ("go without ID_TYPE" in run.told) is (expected == ("", ""))


# --- Data synced: your client invoices and electronic invoices


def test_invoices_come_with_their_amounts(ledger: Scene, acme: int) -> None:
    part = ledger.invoice(acme, "F-2")
    ledger.make("payments", customer_invoice_id=part, currency_amount="450.50")
    ledger.synced()
    rows = ledger.invoices()
    assert [(row["AMOUNT"], row["TAX"], row["BALANCE"]) for row in (rows["F-1"], rows["F-2"])] == [
        ("1200.00", "200.00", "1200.00"),
        ("1200.00", "200.00", "749.50"),
    ]


def test_invoices_come_in_their_own_currency_under_a_buyer_of_it(ledger: Scene, acme: int) -> None:
    ledger.invoice(acme, "F-2", currency="USD")
    ledger.synced()
    row = ledger.invoices()["F-2"]
    assert (row["CURRENCY"], row["BUYER_CODE"]) == ("USD", f"{acme}-USD")
    assert {code: buyer["CURRENCY"] for code, buyer in ledger.buyers().items()} == {
        str(acme): "EUR",
        f"{acme}-USD": "USD",
    }


def test_invoices_come_with_their_dates(ledger: Scene, acme: int) -> None:
    ledger.invoice(acme, "F-2", date="2026-03-02", deadline="2026-04-01")
    ledger.synced()
    row = ledger.invoices()["F-2"]
    assert (row["INV_DATE"], row["DUE_DATE"]) == ("2026-03-02", "2026-04-01")


def test_invoices_come_with_their_status(ledger: Scene, acme: int) -> None:
    ledger.invoice(acme, "F-2", date=ledger.day(-60), deadline=ledger.day(-10))
    part = ledger.invoice(acme, "F-3")
    ledger.make("payments", customer_invoice_id=part, currency_amount="100.00")
    ledger.synced()
    told = {row["invoice_number"]: row["status"] for row in ledger.ledger("customer_invoices")}
    assert {number: row["STATUS"] for number, row in ledger.invoices().items()} == told
    assert told == {"F-1": "upcoming", "F-2": "late", "F-3": "partially_paid"}


def test_electronic_invoices_come_with_their_status(ledger: Scene, acme: int) -> None:
    flow = {"id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}
    ledger.invoice(acme, "F-2", e_invoicing={"status": "approved", "reason": None, "flow": flow})
    ledger.synced()
    rows = ledger.invoices()
    assert (rows["F-1"]["E_INVOICING_STATUS"], rows["F-2"]["E_INVOICING_STATUS"]) == ("", "approved")


def test_credit_notes_come_with_what_no_invoice_has_used_up(ledger: Scene, acme: int) -> None:
    ledger.credit(acme, "A-1", "-240.00", currency_amount_before_tax="-200.00", currency_tax="-40.00")
    credited = ledger.invoice(acme, "F-2")
    ledger.credit(acme, "A-2", "-240.00", of=credited)
    small = ledger.invoice(acme, "F-3", currency_amount="100.00", currency_tax="0.00")
    ledger.credit(acme, "A-3", "-150.00", of=small)
    ledger.synced()
    rows = ledger.invoices()
    assert {number: row["BALANCE"] for number, row in rows.items()} == {
        "F-1": "1200.00",
        "F-2": "960.00",
        "A-1": "-240.00",
        "A-3": "-50.00",
    }
    assert (rows["A-1"]["INV_TYPE"], rows["A-1"]["AMOUNT"], rows["A-1"]["TAX"]) == ("CREDIT_NOTE", "-240.00", "-40.00")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"draft": True}, "draft"),
        ({"archived_at": "2026-01-15T10:00:00.000000Z"}, "archived"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "estimate_pending"}, "other_document"),
        ({"paid": True}, "settled"),
    ],
)
def test_what_is_no_open_invoice_stays_out_and_is_counted(ledger: Scene, acme: int, given: Row, code: str) -> None:
    ledger.invoice(acme, "F-2", **given)
    run = ledger.synced()
    assert ledger.invoices().keys() == {"F-1"}
    assert run.report["kinds"]["invoice"]["skipped"] == {code: 1}


def test_two_documents_with_one_number_stay_out_and_are_told(ledger: Scene, acme: int) -> None:
    ledger.synced()
    twins = {ledger.invoice(acme, "F-2"), ledger.invoice(acme, "F-2")}
    run = ledger.synced()
    assert ledger.invoices().keys() == {"F-1"}
    assert run.report["kinds"]["invoice"]["rejected"] == 2
    app = ledger.app()
    try:
        found = list(app.records(NAME, outcome="rejected"))
    finally:
        app.close()
    assert {int(row["id"]) for row in found} == twins
    ledger.change("customer_invoices", twins.pop(), invoice_number="F-3")
    assert ledger.synced().report["kinds"]["invoice"]["rejected"] == 0
    assert ledger.invoices().keys() == {"F-1", "F-2", "F-3"}


# --- Data synced: access is read-only; Can Afakto modify my Pennylane data?


def test_nothing_but_reads_of_clients_invoices_and_the_token_is_asked_of_pennylane(afakto_scene: OpenScene) -> None:
    scene = afakto_scene(customers=40, invoices=300)
    runs = [scene.synced(), scene.synced()]
    asked = [row for run in runs for row in run.asked]
    assert asked
    assert {row["method"] for row in asked} == {"GET"}
    below = {row["path"].removeprefix("/pennylane/api/external/v2/").partition("/")[0] for row in asked}
    assert below == {"me", "customers", "customer_invoices"}


def everything_in(scene: Scene) -> list[Row]:
    """The ledger's customers and documents; addresses of files, which are made anew each time, apart."""
    rows = [row for name in ("customers", "customer_invoices") for row in scene.ledger(name)]
    return [{name: value for name, value in row.items() if name != "public_file_url"} for row in rows]


def test_a_sync_changes_nothing_in_the_ledger(afakto_scene: OpenScene) -> None:
    scene = afakto_scene(customers=20, invoices=100)
    before = everything_in(scene)
    scene.synced()
    assert everything_in(scene) == before


# --- Prerequisites


def test_a_company_at_afakto_is_asked_for(ledger: Scene) -> None:
    block = ledger.block()
    del block["target"]["company_code"]
    ledger.connect({NAME: block})
    with pytest.raises(ConfigError, match=r"company_code: missing"):
        ledger.sync()


def test_an_account_at_pennylane_that_is_no_longer_valid_asks_for_somebody(ledger: Scene, acme: int) -> None:
    ledger.synced()
    before = ledger.files("invoices")
    ledger.switch(token_valid=False)
    run = ledger.sync()
    assert (run.exit_code, run.report["status"]) == (3, "failed")
    assert ledger.files("invoices") == before


# --- Steps 1 and 2: the company, and where its data comes from


def test_a_connection_names_the_company_at_afakto_and_check_shows_both_ends(ledger: Scene) -> None:
    app = ledger.app()
    try:
        accounts = app.check(NAME)
    finally:
        app.close()
    assert accounts["source"].name
    assert accounts["target"].id == CODE
    assert str(ledger.delivered) in accounts["target"].detail


# --- Step 3: authorize access in Pennylane


def test_exactly_the_two_permissions_of_the_page_are_enough(afakto_scene: OpenScene) -> None:
    scene = afakto_scene(customers=40, invoices=300)
    scene.synced()
    everything = scene.book().companies[CODE]
    scene.switch(scopes=SCOPES)
    run = scene.synced()
    assert "scope" not in run.told
    assert scene.book().companies[CODE] == everything


@pytest.mark.parametrize("missing", SCOPES)
def test_without_one_of_them_nothing_is_delivered_and_it_is_named(ledger: Scene, acme: int, missing: str) -> None:
    ledger.switch(scopes=[scope for scope in SCOPES if scope != missing])
    run = ledger.sync()
    assert run.exit_code == 3
    assert missing in run.told
    assert list(ledger.delivered.iterdir()) == []


# --- Step 4: sync your data


def test_the_first_sync_brings_everything_at_once(afakto_scene: OpenScene) -> None:
    scene = afakto_scene(customers=40, invoices=300)
    run = scene.synced()
    kinds = run.report["kinds"]
    assert kinds["customer"]["created"] == 40
    assert kinds["invoice"]["created"] + kinds["credit_note"]["created"] == len(scene.rows("invoices"))
    assert [path.name.rpartition("_")[2] for path in sorted(scene.delivered.iterdir())] == [
        "buyers.csv",
        "invoices.csv",
    ]


def test_its_end_says_what_was_delivered(ledger: Scene, acme: int) -> None:
    run = ledger.synced()
    (name,) = (path.name for path in ledger.files("invoices"))
    assert f"1 buyers and 1 invoices delivered: {ledger.files('buyers')[0].name}, {name}" in run.told


# --- Managing the connection


def test_a_sync_at_any_time_pulls_the_latest_data(ledger: Scene, acme: int) -> None:
    ledger.synced()
    ledger.change("customers", acme, name="Acme, renamed")
    ledger.synced()
    assert ledger.buyers()[str(acme)]["BUYER_NAME"] == "Acme, renamed"
    assert ledger.book().companies[CODE].buyers[str(acme)]["BUYER_NAME"] == "Acme, renamed"


# --- Is synchronization automatic?


@pytest.fixture
def next_run(ledger: Scene) -> datetime:
    """When the scheduler runs the connection next, as configured."""
    app = ledger.app()
    scheduler = Scheduler.of(app)
    scheduler.start()
    try:
        (row,) = scheduler.status()
        assert row.next_run is not None
        return row.next_run
    finally:
        scheduler.shutdown()
        app.close()


def test_a_sync_runs_every_morning_at_six_in_paris(next_run: datetime) -> None:
    there = next_run.astimezone(ZoneInfo("Europe/Paris"))
    assert (there.hour, there.minute) == (6, 0)
    assert 0 < (next_run - datetime.now(UTC)).total_seconds() <= 25 * 3600


# --- Can I connect multiple companies?


def test_each_company_is_connected_to_a_pennylane_account_of_its_own(
    ledger: Scene, acme: int, afakto_served: Callable[..., Served]
) -> None:
    other = afakto_served(customers=3, invoices=12)
    block = ledger.block(company_code="OTHER02")
    block["source"]["base_url"] = f"{other.running.url}/pennylane"
    ledger.connect({NAME: ledger.block(), "other-afakto": block})

    ledger.synced()
    ledger.synced("other-afakto")

    companies = ledger.book().companies
    assert companies.keys() == {CODE, "OTHER02"}
    assert companies[CODE].invoices.keys() == {"F-1"}
    assert len(companies["OTHER02"].buyers) >= 3
    assert "F-1" not in companies["OTHER02"].invoices
    ledger.synced()
    assert ledger.book().companies["OTHER02"] == companies["OTHER02"]


# --- How do I disconnect Pennylane?


def test_a_connection_taken_out_asks_nothing_more_and_what_was_delivered_stays(ledger: Scene, acme: int) -> None:
    ledger.synced()
    delivered = sorted(ledger.delivered.iterdir())
    before = len(ledger.journal())
    ledger.connect({})
    with pytest.raises(ConfigError, match="there is no connection 'acme-afakto'"):
        ledger.sync()
    assert (len(ledger.journal()), sorted(ledger.delivered.iterdir())) == (before, delivered)


# --- What the invoice file's nature asks for beyond the page (CSV imports: what is left out counts as closed)


def many(ledger: Scene, customer: int, number: int) -> list[int]:
    return [ledger.invoice(customer, f"F-{n}") for n in range(2, number + 1)]


def test_far_fewer_invoices_than_last_time_are_withheld_until_a_person_accepts_it(ledger: Scene, acme: int) -> None:
    ids = many(ledger, acme, 20)
    ledger.synced()
    for id in ids[:10]:
        ledger.change("customer_invoices", id, paid=True)

    run = ledger.sync()

    assert (run.exit_code, run.report["status"]) == (1, "stopped")
    assert "withheld: ACME01 has 10 invoices, where the last file had 20" in run.told
    assert len(list(ledger.delivered.iterdir())) == 2
    assert ledger.sync().report["status"] == "stopped"
    accepted = ledger.synced(accept_mass_change=True)
    assert "accepted by --accept-mass-change" in accepted.told
    assert len(ledger.invoices()) == 10
    assert ledger.synced().report["status"] == "succeeded"


def test_a_company_that_comes_back_empty_is_withheld(ledger: Scene) -> None:
    id = ledger.customer()
    only = ledger.invoice(id, "F-1")
    ledger.synced()
    ledger.change("customer_invoices", only, paid=True)
    run = ledger.sync()
    assert (run.exit_code, run.report["status"]) == (1, "stopped")
    assert "came back without a single invoice" in run.told
    ledger.synced(accept_mass_change=True)
    assert ledger.rows("invoices") == []
    assert len(ledger.files("invoices")) == 2


def test_a_withheld_file_says_which_records_can_not_go(ledger: Scene, acme: int) -> None:
    ledger.customer(name="Another")
    ledger.synced()
    ledger.remove("customers", acme)

    run = ledger.sync()

    assert run.report["status"] == "stopped"
    assert f"1 records can't go, one of them because its customer {acme} is not published" in run.told


def test_a_company_that_owes_nothing_from_the_start_gets_no_invoice_file(ledger: Scene) -> None:
    ledger.customer()
    run = ledger.synced()
    assert (len(ledger.files("buyers")), ledger.files("invoices")) == (1, [])
    assert "nothing is owed" in run.told


def test_a_folder_that_can_not_be_written_leaves_everything_to_the_next_run(ledger: Scene, acme: int) -> None:
    ledger.delivered.rmdir()
    run = ledger.sync()
    assert (run.exit_code, run.report["status"]) == (1, "incomplete")
    assert "is no folder; make it" in run.told
    ledger.delivered.mkdir()
    assert ledger.synced().report["kinds"]["invoice"]["created"] == 1


def test_names_and_words_of_the_files_can_be_agreed_on(ledger: Scene, acme: int) -> None:
    ledger.configure(
        separator=";",
        header={"invoices": {"INV_DATE": "ISSUE_DATE", "BALANCE": "OPEN_AMOUNT"}},
        literals={"invoice": "FACTURE", "payment_method": "TRANSFER"},
    )
    ledger.synced()
    (row,) = ledger.rows("invoices", separator=";")
    assert (row["INV_TYPE"], row["PAYMENT_METHOD"], row["OPEN_AMOUNT"]) == ("FACTURE", "TRANSFER", "1200,00")
    assert row["ISSUE_DATE"] == ledger.day(-5)
