"""Lists, pages and definitions at Upflow's stand-in."""

from __future__ import annotations

import pytest

ARRAYS = {
    "customers": "customers",
    "invoices": "invoices",
    "credit_notes": "creditNotes",
    "payments": "items",
    "refunds": "items",
    "custom_fields": "customFields",
    "users": "users",
    "bank_accounts": "bankAccounts",
    "dunning_plans": "items",
}


@pytest.mark.parametrize(("path", "array"), ARRAYS.items())
def test_every_list_says_where_it_stands(upflow, path, array):
    page = upflow.shown(f"/{path}?limit=500")
    assert (page["offset"], page["limit"], page["total"]) == (0, 500, len(page[array]))


def test_pages_follow_each_other_in_order_of_creation(upflow):
    for number in range(5):
        upflow.send_customer(f"c{number}")
    pages = [upflow.shown(f"/customers?offset={offset}&limit=2") for offset in (0, 2, 4, 6)]
    assert [[item["externalId"] for item in page["customers"]] for page in pages] == [
        ["c0", "c1"],
        ["c2", "c3"],
        ["c4"],
        [],
    ]
    assert {page["total"] for page in pages} == {5}


@pytest.mark.parametrize("query", ["limit=501", "limit=-1", "limit=x", "offset=-1", "offset=1.5", "limit="])
def test_a_page_that_can_not_be_is_refused(upflow, refused, query):
    refused(upflow.get(f"/customers?{query}"), 400, query.split("=")[0])


def test_filters_are_ignored(upflow):
    upflow.send_customer()
    upflow.send_invoice()
    assert upflow.shown("/invoices?state=PAID")["total"] == 1


def test_a_new_organization_has_the_six_custom_fields_of_the_product_page(upflow):
    fields = upflow.shown("/custom_fields")["customFields"]
    assert [(field["name"], field["type"]) for field in fields] == [
        ("Customer Type", "SELECT"),
        ("Plan Item", "SELECT"),
        ("Notes", "TEXT"),
        ("Reference", "TEXT"),
        ("Payment conditions", "TEXT"),
        ("Recipient", "TEXT"),
    ]


def test_a_new_organization_has_a_user_a_bank_account_and_a_dunning_plan(upflow):
    user = upflow.shown("/users")["users"][0]["id"]
    account = upflow.shown("/bank_accounts")["bankAccounts"][0]["id"]
    plan = upflow.shown("/dunning_plans")["items"][0]["id"]
    answer = upflow.send_customer("c1", accountManagerId=user, dunningPlanId=plan)
    assert answer.status_code == 201
    assert upflow.send_payment("p1", bankAccountId=account).status_code == 201


def test_a_custom_field_is_created_and_deleted_with_its_values(upflow, refused):
    created = upflow.post("/custom_fields", json={"name": "Segment", "type": "TEXT"})
    assert created.status_code == 201
    key = created.json()["id"]
    upflow.send_customer(customFields=[{"id": key, "value": "A"}])
    assert upflow.delete(f"/custom_fields/{key}").status_code == 204
    assert upflow.shown("/customers/external:c1")["customFields"] == []
    refused(upflow.delete(f"/custom_fields/{key}"), 404, key)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "Notes", "type": "TEXT"}, "already exists"),
        ({"name": "X"}, "type is required"),
        ({"name": "X", "type": "COLOUR"}, "type must be one of"),
        ({"name": "X", "type": "TEXT", "choices": []}, "unknown field choices"),
    ],
)
def test_a_careless_custom_field_is_refused(upflow, refused, body, words):
    refused(upflow.post("/custom_fields", json=body), 400, words)


def test_an_object_that_is_not_there_is_not_found(upflow, refused):
    for path in ("customers", "invoices", "credit_notes", "payments", "refunds"):
        refused(upflow.get(f"/{path}/external:ghost"), 404, "ghost")
        refused(upflow.delete(f"/{path}/ghost"), 404, "ghost")


def test_the_same_seed_gives_the_same_ids(product, upflow):
    first = upflow.send_customer("c1").json()["id"]
    product.reset()
    assert upflow.shown("/customers")["total"] == 0
    assert upflow.send_customer("c1").json()["id"] == first
