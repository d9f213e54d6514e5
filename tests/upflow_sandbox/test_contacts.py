"""How contacts come, change and go at Upflow's stand-in."""

from __future__ import annotations

import pytest


def person(key, email=None, **changes):
    return {"externalId": key, "email": email or f"{key}@people.example"} | changes


def emails(upflow, customer="c1"):
    return [contact["email"] for contact in upflow.shown(f"/customers/external:{customer}/contacts")["contacts"]]


def test_contacts_listed_are_created_or_updated_and_the_others_stay(upflow):
    first = upflow.send_customer(contacts=[person("a"), person("b")]).json()["contacts"]
    upflow.send_customer(contacts=[person("b", "new@people.example", firstName="Bo"), person("c")])
    shown = upflow.shown("/customers/external:c1")["contacts"]
    assert [contact["externalId"] for contact in shown] == ["a", "b", "c"]
    assert shown[1] == first[1] | {"email": "new@people.example", "firstName": "Bo"}


@pytest.mark.parametrize(
    "address",
    [
        *("", "x", "x@", "@x.example", "x@y", "a b@x.example", "a@x..example", "a..b@x.example", "a@-x.example"),
        *("é@x.example", "a@x.example,b@x.example", "A <a@x.example>", "a" * 250 + "@x.example"),
    ],
)
def test_an_address_must_be_valid(upflow, refused, address):
    refused(upflow.send_customer(contacts=[person("ok"), {"email": address}]), 400, "contacts.1.email")
    assert upflow.shown("/customers")["total"] == 0


def test_an_address_is_required(upflow, refused):
    refused(upflow.send_customer(contacts=[{"externalId": "a"}]), 400, "contacts.0.email is required")


def test_an_address_belongs_to_one_contact_of_the_organization(upflow, refused):
    upflow.send_customer("c1", contacts=[person("a", "Same@People.example")])
    refused(upflow.send_customer("c2", contacts=[person("b", "same@people.example")]), 400, "same@people.example")
    assert upflow.get("/customers/external:c2").status_code == 404
    upflow.send_customer("c2")
    answer = upflow.post("/customers/external:c2/contacts", json=person("b", "same@people.example"))
    refused(answer, 400, "same@people.example")


def test_an_address_is_listed_once_in_a_body(upflow, refused):
    refused(upflow.send_customer(contacts=[person("a", "x@y.example"), person("b", "X@y.example")]), 400, "X@y.example")


def test_two_contacts_may_swap_their_addresses(upflow):
    upflow.send_customer(contacts=[person("a"), person("b")])
    answer = upflow.send_customer(contacts=[person("a", "b@people.example"), person("b", "a@people.example")])
    assert answer.status_code == 200
    assert emails(upflow) == ["b@people.example", "a@people.example"]


def test_an_address_given_up_is_free_again(upflow):
    upflow.send_customer("c1", contacts=[person("a", "old@people.example")])
    upflow.send_customer("c1", contacts=[person("a", "new@people.example")])
    assert upflow.send_customer("c2", contacts=[person("b", "old@people.example")]).status_code == 201


def test_at_most_one_contact_is_main(upflow, refused):
    both = [person("a", isMain=True), person("b", isMain=True)]
    refused(upflow.send_customer(contacts=both), 400, "more than one contact is isMain")


def test_a_new_main_contact_takes_that_from_the_old_one(upflow):
    upflow.send_customer(contacts=[person("a", isMain=True), person("b")])
    shown = upflow.send_customer(contacts=[person("b", isMain=True)]).json()["contacts"]
    assert [(contact["externalId"], contact["isMain"]) for contact in shown] == [("a", False), ("b", True)]


def test_a_contact_of_another_customer_is_refused(upflow, refused):
    upflow.send_customer("c1", contacts=[person("a")])
    upflow.send_customer("c2")
    refused(upflow.send_customer("c2", contacts=[person("a", "x@y.example")]), 400, "contacts.0", "externalId")
    refused(upflow.get("/customers/external:c2/contacts/external:a"), 404, "external:a")
    refused(upflow.delete("/customers/external:c2/contacts/external:a"), 404, "external:a")


def test_a_contact_key_is_listed_once(upflow, refused):
    twice = [person("a", "x@y.example"), person("a", "z@y.example")]
    refused(upflow.send_customer(contacts=twice), 400, "'a' is listed twice")
    upflow.send_customer(contacts=[person("a")])
    refused(upflow.send_customer(contacts=twice), 400, "'a' is listed twice")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": "BOSS"}, "contacts.0.position must be one of"),
        ({"isMain": "yes"}, "contacts.0.isMain must be true or false"),
        ({"phone": 33}, "contacts.0.phone must be a string"),
        ({"role": "x"}, "unknown field contacts.0.role"),
    ],
)
def test_a_careless_contact_is_refused_by_field(upflow, refused, changes, words):
    refused(upflow.send_customer(contacts=[person("a", **changes)]), 400, words)


def test_contacts_have_their_own_paths(upflow):
    upflow.send_customer()
    at = "/customers/external:c1/contacts"
    assert [upflow.post(at, json=person("a")).status_code for _ in range(2)] == [201, 200]
    assert upflow.put(f"{at}/external:a", json={"lastName": "Li"}).json()["lastName"] == "Li"
    assert upflow.shown(f"{at}/external:a")["email"] == "a@people.example"
    assert upflow.delete(f"{at}/external:a").status_code == 204
    assert upflow.shown(at) == {"offset": 0, "limit": 50, "total": 0, "contacts": []}


def test_a_contact_key_with_an_address_in_it_works_in_a_path(upflow):
    upflow.send_customer(contacts=[person("c1:o/brien+x@y.example", "z@y.example")])
    at = "/customers/external:c1/contacts/external:c1:o%2Fbrien+x@y.example"
    assert upflow.delete(at).status_code == 204
