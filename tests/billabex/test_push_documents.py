"""How are invoices and credit notes written, changed, found again, when Billabex lets little be changed?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import Ack, NotFound, RecordError, UnknownOutcome

from .conftest import Desk, make_credit_note, make_customer, make_invoice

Order = Callable[..., None]


@pytest.fixture
def acme(desk: Desk) -> Desk:
    """An organization that holds the account of customer `7`."""
    desk.push(make_customer())
    return desk


def one(desk: Desk, collection: str = "invoices") -> dict[str, Any]:
    (row,) = desk.shown(collection)
    return row


def test_a_document_goes_with_its_account_dates_amounts_and_file(acme: Desk) -> None:
    ack = acme.push(make_invoice(remaining=Decimal("1000.00")))
    shown = one(acme)
    assert (shown["id"], shown["accountId"]) == (ack.target_id, acme.ids["book-customer-7"])
    assert (shown["totalAmount"], shown["taxAmount"], shown["paidAmount"]) == (1200, 200, 200)
    assert shown["file"] == {"name": "facture.pdf", "contentType": "application/pdf", "size": len(acme.pdf)}


def test_a_credit_note_is_positive_and_has_no_due_date(acme: Desk) -> None:
    acme.push(make_credit_note())
    shown = one(acme, "credit-notes")
    assert (shown["totalAmount"], shown["taxAmount"], "dueDate" in shown) == (240, 40, False)


def test_a_change_of_the_paid_amount_alone_keeps_the_document(acme: Desk) -> None:
    first = acme.delivery(make_invoice())
    id = acme.push(make_invoice()).target_id
    ack = acme.push(make_invoice(paid=True), previous=first.payload)
    assert (ack.target_id, ack.anew) == (id, False)
    assert one(acme)["paidAmount"] == 1200


@pytest.mark.parametrize(
    "change",
    [
        {"number": "F-2026-31"},
        {"amount": Decimal("1300.00")},
        {"tax": Decimal("100.00")},
        {"issued_on": date(2026, 3, 3)},
        {"due_on": date(2026, 4, 2)},
    ],
)
def test_any_other_change_makes_it_again_with_its_paid_amount_and_says_that_follow_up_restarts(
    acme: Desk, change: dict[str, Any]
) -> None:
    before = make_invoice(remaining=Decimal("900.00"))
    first = acme.delivery(before)
    id = acme.push(before).target_id
    after = before.model_copy(update=change | ({"remaining": Decimal("1000.00")} if "amount" in change else {}))
    ack = acme.push(after, previous=first.payload)
    assert ack.anew
    assert ack.target_id != id
    assert "its follow-up starts anew" in ack.notes[0]
    shown = one(acme)
    assert (shown["id"], shown["paidAmount"], shown["sourceId"]) == (ack.target_id, 300, "book-invoice-30")


def test_a_change_there_and_back_leaves_the_document_and_not_an_answer_about_one_that_is_gone(acme: Desk) -> None:
    there, back = make_invoice(), make_invoice(number="F-2")
    acme.push(there)
    acme.push(back, previous=acme.delivery(there).payload)
    ack = acme.push(there, previous=acme.delivery(back).payload)
    assert (one(acme)["id"], one(acme)["number"]) == (ack.target_id, "F-2026-30")


def test_removed_and_sent_again_it_is_made_again(acme: Desk) -> None:
    invoice = make_invoice()
    acme.push(invoice)
    acme.push(invoice, operation="delete", payload=None)
    del acme.ids["book-invoice-30"]
    assert acme.shown("invoices") == []
    ack = acme.push(invoice)
    assert one(acme)["id"] == ack.target_id


def test_what_is_gone_at_billabex_is_made_again(acme: Desk) -> None:
    id = acme.push(make_invoice()).target_id
    acme.control("DELETE", f"invoices/{id}")
    ack = acme.push(make_invoice(paid=True), previous=acme.delivery(make_invoice()).payload)
    assert (ack.anew, one(acme)["id"], one(acme)["paidAmount"]) == (True, ack.target_id, 1200)


def test_removing_what_is_gone_counts_as_done(acme: Desk) -> None:
    id = acme.push(make_invoice()).target_id
    acme.control("DELETE", f"invoices/{id}")
    assert acme.push(make_invoice(), operation="delete", payload=None) == Ack()


@pytest.mark.parametrize("change", [{"paid": True}, {"number": "F-2"}])
def test_what_another_connection_runs_is_left_alone(acme: Desk, change: dict[str, Any]) -> None:
    id = acme.push(make_invoice()).target_id
    acme.control("PATCH", f"invoices/{id}", readOnlyReason="managed by NetSuite")
    with pytest.raises(RecordError, match=r"read-only \(managed by NetSuite\).*change it in that connection's source"):
        acme.push(make_invoice(**change), previous=acme.delivery(make_invoice()).payload)
    assert one(acme)["id"] == id


def test_the_same_create_is_the_same_bytes_under_the_same_key(acme: Desk) -> None:
    delivery = acme.delivery(make_invoice())
    first = acme.target().push(delivery)
    again = acme.target().push(delivery)
    assert first == again
    assert len(acme.shown("invoices")) == 1


def test_a_create_whose_answers_are_lost_is_repeated_and_made_once(acme: Desk, order: Order) -> None:
    order(method="POST", fault="lost_answer", times=3)
    ack = acme.push(make_invoice())
    assert one(acme)["id"] == ack.target_id
    assert [method for method, path in acme.requests() if path == "invoices"] == ["POST"] * 4 + ["GET"] * 0


def test_a_create_that_stays_without_an_answer_is_unknown_and_then_found(acme: Desk, order: Order) -> None:
    order(method="POST", fault="lost_answer", rate=1)
    with pytest.raises(UnknownOutcome):
        acme.push(make_invoice())
    found = acme.target().find(acme.delivery(make_invoice(), uncertain=True))
    assert found == Ack(one(acme)["id"])


def test_nothing_is_found_where_nothing_was_made(acme: Desk) -> None:
    assert acme.target().find(acme.delivery(make_invoice(), uncertain=True)) is None


def test_what_a_list_does_not_show_yet_is_asked_for_as_the_very_same_request(acme: Desk) -> None:
    attempted, target = make_invoice(), acme.target()
    made = target.push(acme.delivery(attempted)).target_id
    acme.sandbox.configure({"visible_after": 600})
    sent = acme.delivery(attempted).payload
    looked = acme.delivery(make_invoice(number="F-2"), uncertain=True, previous=sent)
    found = acme.target().find(looked)
    assert found == Ack(made)
    ack = acme.target().push(looked._replace(operation="update", target_id=made))
    acme.sandbox.configure({"visible_after": 0})
    assert (one(acme)["id"], one(acme)["number"]) == (ack.target_id, "F-2")


def test_what_is_no_longer_to_be_sent_is_looked_for_and_never_made(acme: Desk) -> None:
    sent = acme.delivery(make_invoice()).payload
    looked = acme.delivery(make_invoice(), "update", uncertain=True, previous=sent, target_id=None)
    assert acme.target().find(looked) is None
    assert acme.shown("invoices") == []


def test_one_run_reads_the_list_once_however_many_are_looked_for(acme: Desk) -> None:
    target, before = acme.target(), len(acme.requests())
    for n in range(5):
        target.find(acme.delivery(make_invoice(id=str(n), number=f"F-{n}"), uncertain=True))
    assert acme.requests()[before:] == [("GET", "invoices")]


def test_without_a_source_id_the_very_same_document_is_found_by_its_number(acme: Desk) -> None:
    same = {"issuedDate": {"year": 2026, "month": 3, "day": 2}, "dueDate": {"year": 2026, "month": 4, "day": 1}}
    made = acme.control("POST", "invoices", number="F-2026-30", totalAmount=1200, taxAmount=200, **same)
    assert acme.target().find(acme.delivery(make_invoice(), uncertain=True)) == Ack(made["id"])
    assert acme.target().find(acme.delivery(make_invoice(amount=Decimal(9), tax=Decimal(0)), uncertain=True)) is None


def test_a_documents_source_id_goes_and_is_found_under_the_name_that_is_set(acme: Desk) -> None:
    # of the names the stand-in knows, the one of another text that it shows again
    ack = acme.push(make_invoice(), acme.target(source_id_field="poNumber"))
    assert (one(acme)["poNumber"], one(acme)["sourceId"]) == ("book-invoice-30", None)
    looked_for = acme.delivery(make_invoice(number="F-2026-31"), uncertain=True)
    assert acme.target(source_id_field="poNumber").find(looked_for) == Ack(ack.target_id)
    assert acme.target().find(looked_for) is None


def test_a_document_of_this_number_that_is_someone_elses_is_not_taken_over(acme: Desk) -> None:
    acme.control("POST", "invoices", number="F-2026-30", sourceId="theirs-1")
    with pytest.raises(RecordError, match="already has a document numbered F-2026-30"):
        acme.push(make_invoice())
    assert one(acme)["sourceId"] == "theirs-1"


def test_a_document_of_this_key_in_an_account_of_another_connection_is_not_taken_over(acme: Desk) -> None:
    link = {"connectionId": "another-company", "sourceId": "book-customer-7"}
    theirs = acme.control("POST", "accounts", fullName="Another company's", source=link)["id"]
    acme.control("POST", "invoices", accountId=theirs, number="F-2026-30", sourceId="book-invoice-30")
    with pytest.raises(RecordError, match="already has a document with the source id book-invoice-30"):
        acme.push(make_invoice())
    assert acme.target().find(acme.delivery(make_invoice(), uncertain=True)) is None
    assert one(acme)["accountId"] == theirs


def test_a_file_that_changed_between_two_attempts_doubles_nothing(acme: Desk) -> None:
    first = acme.target().push(acme.delivery(make_invoice()))
    acme.pdf += b"\n% another rendering\n%%EOF"
    assert acme.target().push(acme.delivery(make_invoice())).target_id == first.target_id
    assert len(acme.shown("invoices")) == 1


def test_what_an_earlier_attempt_made_otherwise_is_brought_to_what_is_wanted_now(acme: Desk) -> None:
    acme.target().push(acme.delivery(make_invoice(number="F-OLD")))
    ack = acme.target().push(acme.delivery(make_invoice(paid=True)))
    assert ack.anew
    assert (one(acme)["id"], one(acme)["number"], one(acme)["paidAmount"]) == (ack.target_id, "F-2026-30", 1200)


def test_a_replacement_cut_short_is_unknown_and_can_be_made_again(acme: Desk, order: Order) -> None:
    before = acme.delivery(make_invoice()).payload
    acme.push(make_invoice())
    order(method="POST", fault="status", status=503, rate=1)
    changed = make_invoice(number="F-2")
    with pytest.raises(UnknownOutcome):
        acme.push(changed, previous=before)
    assert acme.shown("invoices") == []
    order(method="POST", fault="status", status=503, times=0)
    ack = acme.push(changed, previous=before, uncertain=True)
    assert (ack.anew, one(acme)["number"]) == (True, "F-2")


def test_nothing_is_removed_before_the_file_is_there(acme: Desk) -> None:
    before = acme.delivery(make_invoice()).payload
    id = acme.push(make_invoice()).target_id
    acme.pdf = b""
    with pytest.raises(RecordError, match="it has no file yet"):
        acme.push(make_invoice(number="F-2"), previous=before)
    assert one(acme)["id"] == id


def test_a_document_without_a_file_is_rejected_or_goes_without_as_the_setting_says(acme: Desk) -> None:
    acme.pdf = b""
    with pytest.raises(RecordError, match=r"a later run tries again, and `without_pdf: send`"):
        acme.push(make_invoice())
    acme.push(make_invoice(), acme.target(without_pdf="send"))
    assert "file" not in one(acme)


def test_a_file_billabex_does_not_take_is_named(acme: Desk) -> None:
    acme.media_type = "image/tiff"
    with pytest.raises(RecordError, match="its file is image/tiff, not PDF or PNG"):
        acme.push(make_invoice())


def test_an_account_removed_at_billabex_is_named_when_a_document_comes(acme: Desk) -> None:
    acme.control("DELETE", f"accounts/{acme.ids['book-customer-7']}")
    with pytest.raises(RecordError, match="its account is no longer at Billabex"):
        acme.push(make_invoice())


def test_an_account_that_was_never_made_is_no_reason_to_send_anything(desk: Desk) -> None:
    with pytest.raises(RecordError, match="id of its account is not known"):
        desk.push(make_invoice())
    assert desk.requests() == []


def test_every_write_carries_a_key(acme: Desk) -> None:
    acme.push(make_invoice())
    acme.push(make_invoice(paid=True), previous=acme.delivery(make_invoice()).payload)
    acme.push(make_invoice(), operation="delete", payload=None)
    writes = [each for each in acme.requests() if each[0] != "GET"]
    assert len(acme.sandbox.state.answered) == len(writes) == 4


def test_a_refusal_that_is_about_nothing_else_is_told_in_billabexs_words(acme: Desk) -> None:
    with pytest.raises(RecordError, match="taxAmount is more than totalAmount") as refused:
        acme.push(make_invoice(tax=Decimal("1300.00")))
    assert not isinstance(refused.value, NotFound)
