"""What does the stand-in take as an account and as its contacts?"""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.targets.billabex.sandbox.contacts import distance

from .conftest import Billabex


def test_an_account_is_shown_as_it_was_sent(billabex: Billabex) -> None:
    made = billabex.account(
        billingAddress={"city": "Annecy"},
        contacts=[{"fullName": "Léa", "email": "lea@v.example", "language": "fr"}],
        source={"connectionId": "c", "sourceId": "s"},
    )
    assert made.status_code == 201
    shown = made.json()
    assert shown["source"] == {"connectionId": "c", "sourceId": "s", "connectorType": "Custom"}
    assert shown["billingAddress"] == {"city": "Annecy"}
    (contact,) = billabex.nodes(f"accounts/{shown['id']}/contacts")
    assert contact["email"] == {"address": "lea@v.example", "status": "Valid"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"organizationId": "another"}, 404),
        ({"organizationId": None}, 400),
        ({"fullName": None}, 400),
        ({"fullName": " "}, 400),
        ({"currencyCode": "EURO"}, 400),
        ({"billingAddress": {"zip": "74000"}}, 400),
        ({"siren": "123456789"}, 400),
        ({"contacts": [{"fullName": "Léa"}]}, 400),
        ({"contacts": [{"fullName": "Léa", "language": "fr", "email": "nowhere"}]}, 400),
        ({"source": {"connectionId": "c"}}, 400),
        ({"source": {"connectionId": "Pennylane", "sourceId": "s"}}, 409),
    ],
)
def test_an_account_that_is_wrong_is_refused(billabex: Billabex, changes: dict[str, Any], status: int) -> None:
    assert billabex.account(**changes).status_code == status
    assert billabex.nodes("accounts") == []


def test_a_create_is_no_upsert_and_a_source_stands_at_one_account(billabex: Billabex, product: Any) -> None:
    link = {"connectionId": "c", "sourceId": "s"}
    assert [billabex.account(source=link).status_code for _ in range(2)] == [201, 409]
    assert [billabex.account().status_code for _ in range(2)] == [201, 201]
    product.configure({"unique_sources": False})
    assert billabex.account(source=link).status_code == 201


def test_a_source_link_can_be_given_again_moved_and_taken_away(billabex: Billabex, acme: str) -> None:
    link = {"connectionId": "c", "sourceId": "s", "lastUpdate": "2026-03-20T08:00:00Z"}
    assert [billabex.put(f"accounts/{acme}/source", json=link).status_code for _ in range(2)] == [200, 200]
    other = billabex.account().json()["id"]
    assert billabex.put(f"accounts/{other}/source", json=link).status_code == 409
    assert billabex.delete(f"accounts/{acme}/source").status_code == 204
    assert billabex.put(f"accounts/{other}/source", json=link).status_code == 200


def test_a_change_replaces_and_a_removal_takes_all_that_is_inside(billabex: Billabex, acme: str) -> None:
    billabex.invoice(acme)
    billabex.credit_note(acme)
    changed = billabex.put(f"accounts/{acme}", json={"fullName": "Acme & Fils", "currencyCode": "EUR"})
    assert (changed.status_code, changed.json()["fullName"]) == (200, "Acme & Fils")
    assert billabex.delete(f"accounts/{acme}").status_code == 204
    assert billabex.nodes("invoices") == billabex.nodes("credit-notes") == billabex.nodes("accounts") == []
    assert billabex.get(f"accounts/{acme}").status_code == 404


def test_an_upsert_matches_the_address_then_a_similar_name(billabex: Billabex, acme: str) -> None:
    path = f"accounts/{acme}/contacts/upsert"
    assert (
        billabex.put(path, json={"fullName": "Léa Roy", "email": "lea@v.example", "language": "fr"}).status_code == 201
    )
    assert billabex.put(path, json={"email": "LEA@v.example", "fullName": "Léa Leroy"}).status_code == 200
    merged = billabex.put(path, json={"fullName": "Léa Lero", "email": "other@v.example", "language": "fr"})
    assert merged.status_code == 200, "two alike names are one contact"
    assert billabex.put(path, json={"fullName": "Max", "language": "fr"}).status_code == 201
    assert billabex.put(path, json={"fullName": "Somebody else"}).status_code == 400
    names = {node["fullName"] for node in billabex.nodes(f"accounts/{acme}/contacts")}
    assert names == {"Léa Lero", "Max"}


@pytest.mark.parametrize(
    ("a", "b", "far"), [("", "abc", 3), ("kitten", "sitting", 3), ("Léa", "Lea", 1), ("a", "a", 0)]
)
def test_the_distance_of_names_is_levenshteins(a: str, b: str, far: int) -> None:
    assert distance(a, b) == distance(b, a) == far


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_contact_is_added_changed_shown_and_removed(billabex: Billabex, acme: str, method: str) -> None:
    path = f"accounts/{acme}/contacts"
    made = billabex.post(path, json={"fullName": "Max", "language": "fr", "email": "max@v.example"}).json()["id"]
    assert billabex.post(path, json={"fullName": "Max", "language": "fr"}).status_code == 201, "a POST is no upsert"
    assert billabex.request(method, f"{path}/{made}", json={"fullName": "Maxime"}).status_code == 200
    assert billabex.get(f"{path}/{made}").json()["fullName"] == "Maxime"
    assert [billabex.delete(f"{path}/{made}").status_code for _ in range(2)] == [204, 404]
