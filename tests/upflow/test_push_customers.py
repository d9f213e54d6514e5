"""Does a customer arrive whole at Upflow's stand-in, and change and go as it should?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from duebridge.core.api import (
    Ack,
    Address,
    AuthError,
    Customer,
    Delivery,
    LedgerAccount,
    Payload,
    Refused,
    RunError,
    UnknownOutcome,
)
from duebridge.core.connector import Operation
from duebridge.targets.upflow.mapping import CUSTOMER, NATIVE_FIELDS
from duebridge.targets.upflow.target import UpflowTarget

Maker = Callable[..., Any]
REFERENCE = "pennylane-customer-7"


def build(target: UpflowTarget, record: Customer) -> Payload:
    return CUSTOMER.build(record, {"source": "pennylane", **target.context()})


def send(target: UpflowTarget, record: Customer, previous: Payload | None = None) -> tuple[Ack, Payload]:
    payload = build(target, record)
    operation: Operation = "update" if previous else "create"
    reference = payload["externalId"]
    return target.push(Delivery("customer", record.id, "", operation, reference, payload, previous)), payload


def remove(target: UpflowTarget) -> Ack:
    return target.push(Delivery("customer", "7", "", "delete", REFERENCE, None))


def shown_fields(customer: Payload) -> dict[str, str]:
    return {field["name"]: field["value"] for field in customer["customFields"]}


def shown_contacts(customer: Payload) -> dict[str, bool]:
    return {contact["email"]: contact["isMain"] for contact in customer["contacts"]}


def test_a_customer_arrives_whole_in_one_request(desk: Any, make_customer: Maker) -> None:
    record = make_customer(
        emails=("a@acme.com", "b@acme.com"),
        billing_address=Address(address="8 quai", postal_code="74000", city="Annecy", country="FR"),
        vat_number="FR40123456824",
        ledger_account=LedgerAccount(id="1", number="411VERGERS"),
        notes="Calls on Mondays",
        reference="REF-7",
        payment_conditions="30_days",
        recipient="Accounts payable",
    )
    ack, _ = send(desk.target(), record)
    assert desk.requests() == [("GET", "custom_fields", 200), ("POST", "customers", 201)]
    stored = desk.ask(f"customers/external:{REFERENCE}")
    assert ack == Ack(stored["id"])
    assert (stored["name"], stored["vatNumber"]) == ("Vergers du Lac SARL", "FR40123456824")
    assert stored["address"]["zipcode"] == "74000"
    assert shown_contacts(stored) == {"a@acme.com": True, "b@acme.com": False}
    assert set(shown_fields(stored)) == set(NATIVE_FIELDS)
    assert shown_fields(stored)["Plan Item"] == "411VERGERS"


def test_sending_again_updates_and_duplicates_nothing(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    _, before = send(target, make_customer(emails=("a@acme.com",)))
    send(target, make_customer(name="Vergers et Fils", emails=("a@acme.com",)), before)
    customers = desk.ask("customers")
    assert customers["total"] == 1
    assert customers["customers"][0]["name"] == "Vergers et Fils"
    assert len(customers["customers"][0]["contacts"]) == 1


@pytest.mark.parametrize("bad", [0, 1])
def test_a_contact_upflow_refuses_is_left_out_with_a_note_and_the_customer_still_goes(
    desk: Any, make_customer: Maker, bad: int
) -> None:
    emails = ["good@acme.com", "also.good@acme.com"]
    emails[bad] = "jean..dupont@acme.com"
    ack, _ = send(desk.target(), make_customer(emails=tuple(emails)))
    stored = desk.ask(f"customers/external:{REFERENCE}")
    assert set(shown_contacts(stored)) == set(emails) - {"jean..dupont@acme.com"}
    assert ack.target_id == stored["id"]
    (note,) = ack.notes
    assert "j***@acme.com" in note
    assert "jean" not in note
    assert "not a valid e-mail address" in note
    assert [request for request in desk.requests() if request[0] == "POST"] == [
        ("POST", "customers", 400),
        ("POST", "customers", 201),
        *[("POST", f"customers/external:{REFERENCE}/contacts", 400 if place == bad else 201) for place in (0, 1)],
    ]


def test_an_address_that_belongs_to_another_customer_is_left_out_without_being_shown(
    desk: Any, make_customer: Maker
) -> None:
    target = desk.target()
    send(target, make_customer(id="6", emails=("Shared@Acme.com",)))
    ack, _ = send(target, make_customer(emails=("shared@acme.com", "own@acme.com")))
    assert shown_contacts(desk.ask(f"customers/external:{REFERENCE}")) == {"own@acme.com": False}
    (note,) = ack.notes
    assert "s***@acme.com" in note
    assert "shared@" not in note.lower()


def test_a_customer_refused_for_another_reason_is_refused_with_upflows_words(desk: Any, make_customer: Maker) -> None:
    with pytest.raises(Refused, match="vatNumber") as caught:
        send(desk.target(), make_customer(vat_number="FR\x00", emails=("a@acme.com",)))
    assert caught.value.status == 400
    assert desk.ask("customers")["total"] == 0


def test_what_is_cleared_at_the_source_is_cleared_at_upflow(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    full = make_customer(
        notes="Calls on Mondays",
        reference="REF-7",
        vat_number="FR40123456824",
        billing_address=Address(address="8 quai", city="Annecy", state="Savoie"),
    )
    _, before = send(target, full)
    send(target, make_customer(reference="REF-7", billing_address=Address(address="9 quai", city="Annecy")), before)
    stored = desk.ask(f"customers/external:{REFERENCE}")
    assert shown_fields(stored) == {"Customer Type": "company", "Reference": "REF-7"}
    assert stored["vatNumber"] is None
    assert (stored["address"]["address"], stored["address"]["state"]) == ("9 quai", None)


def test_an_address_gone_at_the_source_is_gone_at_upflow(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    _, before = send(target, make_customer(billing_address=Address(address="8 quai", city="Annecy")))
    send(target, make_customer(), before)
    assert set(desk.ask(f"customers/external:{REFERENCE}")["address"].values()) == {None}


def test_a_contact_gone_at_the_source_is_deleted_and_the_next_one_is_main(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    _, before = send(target, make_customer(emails=("a@acme.com", "b@acme.com")))
    send(target, make_customer(emails=("b@acme.com",)), before)
    assert shown_contacts(desk.ask(f"customers/external:{REFERENCE}")) == {"b@acme.com": True}


@pytest.mark.parametrize("error", [RunError("Upflow can't be reached"), AuthError("the key was revoked")])
def test_a_run_that_ends_between_the_customer_and_its_contacts_leaves_the_outcome_unknown(
    desk: Any, make_customer: Maker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    target = desk.target()
    _, before = send(target, make_customer(emails=("a@acme.com",)))

    def end(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(target._client, "contacts", end)
    with pytest.raises(UnknownOutcome, match="Upflow took the customer"):
        send(target, make_customer(name="Renamed"), before)
    assert desk.ask(f"customers/external:{REFERENCE}")["name"] == "Renamed"
    monkeypatch.undo()
    send(target, make_customer(name="Renamed"), before)
    assert shown_contacts(desk.ask(f"customers/external:{REFERENCE}")) == {}


def test_a_contact_made_by_hand_at_upflow_stays(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    _, before = send(target, make_customer(emails=("a@acme.com",)))
    customer = desk.ask(f"customers/external:{REFERENCE}")
    desk.sandbox.routes.contacts.post(
        desk.sandbox.routes.state.customers.at(customer["id"]), {"email": "hand@acme.com"}
    )
    send(target, make_customer(), before)
    assert shown_contacts(desk.ask(f"customers/external:{REFERENCE}")) == {"hand@acme.com": False}


def test_a_contact_whose_address_changed_is_a_new_contact_and_the_old_one_goes(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    _, before = send(target, make_customer(emails=("old@acme.com",)))
    old = desk.ask(f"customers/external:{REFERENCE}")["contacts"][0]["id"]
    send(target, make_customer(emails=("new@acme.com",)), before)
    stored = desk.ask(f"customers/external:{REFERENCE}")
    assert shown_contacts(stored) == {"new@acme.com": True}
    assert stored["contacts"][0]["id"] != old


def test_an_individuals_names_leave_the_contact_that_is_no_longer_main(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    person = {"customer_type": "individual", "first_name": "Zoé", "last_name": "Martin"}
    _, before = send(target, make_customer(**person, emails=("a@martin.fr", "b@martin.fr")))
    send(target, make_customer(**person, emails=("b@martin.fr", "a@martin.fr")), before)
    contacts = desk.ask(f"customers/external:{REFERENCE}")["contacts"]
    names = {contact["email"]: (contact["firstName"], contact["lastName"]) for contact in contacts}
    assert names == {"a@martin.fr": (None, None), "b@martin.fr": ("Zoé", "Martin")}


def test_a_customer_is_removed_and_removing_it_twice_is_no_error(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    send(target, make_customer(emails=("a@acme.com",)))
    remove(target)
    remove(target)
    assert desk.ask("customers")["total"] == 0


def test_a_reference_with_a_slash_or_a_space_reaches_the_right_customer(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    send(target, make_customer(id="a/b ?#é", emails=("ok@acme.com", "bad")))
    assert shown_contacts(desk.ask("customers")["customers"][0]) == {"ok@acme.com": True}


def test_custom_fields_are_asked_for_once_and_then_remembered_by_later_runs(desk: Any, make_customer: Maker) -> None:
    first = desk.target()
    assert first.context() == {"custom_fields": list(NATIVE_FIELDS)}
    assert first.context() == desk.target().context()
    assert desk.requests() == [("GET", "custom_fields", 200)]
    assert desk.notes == []


def test_nothing_is_asked_of_upflow_when_nothing_is_sent_even_a_year_later(desk: Any) -> None:
    desk.target().context()
    desk.requests()
    desk.now += timedelta(days=365)
    desk.target().context()
    assert desk.requests() == []


def test_custom_fields_a_day_old_are_asked_for_again_when_a_customer_is_sent(desk: Any, make_customer: Maker) -> None:
    desk.target().context()
    desk.now += timedelta(hours=24)
    desk.requests()
    target = desk.target()
    send(target, make_customer())
    send(target, make_customer(id="8"))
    assert [request[:2] for request in desk.requests()] == [
        ("GET", "custom_fields"),
        ("POST", "customers"),
        ("POST", "customers"),
    ]


def test_another_api_key_does_not_inherit_the_ids_of_the_organization_before(desk: Any) -> None:
    desk.memory.put("custom_fields", {"key": "another", "asked": desk.now.isoformat(), "ids": {"Notes": "stale"}})
    assert desk.target().context() == {"custom_fields": list(NATIVE_FIELDS)}


def drop_fields(desk: Any, *names: str) -> None:
    for field in desk.ask("custom_fields")["customFields"]:
        if field["name"] in names:
            desk.sandbox.delete("custom_fields", field["id"], event=False)


def test_a_custom_field_upflow_lacks_is_left_out_with_one_note_that_names_the_setting(
    desk: Any, make_customer: Maker
) -> None:
    drop_fields(desk, "Notes", "Recipient")
    target = desk.target()
    _, payload = send(target, make_customer(notes="N", reference="R"))
    assert payload["customFields"] == {"Customer Type": "company", "Reference": "R"}
    (note,) = desk.notes
    assert "Notes, Recipient" in note
    assert "create_custom_fields" in note


def test_create_custom_fields_creates_the_missing_ones_only_when_a_customer_needs_them(
    desk: Any, make_customer: Maker
) -> None:
    drop_fields(desk, "Notes", "Plan Item")
    target = desk.target(create_custom_fields=True)
    desk.requests()
    assert target.context() == {"custom_fields": list(NATIVE_FIELDS)}
    assert desk.requests() == [("GET", "custom_fields", 200)]
    send(target, make_customer(notes="N"))
    assert [request[:2] for request in desk.requests()] == [
        ("GET", "custom_fields"),
        ("POST", "custom_fields"),
        ("POST", "customers"),
    ]
    send(target, make_customer(id="8", notes="N"))
    assert [request[:2] for request in desk.requests()] == [("POST", "customers")]
    assert shown_fields(desk.ask(f"customers/external:{REFERENCE}"))["Notes"] == "N"
    assert desk.notes == []


def test_a_custom_field_made_anew_under_another_id_is_looked_up_once_and_the_customer_sent_again(
    desk: Any, make_customer: Maker
) -> None:
    desk.target().context()
    drop_fields(desk, "Notes")
    desk.sandbox.create("custom_fields", {"name": "Notes", "type": "TEXT"})
    desk.requests()
    target = desk.target()
    ack, _ = send(target, make_customer(notes="N", emails=("a@acme.com",)))
    send(target, make_customer(id="8", notes="M", emails=("bad",)))
    assert [request[:2] for request in desk.requests()].count(("GET", "custom_fields")) == 1
    assert ack.notes == ()
    assert shown_fields(desk.ask(f"customers/external:{REFERENCE}"))["Notes"] == "N"


def test_a_custom_field_that_vanished_is_left_out_with_a_note(desk: Any, make_customer: Maker) -> None:
    target = desk.target()
    target.context()
    drop_fields(desk, "Notes")
    ack, _ = send(target, make_customer(notes="N", reference="R"))
    assert shown_fields(desk.ask(f"customers/external:{REFERENCE}")) == {"Customer Type": "company", "Reference": "R"}
    assert len(ack.notes) == 1
    assert "'Notes'" in ack.notes[0]
    assert desk.target().context() == {"custom_fields": [name for name in NATIVE_FIELDS if name != "Notes"]}
