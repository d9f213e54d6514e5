"""What does the stand-in take as an invoice or a credit note, and what settles them?"""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Billabex, date


def test_an_invoice_is_shown_as_it_was_sent(billabex: Billabex, acme: str) -> None:
    made = billabex.invoice(acme, sourceId="s-1", poNumber="PO-9", paidAmount="20.5")
    assert made.status_code == 201
    shown = billabex.get(f"invoices/{made.json()['id']}").json()
    assert shown == made.json()
    assert (shown["accountId"], shown["number"], shown["sourceId"], shown["poNumber"]) == (acme, "F-1", "s-1", "PO-9")
    assert (shown["totalAmount"], shown["taxAmount"], shown["paidAmount"]) == (120, 20, 20.5)
    assert (shown["issuedDate"], shown["dueDate"]["day"]) == ({"year": 2026, "month": 3, "day": 2}, 1)
    assert shown["file"] == {"name": "f.pdf", "contentType": "application/pdf", "size": 14}


@pytest.mark.parametrize(
    ("changes", "status", "what"),
    [
        ({"accountId": "nobody"}, 404, "no account"),
        ({"number": None}, 400, "number is required"),
        ({"totalAmount": "twelve"}, 400, "totalAmount must be a decimal number"),
        ({"totalAmount": "1e3"}, 400, "totalAmount must be a decimal number"),
        ({"totalAmount": "1_0"}, 400, "totalAmount must be a decimal number"),
        ({"totalAmount": "١٢"}, 400, "totalAmount must be a decimal number"),
        ({"totalAmount": "-5"}, 400, "must not be negative"),
        ({"totalAmount": "120.005"}, 400, "more decimals than EUR allows"),
        ({"taxAmount": "130"}, 400, "more than totalAmount"),
        ({"paidAmount": "121"}, 400, "more than totalAmount"),
        ({"issuedDate[month]": None}, 400, "issuedDate.month is required"),
        ({"issuedDate[month]": "13"}, 400, "not a date of the calendar"),
        ({"dueDate[day]": "x"}, 400, "must be a whole number"),
        ({"issuedDate[week]": "3"}, 400, "unknown field"),
        ({"currency": "EUR"}, 400, "unknown field currency"),
        ({"file": ("f.txt", b"text", "text/plain")}, 400, "file must be a PDF or a PNG"),
        ({"file": ("f.pdf", b"<html>", "application/pdf")}, 400, "file must be a PDF or a PNG"),
    ],
)
def test_a_form_that_is_wrong_is_refused(
    billabex: Billabex, acme: str, changes: dict[str, Any], status: int, what: str
) -> None:
    answer = billabex.invoice(acme, **changes)
    assert (answer.status_code, what in answer.json()["message"]) == (status, True), answer.text
    assert billabex.nodes("invoices") == []


def test_json_is_no_form_and_a_field_may_not_be_given_twice(billabex: Billabex, acme: str) -> None:
    assert billabex.post("invoices", json={"accountId": acme}).status_code == 400
    twice = billabex.post("invoices", files=[("number", (None, "F-1")), ("number", (None, "F-2"))])
    assert (twice.status_code, twice.json()["message"]) == (400, "number is given twice")


@pytest.mark.parametrize("field", ["dueDate[year]", "paidAmount", "poNumber"])
def test_a_credit_note_has_no_due_date_paid_amount_and_order(billabex: Billabex, acme: str, field: str) -> None:
    assert billabex.credit_note(acme).status_code == 201
    assert billabex.credit_note(acme, "A-2", **{field: "1"}).status_code == 400


def test_a_number_is_there_once_at_an_account_and_a_source_id_once_in_the_organization(
    billabex: Billabex, acme: str
) -> None:
    other = billabex.account(fullName="Beta").json()["id"]
    assert billabex.invoice(acme, sourceId="s-1").status_code == 201
    assert billabex.invoice(acme, sourceId="s-2").status_code == 409
    assert billabex.invoice(other, sourceId="s-2").status_code == 201
    assert billabex.credit_note(acme, sourceId="s-1").status_code == 409
    assert billabex.credit_note(acme, "F-1", sourceId="s-3").status_code == 201


def test_a_document_can_not_be_changed_but_removed(billabex: Billabex, acme: str) -> None:
    id = billabex.invoice(acme, sourceId="s-1").json()["id"]
    assert billabex.put(f"invoices/{id}", json={"number": "F-2"}).status_code == 405
    assert billabex.delete(f"invoices/{id}").status_code == 204
    assert billabex.delete(f"invoices/{id}").status_code == 404
    assert billabex.invoice(acme, sourceId="s-1").status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"paidAmount": 120}, 200),
        ({"paidAmount": 0.5, "paidDate": {"year": 2026, "month": 3, "day": 20}}, 200),
        ({"paidAmount": 120.01}, 409),
        ({"paidAmount": -1}, 400),
        ({"paidAmount": "12"}, 400),
        ({"paidAmount": 1.005}, 400),
        ({}, 400),
        ({"paidAmount": 1, "by": "me"}, 400),
        ([1], 400),
    ],
)
def test_the_paid_amount_is_absolute(billabex: Billabex, acme: str, body: Any, status: int) -> None:
    id = billabex.invoice(acme, paidAmount="7").json()["id"]
    assert billabex.put(f"invoices/{id}/paid-amount", json=body).status_code == status
    expected = body["paidAmount"] if status == 200 else 7
    assert billabex.get(f"invoices/{id}").json()["paidAmount"] == expected


def test_a_status_is_issued_then_late_then_paid(billabex: Billabex, acme: str, clock: Any) -> None:
    id = billabex.invoice(acme).json()["id"]
    seen = [billabex.get(f"invoices/{id}").json()["status"]]
    clock.now += 20 * 86_400
    seen.append(billabex.get(f"invoices/{id}").json()["status"])
    billabex.put(f"invoices/{id}/paid-amount", json={"paidAmount": 120})
    seen.append(billabex.get(f"invoices/{id}").json()["status"])
    assert seen == ["issued", "late", "paid"]


def test_a_new_credit_note_is_allocated_to_unpaid_invoices_oldest_first(billabex: Billabex, acme: str) -> None:
    later = billabex.invoice(acme, "F-2", totalAmount="30", **date("dueDate", 2026, 5, 1)).json()["id"]
    sooner = billabex.invoice(acme, "F-1", totalAmount="40").json()["id"]
    note = billabex.credit_note(acme).json()
    assert note["creditAllocations"] == [{"invoiceId": sooner, "amount": 40}, {"invoiceId": later, "amount": 10}]
    assert billabex.get(f"invoices/{later}").json()["remainingAmount"] == 20


def test_what_is_left_of_a_credit_note_goes_to_the_next_invoice(billabex: Billabex, acme: str) -> None:
    note = billabex.credit_note(acme).json()
    assert note["remainingAmount"] == 50
    made = billabex.invoice(acme).json()
    assert (made["creditAllocations"], made["remainingAmount"]) == ([{"creditNoteId": note["id"], "amount": 50}], 70)


def test_an_allocation_is_made_once_within_what_is_left_and_taken_back(
    billabex: Billabex, acme: str, product: Any
) -> None:
    product.configure({"auto_allocate": False})
    invoice, note = billabex.invoice(acme).json()["id"], billabex.credit_note(acme).json()["id"]
    pair = {"creditNoteId": note, "invoiceId": invoice}

    def allocate(amount: float) -> int:
        return billabex.post("credit-allocations", json={**pair, "amount": amount}).status_code

    assert [allocate(amount) for amount in (0, 51, 20, 20)] == [400, 400, 201, 400]
    assert billabex.post("credit-allocations/remove", json=pair).status_code == 200
    assert billabex.post("credit-allocations/remove", json=pair).status_code == 404
    assert billabex.get(f"credit-notes/{note}").json()["remainingAmount"] == 50


def test_between_two_accounts_nothing_is_allocated(billabex: Billabex, acme: str) -> None:
    other = billabex.account(fullName="Beta").json()["id"]
    invoice, note = billabex.invoice(other).json()["id"], billabex.credit_note(acme).json()["id"]
    answer = billabex.post("credit-allocations", json={"creditNoteId": note, "invoiceId": invoice, "amount": 5})
    assert (answer.status_code, answer.json()["message"]) == (400, "the credit note is of another account")


def test_removing_an_invoice_frees_its_credit_note(billabex: Billabex, acme: str) -> None:
    invoice, note = billabex.invoice(acme).json()["id"], billabex.credit_note(acme).json()["id"]
    billabex.delete(f"invoices/{invoice}")
    assert billabex.get(f"credit-notes/{note}").json()["remainingAmount"] == 50
