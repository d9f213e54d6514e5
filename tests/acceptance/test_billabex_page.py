"""Billabex's page "Connect Pennylane", statement by statement: does Billabex show it so?

The sections of the page that speak of Billabex's own screens (Step 1, Step 2) come down to who may write where: a token
and an organization. OAuth is another matter than what is synchronized.
"""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.connector import Schedule

from .billabex_scene import NAME, Scene, scene, stage

__all__ = ["scene", "stage"]  # fixtures

# --- What is synchronized (the page's first paragraph)


def test_invoices_credit_notes_payments_accounts_and_contacts_arrive(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example"])
    invoice = scene.invoice(acme)
    scene.pay(invoice, "200.00")
    note = scene.credit(acme, "-300.00", of=invoice)

    scene.synced()

    assert scene.account(acme)["fullName"] == "Acme"
    assert list(scene.contacts(acme)) == ["compta@acme.example"]
    shown = scene.shown("invoice", invoice)
    assert (shown["totalAmount"], shown["paidAmount"], shown["remainingAmount"]) == (1200, 200, 700)
    assert scene.shown("credit_note", note)["creditAllocations"] == [{"invoiceId": shown["id"], "amount": 300}]


# --- Prerequisites, Step 2: authorize


def test_without_a_valid_access_to_billabex_nothing_is_sent_and_someone_must_reconnect(scene: Scene) -> None:
    scene.make("customers", name="Acme")
    scene.token = "another"
    report = scene.sync()
    assert (report["status"], report["exit_code"]) == ("failed", 3)
    assert "Billabex does not accept our credentials" in report["error"]
    assert scene.written() == []


def test_without_an_organization_at_billabex_nothing_is_sent_and_the_setting_is_named(scene: Scene) -> None:
    scene.make("customers", name="Acme")
    scene.organization = "b111abe0-0000-4000-8000-00000000dead"
    scene.configure()
    report = scene.sync()
    assert (report["status"], report["exit_code"]) == ("incomplete", 1)
    assert "is organization_id b111abe0-0000-4000-8000-00000000dead the right one?" in report["error"]
    assert scene.written() == []


# --- Step 3: exclude certain accounts


@pytest.mark.parametrize("written", ["exclude_customers: [{0}, {1}]", 'exclude_customers: "{0}, {1}"'])
def test_excluded_pennylane_ids_are_never_synchronized(scene: Scene, written: str) -> None:
    vip, internal, acme = (scene.make("customers", name=name) for name in ("VIP", "Interne", "Acme"))
    for customer in (vip, internal, acme):
        scene.invoice(customer)
    scene.configure(connection=written.format(vip, internal))

    report = scene.synced()
    scene.change("customers", vip, name="VIP & Cie")
    scene.synced()

    assert list(scene.listed("accounts")) == [f"pennylane-customer-{acme}"]
    assert len(scene.listed("invoices")) == 1
    assert report["kinds"]["customer"]["skipped"] == {"excluded_customer": 2}
    assert report["kinds"]["invoice"]["skipped"] == {"excluded_customer": 2}


# --- Step 4: launch the initial synchronization


def test_at_first_what_is_still_open_goes_and_what_was_settled_before_stays(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    still_open, part_paid, paid = (scene.invoice(acme) for _ in range(3))
    scene.pay(part_paid, "200.00")
    scene.pay(paid)
    cancelled = scene.invoice(acme, "100.00")
    scene.credit(acme, "-100.00", of=cancelled)
    unapplied = scene.credit(acme, "-50.00")
    on_open = scene.credit(acme, "-30.00", of=still_open)

    report = scene.synced()

    assert set(scene.listed("invoices")) == {f"pennylane-invoice-{id}" for id in (still_open, part_paid)}
    assert set(scene.listed("credit-notes")) == {f"pennylane-credit_note-{id}" for id in (unapplied, on_open)}
    assert report["kinds"]["invoice"]["skipped"] == {"settled": 2}
    assert report["kinds"]["credit_note"]["skipped"] == {"invoice_not_sent": 1}


def test_the_whole_history_goes_when_that_is_wanted(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    paid, cancelled = scene.invoice(acme), scene.invoice(acme, "100.00")
    scene.pay(paid)
    note = scene.credit(acme, "-100.00", of=cancelled)
    scene.configure(target="history: all")

    scene.synced()

    assert (scene.shown("invoice", paid)["paidAmount"], scene.shown("invoice", paid)["status"]) == (1200, "paid")
    credited = scene.shown("invoice", cancelled)
    assert (credited["paidAmount"], credited["remainingAmount"]) == (0, 0)
    assert scene.shown("credit_note", note)["remainingAmount"] == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"draft": True}, "draft"),
        ({"draft": True, "status": "cancelled"}, "cancelled_draft"),
        ({"archived_at": "2026-01-15T10:00:00.000000Z"}, "archived"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "proforma"}, "other_document"),
        ({"currency": "USD"}, "other_currency"),
    ],
)
def test_what_nobody_owes_or_what_an_account_can_not_hold_stays_out(scene: Scene, given: Any, code: str) -> None:
    scene.invoice(scene.make("customers", name="Acme"), **given)
    report = scene.synced()
    assert report["kinds"]["invoice"]["skipped"] == {code: 1}
    assert scene.listed("invoices") == {}


def test_the_initial_synchronization_takes_the_time_of_one_request_for_each_object(scene: Scene) -> None:
    customers = [scene.make("customers", name=f"Client {n}", emails=[f"c{n}@acme.example"]) for n in range(5)]
    for customer in customers:
        scene.invoice(customer)

    report = scene.synced()

    objects = len(customers) * 3  # an account, a contact and an invoice each
    asked_once = 3  # who we are, and which accounts there are: a page of them and an empty one
    assert objects <= report["requests"]["target"] <= objects + asked_once
    settings = scene.registry.targets["billabex"].settings
    assert settings.model_fields["requests_per_minute"].default == 300  # 1,500 objects in five minutes


# --- Step 5: verify the synchronization


def test_an_account_says_which_connection_it_comes_from(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    scene.configure(target="connection_id: acme-pennylane")
    scene.synced()
    link = scene.account(acme)["source"]
    assert (link["connectionId"], link["sourceId"]) == ("acme-pennylane", f"pennylane-customer-{acme}")


def test_an_accounts_details_are_the_customers(scene: Scene) -> None:
    address = {"address": "1 rue du Lac", "postal_code": "74000", "city": "Annecy", "country_alpha2": "FR"}
    acme = scene.make("customers", name="Acme SARL", billing_address=address)
    scene.synced()
    account = scene.account(acme)
    assert (account["fullName"], account["currencyCode"]) == ("Acme SARL", "EUR")
    assert account["billingAddress"] == {
        "street": "1 rue du Lac",
        "city": "Annecy",
        "postalCode": "74000",
        "country": "FR",
    }


def test_an_invoice_is_shown_as_it_is_with_its_pdf(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    id = scene.invoice(acme, "1440.50", invoice_number="F-2026-0314", date="2026-03-02", deadline="2026-04-01")
    scene.synced()
    shown = scene.shown("invoice", id)
    assert (shown["number"], shown["accountId"]) == ("F-2026-0314", scene.account(acme)["id"])
    assert (shown["totalAmount"], shown["paidAmount"]) == (1440.5, 0)
    assert shown["issuedDate"] == {"year": 2026, "month": 3, "day": 2}
    assert shown["dueDate"] == {"year": 2026, "month": 4, "day": 1}
    assert (shown["file"]["contentType"], shown["file"]["size"] > 500) == ("application/pdf", True)


def test_contacts_are_those_of_the_customer_and_of_its_address_book(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example"], billing_language="en_GB")
    scene.make("contacts", customer_id=acme, first_name="Léa", last_name="Roy", email="lea@acme.example")
    scene.make("contacts", customer_id=acme, first_name="Max", last_name="Roi", email="max@acme.example")
    scene.make("contacts", customer_id=acme, first_name="Sans", last_name="Adresse", email="")

    report = scene.synced()

    people = scene.contacts(acme)
    assert {address: person["fullName"] for address, person in people.items()} == {
        "compta@acme.example": "compta@acme.example",
        "lea@acme.example": "Léa Roy",
        "max@acme.example": "Max Roi",
    }
    assert {person["language"] for person in people.values()} == {"en"}
    assert report["notes"] == [f"customer {acme}: Sans Adresse is left out: without an e-mail address"]


def test_a_trial_can_send_every_address_to_one_of_its_own(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example", "daf@acme.example"])
    scene.configure(target="override_email: essai@duebridge.example")
    scene.synced()
    assert list(scene.contacts(acme)) == ["essai@duebridge.example"]


# --- Ongoing synchronization


def test_it_runs_every_hour_unless_the_connection_says_otherwise(scene: Scene) -> None:
    app = scene.app()
    try:
        assert app.connection(NAME).schedule == Schedule(every="1h")
    finally:
        app.close()


def test_a_new_invoice_appears_with_the_next_run(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    scene.synced()
    new = scene.invoice(acme, "480.00")
    scene.pass_time(hours=1)
    scene.synced()
    assert scene.shown("invoice", new)["totalAmount"] == 480


def test_received_payments_update_the_status_until_the_invoice_is_paid(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    id = scene.invoice(acme)
    scene.synced()
    made = scene.shown("invoice", id)["id"]

    scene.pay(id, "700.00")
    scene.synced()
    assert (scene.shown("invoice", id)["paidAmount"], scene.shown("invoice", id)["status"]) == (700, "issued")

    scene.pay(id)
    scene.synced()
    shown = scene.shown("invoice", id)
    assert (shown["paidAmount"], shown["status"], shown["id"]) == (1200, "paid", made)


def test_a_credit_note_never_counts_twice(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    id = scene.invoice(acme)
    scene.synced()
    scene.credit(acme, "-500.00", of=id)
    scene.pay(id)
    scene.synced()
    shown = scene.shown("invoice", id)
    assert (shown["paidAmount"], shown["remainingAmount"]) == (700, 0)
    assert [entry["amount"] for entry in shown["creditAllocations"]] == [500]


def test_an_invoice_cancelled_after_it_was_sent_is_settled_by_its_credit_note(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    id = scene.invoice(acme)
    scene.synced()
    note = scene.credit(acme, "-1200.00", of=id)
    scene.synced()
    shown = scene.shown("invoice", id)
    assert (shown["paidAmount"], shown["remainingAmount"]) == (0, 0)
    assert scene.shown("credit_note", note)["creditAllocations"] == [{"invoiceId": shown["id"], "amount": 1200}]


def test_contact_changes_are_synchronized_and_contacts_made_by_hand_stay(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example", "old@acme.example"])
    scene.synced()
    account = scene.account(acme)["id"]
    scene.control("POST", "contacts", accountId=account, fullName="Par la main", email="main@acme.example")

    scene.change("customers", acme, emails=["compta@acme.example", "new@acme.example"])
    scene.synced()

    assert set(scene.contacts(acme)) == {"compta@acme.example", "new@acme.example", "main@acme.example"}


def test_a_contact_that_was_there_before_us_stays_when_its_address_leaves_the_ledger(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example"])
    scene.synced()
    account = scene.account(acme)["id"]
    scene.control("POST", "contacts", accountId=account, fullName="Par la main", email="main@acme.example")
    scene.change("customers", acme, emails=["compta@acme.example", "main@acme.example"])
    scene.synced()
    scene.change("customers", acme, emails=["compta@acme.example"])
    scene.synced()
    assert set(scene.contacts(acme)) == {"compta@acme.example", "main@acme.example"}


def test_new_customers_are_added(scene: Scene) -> None:
    scene.make("customers", name="Acme")
    scene.synced()
    new = scene.make("customers", name="Beta")
    scene.synced()
    assert scene.account(new)["fullName"] == "Beta"


def test_nothing_is_asked_of_billabex_when_nothing_happened(scene: Scene) -> None:
    scene.invoice(scene.make("customers", name="Acme"))
    scene.synced()
    before = scene.http.get(f"{scene.running.url}/_sandbox/journal").json()
    report = scene.synced()
    after = scene.http.get(f"{scene.running.url}/_sandbox/journal").json()[len(before) :]
    assert report["requests"]["target"] == 0
    assert [row for row in after if row["product"] == "billabex"] == []


# --- Exclude an account after connection


@pytest.fixture
def excluded(scene: Scene) -> tuple[Scene, int, int]:
    """A customer with an invoice at Billabex, excluded since; ids of both."""
    acme = scene.make("customers", name="Acme", emails=["compta@acme.example"])
    earlier = scene.invoice(acme)
    scene.synced()
    scene.exclude(acme)
    return scene, acme, earlier


def test_an_excluded_accounts_new_invoices_are_no_longer_synchronized(excluded: tuple[Scene, int, int]) -> None:
    scene, acme, earlier = excluded
    scene.invoice(acme, "300.00")
    report = scene.synced()
    assert list(scene.listed("invoices")) == [f"pennylane-invoice-{earlier}"]
    assert report["kinds"]["invoice"]["skipped"] == {"excluded_customer": 2}


def test_an_excluded_accounts_earlier_invoices_remain_as_they_were(excluded: tuple[Scene, int, int]) -> None:
    scene, _, earlier = excluded
    before = scene.shown("invoice", earlier)
    scene.pay(earlier)
    scene.synced()
    scene.remove("customer_invoices", earlier)
    scene.synced()
    assert scene.shown("invoice", earlier) == before


def test_an_excluded_account_stays_visible_and_inactive(excluded: tuple[Scene, int, int]) -> None:
    scene, acme, _ = excluded
    before = scene.account(acme)
    scene.change("customers", acme, name="Acme & Fils", emails=["new@acme.example"])
    scene.synced()
    assert scene.account(acme) == before
    assert list(scene.contacts(acme)) == ["compta@acme.example"]


def test_an_excluded_account_removed_at_billabex_is_not_made_again(excluded: tuple[Scene, int, int]) -> None:
    scene, acme, _ = excluded
    scene.control("DELETE", f"accounts/{scene.account(acme)['id']}")
    scene.change("customers", acme, name="Acme & Fils")
    scene.invoice(acme)
    scene.synced()
    assert scene.listed("accounts") == scene.listed("invoices") == {}


# --- Disconnect Pennylane


def test_what_was_synchronized_stays_once_the_connection_is_removed_and_is_no_longer_updated(scene: Scene) -> None:
    acme = scene.make("customers", name="Acme")
    scene.invoice(acme)
    scene.synced()
    before = (scene.listed("accounts"), scene.listed("invoices"), len(scene.written()))

    scene.yaml.write_text("database: sqlite:///duebridge.db\nconnections: {}\n", encoding="utf-8")
    scene.change("customers", acme, name="Acme & Fils")
    app = scene.app()
    app.close()

    assert dict(app.configuration.connections) == {}
    assert (scene.listed("accounts"), scene.listed("invoices"), len(scene.written())) == before
