"""How are accounts and their contacts written, so that the whole can be made again at any point?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duebridge.core.api import Ack, Address, Contact, Customer, RecordError, UnknownOutcome

from .conftest import Desk, make_customer, make_invoice

Order = Callable[..., None]

ACCOUNT = "book-customer-7"


def person(id: str, email: str, first: str = "", last: str = "") -> Contact:
    return Contact(id=id, customer_id="7", email=email, first_name=first, last_name=last)


def change(desk: Desk, before: Customer, after: Customer, **changes: Any) -> Ack:
    """Write `after` over `before`, which was accepted."""
    return desk.push(after, previous=desk.delivery(before).payload, **changes)


def test_an_account_carries_its_source_link_and_its_contacts_follow(desk: Desk) -> None:
    ack = desk.push(make_customer(emails=("compta@vergers.example",), contacts=(person("1", "lea@v.example", "Léa"),)))
    (account,) = desk.shown("accounts")
    assert account["id"] == ack.target_id
    assert account["source"] == {"connectionId": "duebridge", "sourceId": ACCOUNT, "connectorType": "Custom"}
    assert desk.contacts(account["id"]) == {
        ("compta@vergers.example", "compta@vergers.example"),
        ("lea@v.example", "Léa"),
    }


def test_an_account_that_is_there_under_our_link_is_taken_on_and_brought_up_to_date(desk: Desk) -> None:
    link = {"connectionId": "duebridge", "sourceId": ACCOUNT}
    there = desk.control("POST", "accounts", fullName="Ancien nom", source=link)
    ack = desk.push(make_customer())
    (account,) = desk.shown("accounts")
    assert (ack.target_id, account["fullName"]) == (there["id"], "Vergers du Lac SARL")


@pytest.mark.parametrize("link", [None, {"connectionId": "another", "sourceId": ACCOUNT}])
def test_an_account_of_this_name_that_is_not_ours_is_not_taken_on(desk: Desk, link: Any) -> None:
    desk.control("POST", "accounts", fullName="Vergers du Lac SARL", source=link)
    desk.push(make_customer())
    assert len(desk.shown("accounts")) == 2


def test_two_accounts_under_our_link_are_a_question_for_a_person(desk: Desk) -> None:
    link = {"connectionId": "duebridge", "sourceId": ACCOUNT}
    desk.sandbox.configure({"unique_sources": False})
    for _ in range(2):
        desk.control("POST", "accounts", source=link)
    with pytest.raises(UnknownOutcome, match="has 2 accounts with the source id book-customer-7"):
        desk.push(make_customer())


def test_a_change_is_a_change_of_the_same_account_and_what_is_cleared_is_cleared(desk: Desk) -> None:
    before = make_customer(billing_address=Address(city="Annecy", country="FR"))
    id = desk.push(before).target_id
    ack = change(desk, before, make_customer(name="Vergers & Fils"))
    (account,) = desk.shown("accounts")
    assert (ack, account["id"]) == (Ack(id), id)
    assert (account["fullName"], account["billingAddress"]) == ("Vergers & Fils", None)


def test_a_change_of_contacts_alone_leaves_the_account_alone(desk: Desk) -> None:
    before = make_customer(emails=("a@v.example",))
    id = desk.push(before).target_id
    seen = len(desk.requests())
    change(desk, before, make_customer(emails=("a@v.example", "b@v.example")))
    writes = [each for each in desk.requests()[seen:] if each[0] != "GET"]
    assert writes == [("POST", f"accounts/{id}/contacts")]


def test_contacts_with_alike_names_are_not_taken_for_each_other(desk: Desk) -> None:
    people = (person("1", "max@v.example", "Max", "Roy"), person("2", "mat@v.example", "Mat", "Roy"))
    id = desk.push(make_customer(contacts=people)).target_id or ""
    before = make_customer(contacts=people)
    change(desk, before, make_customer(contacts=(*people, person("3", "mac@v.example", "Mac", "Roy"))))
    assert len(desk.contacts(id)) == 3


def test_a_renamed_contact_is_changed_by_its_address_capitals_aside(desk: Desk) -> None:
    before = make_customer(contacts=(person("1", "Lea@v.example", "Léa"),))
    id = desk.push(before).target_id or ""
    change(desk, before, make_customer(contacts=(person("1", "lea@V.example", "Léa", "Roy"),)))
    assert desk.contacts(id) == {("lea@V.example", "Léa Roy")}


def test_a_contact_billabex_refuses_is_left_out_with_its_address_masked(desk: Desk) -> None:
    ack = desk.push(make_customer(emails=("not an address@", "good@v.example")))
    assert ack.notes == ("contact n***@ is left out, Billabex refuses it: email is not a valid e-mail address",)
    assert desk.contacts(ack.target_id or "") == {("good@v.example", "good@v.example")}


@pytest.mark.parametrize("path", [".*/accounts", ".*/contacts"])
def test_cut_short_at_any_request_it_is_made_whole_without_doubles(desk: Desk, order: Order, path: str) -> None:
    customer = make_customer(emails=("a@v.example", "b@v.example"))
    order(method="POST", path=path, fault="lost_answer", rate=1)
    with pytest.raises(UnknownOutcome):
        desk.push(customer)
    order(method="POST", path=path, fault="lost_answer", times=0)
    found = desk.target().find(desk.delivery(customer, uncertain=True))
    (account,) = desk.shown("accounts")
    assert found is not None
    assert found.target_id == account["id"]
    assert desk.contacts(account["id"]) == {("a@v.example", "a@v.example"), ("b@v.example", "b@v.example")}


def test_what_ends_a_run_after_the_account_was_made_leaves_the_customer_unknown(desk: Desk, order: Order) -> None:
    order(method="POST", path=".*/contacts", fault="status", status=401, rate=1)
    with pytest.raises(UnknownOutcome, match="Billabex has the account, but not what follows"):
        desk.push(make_customer(emails=("a@v.example",)))
    order(method="POST", path=".*/contacts", fault="status", status=401, times=0)
    found = desk.target().find(desk.delivery(make_customer(emails=("a@v.example",)), uncertain=True))
    assert found is not None
    assert desk.contacts(found.target_id or "") == {("a@v.example", "a@v.example")}


def test_a_contact_of_an_attempt_whose_answer_was_lost_is_ours_to_remove(desk: Desk, order: Order) -> None:
    before = make_customer(emails=("a@v.example",))
    order(method="POST", path=".*/contacts", fault="lost_answer", rate=1)
    with pytest.raises(UnknownOutcome):
        desk.push(before)
    order(method="POST", path=".*/contacts", fault="lost_answer", times=0)
    found = desk.target().find(desk.delivery(before, uncertain=True))
    assert found is not None
    desk.ids[ACCOUNT] = found.target_id or ""
    change(desk, before, make_customer())
    assert desk.contacts(desk.ids[ACCOUNT]) == set()


def test_an_account_that_is_gone_is_made_again_and_its_documents_with_it(desk: Desk) -> None:
    before = make_customer()
    id = desk.push(before).target_id
    desk.control("DELETE", f"accounts/{id}")
    ack = change(desk, before, make_customer(name="Vergers & Fils", emails=("a@v.example",)))
    assert (ack.anew, ack.target_id != id) == (True, True)
    assert ack.notes == ("the account was no longer at Billabex: made again, with its documents",)
    assert desk.contacts(ack.target_id or "") == {("a@v.example", "a@v.example")}


def test_an_account_another_connection_runs_is_left_alone(desk: Desk) -> None:
    before = make_customer()
    id = desk.push(before).target_id
    desk.control("PATCH", f"accounts/{id}", readOnlyReason="managed by NetSuite")
    for after in (make_customer(name="Vergers & Fils"), make_customer(emails=("a@v.example",))):
        with pytest.raises(RecordError, match="read-only"):
            change(desk, before, after)
    assert desk.contacts(id or "") == set()


def test_an_account_is_removed_when_it_is_empty_and_kept_with_documents_that_are_not_ours(desk: Desk) -> None:
    customer = make_customer()
    id = desk.push(customer).target_id
    desk.control("POST", "invoices", accountId=id, number="BY-HAND")
    with pytest.raises(RecordError, match="still holds 1 documents, which would be removed with it"):
        desk.push(customer, operation="delete", payload=None)
    (invoice,) = desk.shown("invoices")
    desk.control("DELETE", f"invoices/{invoice['id']}")
    assert desk.push(customer, operation="delete", payload=None) == Ack()
    assert desk.shown("accounts") == []


def test_an_account_with_documents_of_ours_goes_after_them(desk: Desk) -> None:
    customer, target = make_customer(), desk.target()
    desk.push(customer, target)
    desk.push(make_invoice(), target)
    desk.push(make_invoice(), target, operation="delete", payload=None)
    desk.push(customer, target, operation="delete", payload=None)
    assert desk.shown("accounts") == []
