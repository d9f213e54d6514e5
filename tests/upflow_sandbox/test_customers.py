"""How customers come, change and go at Upflow's stand-in."""

from __future__ import annotations

import pytest


def test_a_post_creates_once_and_then_updates_by_external_id(upflow):
    created = upflow.send_customer("c1", vatNumber="FR1")
    updated = upflow.send_customer("c1", name="Other name")
    assert (created.status_code, updated.status_code) == (201, 200)
    assert created.json()["id"] == updated.json()["id"]
    assert upflow.shown("/customers")["total"] == 1


def test_fields_left_out_of_an_update_stay(upflow):
    upflow.send_customer("c1", vatNumber="FR1", accountingRef="411A")
    upflow.send_customer("c1", vatNumber="FR2")
    shown = upflow.shown("/customers/external:c1")
    assert (shown["vatNumber"], shown["accountingRef"]) == ("FR2", "411A")


def test_an_address_given_replaces_the_whole_address(upflow):
    upflow.send_customer("c1", address={"city": "Annecy", "zipcode": "74000"})
    upflow.send_customer("c1", address={"city": "Lyon"})
    assert upflow.shown("/customers/external:c1")["address"] == {
        "address": None,
        "zipcode": None,
        "city": "Lyon",
        "state": None,
        "country": None,
    }


def test_null_clears_what_is_optional(upflow):
    upflow.send_customer("p")
    upflow.send_customer("c1", vatNumber="FR1", address={"city": "Annecy"}, parent={"externalId": "p"})
    shown = upflow.send_customer("c1", vatNumber=None, address=None, parent=None).json()
    assert (shown["vatNumber"], shown["address"]["city"], shown["parent"]) == (None, None, None)


def test_a_put_changes_the_fields_given_and_needs_no_name(upflow):
    upflow.send_customer("c1", name="Kept")
    answer = upflow.put("/customers/external:c1", json={"vatNumber": "FR3"})
    assert (answer.status_code, answer.json()["name"], answer.json()["vatNumber"]) == (200, "Kept", "FR3")


def test_an_external_id_may_hold_anything_when_it_is_encoded_in_the_path(upflow):
    upflow.send_customer("a/b c%é?#")
    assert upflow.shown("/customers/external:a%2Fb%20c%25%C3%A9%3F%23")["externalId"] == "a/b c%é?#"


def test_an_id_and_an_external_id_of_different_customers_are_refused(upflow, refused):
    first = upflow.send_customer("c1").json()["id"]
    upflow.send_customer("c2")
    refused(upflow.send_customer("c2", id=first), 400, "c2", "already belongs")
    refused(upflow.put("/customers/external:c1", json={"externalId": "c2"}), 400, "c2", "already belongs")


def test_a_customer_found_by_id_takes_a_new_external_id(upflow):
    known = upflow.send_customer("c1").json()["id"]
    assert upflow.send_customer("c9", id=known).status_code == 200
    assert upflow.get("/customers/external:c1").status_code == 404
    assert upflow.shown("/customers/external:c9")["id"] == known


def test_an_unknown_id_in_a_body_is_not_found(upflow, refused):
    refused(upflow.send_customer("c1", id="nobody"), 404, "nobody")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nickname": "x"}, ["unknown field nickname"]),
        ({"address": {"street": "x"}}, ["unknown field address.street"]),
        ({"name": ""}, ["name must not be empty"]),
        ({"name": 12}, ["name must be a string"]),
        ({"name": None}, ["name must be a string"]),
        ({"vatNumber": 12}, ["vatNumber must be a string"]),
        ({"address": "8 quai"}, ["address must be an object"]),
        ({"contacts": {}}, ["contacts must be an array"]),
        ({"accountManagerId": "x"}, ["accountManagerId names a user"]),
        ({"dunningPlanId": "x"}, ["dunningPlanId names a dunning plan"]),
        ({"parent": {}}, ["parent must hold"]),
        ({"parent": {"externalId": "ghost"}}, ["parent", "ghost"]),
        ({"paymentMethods": {"card": {"enabled": 1}}}, ["paymentMethods.card.enabled"]),
        ({"paymentMethods": {"wireTransfer": {"enabled": True, "bankAccount": {"id": "x"}}}}, ["bank account"]),
        ({"name": "nul\0"}, ["NUL"]),
    ],
)
def test_a_careless_customer_is_refused_by_field(upflow, refused, changes, words):
    refused(upflow.send_customer("c1", **changes), 400, *words)
    assert upflow.shown("/customers")["total"] == 0


def test_a_lone_surrogate_is_refused(upflow, refused):
    body = b'{"externalId":"c1","name":"\\ud800"}'
    refused(upflow.post("/customers", content=body), 400, "surrogate")


def test_a_name_is_required(upflow, refused):
    refused(upflow.post("/customers", json={"externalId": "c1"}), 400, "name is required")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"null", b'{"name": NaN}', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_not_a_json_object_is_refused(upflow, refused, body):
    refused(upflow.post("/customers", content=body), 400)


def test_custom_fields_listed_are_set_and_the_others_stay(upflow):
    ids = {field["name"]: field["id"] for field in upflow.shown("/custom_fields")["customFields"]}
    notes, kind = ids["Notes"], ids["Customer Type"]
    upflow.send_customer("c1", customFields=[{"id": notes, "value": "a"}, {"id": kind, "value": "Company"}])
    upflow.send_customer("c1", customFields=[{"id": notes, "value": "b"}])
    shown = upflow.shown("/customers/external:c1")["customFields"]
    assert {(field["name"], field["value"]) for field in shown} == {("Notes", "b"), ("Customer Type", "Company")}


def test_null_clears_a_custom_field(upflow):
    notes = upflow.shown("/custom_fields")["customFields"][2]["id"]
    upflow.send_customer("c1", customFields=[{"id": notes, "value": "a"}])
    assert upflow.send_customer("c1", customFields=[{"id": notes, "value": None}]).json()["customFields"] == []


def test_a_custom_field_must_exist_and_be_listed_once(upflow, refused):
    notes = upflow.shown("/custom_fields")["customFields"][2]["id"]
    refused(upflow.send_customer(customFields=[{"id": "ghost", "value": "a"}]), 400, "ghost")
    refused(upflow.send_customer(customFields=[{"id": notes, "value": "a"}] * 2), 400, notes, "twice")
    refused(upflow.send_customer(customFields=[{"id": notes, "value": 7}]), 400, "customFields.0.value")
    refused(upflow.send_customer(customFields=[{"id": notes}]), 400, "customFields.0.value is required")


def test_a_parent_is_another_customer(upflow, refused):
    parent = upflow.send_customer("p").json()["id"]
    child = upflow.send_customer("c", parent={"externalId": "p"}).json()
    assert child["parent"] == {"id": parent, "externalId": "p"}
    refused(upflow.send_customer("c", parent={"externalId": "c"}), 400, "its own parent")


def test_a_customer_with_documents_is_not_deleted(upflow, refused):
    upflow.send_customer("c1")
    upflow.send_invoice("i1")
    refused(upflow.delete("/customers/external:c1"), 409, "documents")
    upflow.delete("/invoices/external:i1")
    assert upflow.delete("/customers/external:c1").status_code == 204
    refused(upflow.get("/customers/external:c1"), 404, "external:c1")


def test_a_deleted_customer_frees_its_keys_and_addresses(upflow):
    contact = {"externalId": "k", "email": "a@b.example"}
    first = upflow.send_customer("c1", contacts=[contact]).json()["id"]
    upflow.delete(f"/customers/{first}")
    again = upflow.send_customer("c1", contacts=[contact])
    assert (again.status_code, again.json()["id"] != first) == (201, True)
