"""Upflow's page on Pennylane, "Clients", "Native fields synced", "Contacts": does Upflow show it so?"""

from __future__ import annotations

from typing import Any

from .scene import Row, Scene, below

ADDRESS = {"address": "12 rue des Lilas", "postal_code": "69003", "city": "Lyon", "country_alpha2": "FR"}


def custom_fields(customer: Row) -> dict[str, tuple[str, Any]]:
    return {each["name"]: (each["type"], each["value"]) for each in customer["customFields"]}


def contacts(customer: Row) -> dict[str, bool]:
    """Each address, and whether it is the main contact's."""
    return {each["email"]: each["isMain"] for each in customer["contacts"]}


# --- Clients


def test_a_company_has_its_company_name(empty: Scene) -> None:
    made = empty.make("customers", customer_type="company", name="Vergers du Lac SARL")
    empty.synced()
    assert empty.customer(made["id"])["name"] == "Vergers du Lac SARL"


def test_an_individual_has_first_and_last_name_in_that_order(empty: Scene) -> None:
    names = {"first_name": "Zoé", "last_name": "Anselme", "name": "ANSELME Zoé"}
    made = empty.make("customers", customer_type="individual", **names)
    empty.synced()
    assert empty.customer(made["id"])["name"] == "Zoé Anselme"


def test_the_billing_address_goes_and_the_delivery_address_does_not(empty: Scene) -> None:
    elsewhere = {"address": "Quai 4", "postal_code": "13002", "city": "Marseille", "country_alpha2": "FR"}
    made = empty.make("customers", billing_address=ADDRESS, delivery_address=elsewhere)
    empty.synced()
    address = empty.customer(made["id"])["address"]
    assert address == {
        "address": "12 rue des Lilas",
        "zipcode": "69003",
        "city": "Lyon",
        "state": None,
        "country": "FR",
    }


def test_an_address_or_name_that_changes_follows_and_one_that_is_emptied_goes(empty: Scene) -> None:
    made = empty.make("customers", name="Avant", billing_address=ADDRESS, vat_number="FR12345678901")
    empty.synced()
    emptied = dict.fromkeys(ADDRESS, "")
    empty.change("customers", made["id"], name="Après", billing_address={**emptied, "city": "Nantes"}, vat_number="")
    empty.synced()
    customer = empty.customer(made["id"])
    assert (customer["name"], customer["vatNumber"]) == ("Après", None)
    assert customer["address"] == {"address": None, "zipcode": None, "city": "Nantes", "state": None, "country": None}


# --- Native fields synced


def test_six_native_fields_become_custom_fields_of_the_types_listed(empty: Scene) -> None:
    account = empty.make("ledger_accounts", number="411ACME", label="Acme")
    made = empty.make(
        "customers",
        ledger_account={"id": account["id"]},
        notes="Appeler avant 17 h",
        reference="CL-77",
        payment_conditions="30_days",
        recipient="Service fournisseurs",
    )
    empty.synced()
    assert custom_fields(empty.customer(made["id"])) == {
        "Customer Type": ("SELECT", "company"),
        "Plan Item": ("SELECT", "411ACME"),
        "Notes": ("TEXT", "Appeler avant 17 h"),
        "Reference": ("TEXT", "CL-77"),
        "Payment conditions": ("TEXT", "30_days"),
        "Recipient": ("TEXT", "Service fournisseurs"),
    }


def test_a_native_field_that_is_emptied_is_emptied_at_upflow(empty: Scene) -> None:
    made = empty.make("customers", notes="À relancer", reference="CL-77")
    empty.synced()
    empty.change("customers", made["id"], notes=None)
    empty.synced()
    fields = custom_fields(empty.customer(made["id"]))
    assert fields.get("Notes", ("TEXT", None))[1] is None
    assert fields["Reference"] == ("TEXT", "CL-77")


def test_without_the_scope_of_ledger_accounts_the_plan_item_alone_is_left_out_and_that_is_said(empty: Scene) -> None:
    account = empty.make("ledger_accounts", number="411ACME")
    made = empty.make("customers", ledger_account={"id": account["id"]}, notes="Là")
    empty.switch(scopes=["customers:readonly", "customer_invoices:readonly"])
    run = empty.synced()
    fields = custom_fields(empty.customer(made["id"]))
    assert "Plan Item" not in fields
    assert fields["Notes"] == ("TEXT", "Là")
    assert any("ledger_accounts:readonly" in note for note in run.report["notes"])


def test_custom_fields_upflow_lacks_are_created_only_when_the_connection_says_so(empty: Scene) -> None:
    for field in empty.upflow("custom_fields")["customFields"]:
        empty.http.delete(f"{empty.url}/_sandbox/upflow/custom_fields/{field['id']}")
    made = empty.make("customers", notes="Là")
    run = empty.synced()
    assert custom_fields(empty.customer(made["id"])) == {}
    assert any("create_custom_fields" in note for note in run.report["notes"])

    empty.configure(target="create_custom_fields: true")
    empty.synced()
    assert custom_fields(empty.customer(made["id"]))["Notes"] == ("TEXT", "Là")


# --- Contacts


def test_the_first_address_is_the_main_contact_and_the_others_are_additional(empty: Scene) -> None:
    emails = ["john.doe@acme.test", "jane@acme.test", "compta@acme.test"]
    made = empty.make("customers", emails=emails)
    empty.synced()
    assert contacts(empty.customer(made["id"])) == dict(zip(emails, (True, False, False), strict=True))


def test_an_individuals_names_are_on_the_main_contact_alone(empty: Scene) -> None:
    emails = ["zoe@example.test", "famille@example.test"]
    made = empty.make("customers", customer_type="individual", first_name="Zoé", last_name="Anselme", emails=emails)
    empty.synced()
    main, other = empty.customer(made["id"])["contacts"]
    assert (main["firstName"], main["lastName"], main["isMain"]) == ("Zoé", "Anselme", True)
    assert (other["firstName"], other["lastName"], other["isMain"]) == (None, None, False)


def test_the_address_book_of_a_customer_is_neither_imported_nor_read(empty: Scene) -> None:
    made = empty.make("customers", emails=["compta@acme.test"])
    empty.make("contacts", customer_id=made["id"], email="directrice@acme.test")
    run = empty.synced()
    assert list(contacts(empty.customer(made["id"]))) == ["compta@acme.test"]
    assert not [row for row in run.pennylane if row["path"].endswith("/contacts")]


def test_addresses_that_come_go_or_change_places_follow(empty: Scene) -> None:
    made = empty.make("customers", emails=["a@acme.test", "b@acme.test", "c@acme.test"])
    empty.synced()
    empty.change("customers", made["id"], emails=["c@acme.test", "d@acme.test", "a@acme.test"])
    empty.synced()
    assert contacts(empty.customer(made["id"])) == {"c@acme.test": True, "d@acme.test": False, "a@acme.test": False}


def test_a_contact_upflow_refuses_is_left_out_and_reported_and_the_customer_still_goes(empty: Scene) -> None:
    first = empty.make("customers", name="Première", emails=["partagee@acme.test"])
    empty.synced()
    second = empty.make("customers", name="Seconde", emails=["partagee@acme.test", "propre@acme.test"])
    run = empty.synced()
    assert list(contacts(empty.customer(first["id"]))) == ["partagee@acme.test"]
    assert list(contacts(empty.customer(second["id"]))) == ["propre@acme.test"]
    assert any("left out" in note for note in run.report["notes"])
    assert not any("partagee@acme.test" in note for note in run.report["notes"])


def test_custom_field_ids_are_asked_for_once_and_not_again_for_the_next_customers(empty: Scene) -> None:
    empty.make("customers", notes="Là")
    first = empty.synced()
    empty.make("customers", notes="Ici")
    second = empty.synced()
    assert [below(row["path"]) for row in first.upflow].count("custom_fields") == 1
    assert [(row["method"], below(row["path"])) for row in second.upflow] == [("POST", "customers")]
