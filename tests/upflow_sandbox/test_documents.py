"""How invoices, credit notes, payments and refunds come, change and go at Upflow's stand-in."""

from __future__ import annotations

import base64

import pytest

KINDS = ["invoice", "credit_note", "payment", "refund"]
PDF = base64.b64encode(b"%PDF-1.7\n%%EOF\n").decode()


def send(upflow, kind, *args, **changes):
    return getattr(upflow, f"send_{kind}")(*args, **changes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_creates_once_and_then_updates_by_external_id(upflow, kind):
    upflow.send_customer()
    created, updated = send(upflow, kind, "d"), send(upflow, kind, "d", currency="USD")
    assert (created.status_code, updated.status_code) == (201, 200)
    assert created.json()["id"] == updated.json()["id"]
    assert upflow.shown(f"/{kind}s/external:d")["currency"] == "USD"


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_and_an_external_id_of_different_documents_are_refused(upflow, refused, kind):
    upflow.send_customer()
    first = send(upflow, kind, "d1").json()["id"]
    send(upflow, kind, "d2")
    refused(send(upflow, kind, "d2", id=first), 400, "d2", "already belongs")


@pytest.mark.parametrize("kind", KINDS)
def test_the_customer_must_exist(upflow, refused, kind):
    answer = send(upflow, kind, "d", "ghost")
    refused(answer, 400, "ghost")


@pytest.mark.parametrize(
    "field", ["customId", "issuedAt", "dueDate", "currency", "grossAmount", "netAmount", "customer"]
)
def test_an_invoice_lacks_no_required_field(upflow, refused, invoice_body, field):
    upflow.send_customer()
    body = {name: value for name, value in invoice_body.items() if name != field}
    refused(upflow.post("/invoices", json=body), 400, f"{field} is required")


@pytest.mark.parametrize("field", ["customId", "currency", "grossAmount", "netAmount"])
def test_a_credit_note_lacks_no_required_field(upflow, refused, field):
    body = {"customId": "A", "currency": "EUR", "grossAmount": 2, "netAmount": 1}
    assert upflow.post("/credit_notes", json=body).status_code == 201
    del body[field]
    refused(upflow.post("/credit_notes", json=body), 400, f"{field} is required")


@pytest.mark.parametrize("field", ["amount", "currency", "validatedAt"])
@pytest.mark.parametrize("path", ["/payments", "/refunds"])
def test_money_lacks_no_required_field(upflow, refused, path, field):
    body = {"amount": 5, "currency": "EUR", "validatedAt": "2026-03-01"}
    assert upflow.post(path, json=body).status_code == 201
    del body[field]
    refused(upflow.post(path, json=body), 400, f"{field} is required")


@pytest.mark.parametrize("wrong", [120.5, 12000.0, "12000", True, None, -1, 2**53, [1]])
def test_a_gross_amount_is_a_whole_number_of_the_smallest_unit(upflow, refused, wrong):
    upflow.send_customer()
    refused(upflow.send_invoice(grossAmount=wrong), 400, "grossAmount")
    refused(upflow.send_credit_note(grossAmount=wrong), 400, "grossAmount")


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "1"])
def test_a_payment_is_above_zero(upflow, refused, wrong):
    upflow.send_customer()
    refused(upflow.send_payment(amount=wrong), 400, "amount")
    refused(upflow.send_refund(amount=wrong), 400, "amount")


@pytest.mark.parametrize("net", [-5, 0, 12000])
def test_a_net_amount_is_anything_up_to_the_gross_amount(upflow, net):
    upflow.send_customer()
    assert upflow.send_invoice(netAmount=net).json()["netAmount"] == net


def test_a_net_amount_above_the_gross_amount_is_refused(upflow, refused):
    upflow.send_customer()
    refused(upflow.send_invoice(netAmount=12001), 400, "netAmount 12001")


@pytest.mark.parametrize("code", ["eur", "EURO", "XYZ", "", 978])
def test_a_currency_is_an_iso_4217_code(upflow, refused, code):
    upflow.send_customer()
    refused(upflow.send_invoice(currency=code), 400, "currency")
    refused(upflow.send_payment(currency=code), 400, "currency")


@pytest.mark.parametrize("code", ["EUR", "JPY", "TND", "KWD", "UYW", "XOF"])
def test_every_iso_4217_currency_is_taken(upflow, code):
    upflow.send_customer()
    assert upflow.send_invoice(currency=code).status_code == 201


@pytest.mark.parametrize(
    "day", ["2026-02-30", "20260201", "01/02/2026", "2026-2-1", "2026-W01-1", "", "2026-01-01T25:00:00Z", 5]
)
def test_a_date_is_one_of_the_calendar(upflow, refused, day):
    upflow.send_customer()
    refused(upflow.send_invoice(dueDate=day), 400, "dueDate")
    refused(upflow.send_payment(validatedAt=day), 400, "validatedAt")


@pytest.mark.parametrize("day", ["2026-02-28", "2026-02-28T00:00:00Z", "2026-02-28T10:00:00.123+02:00"])
def test_a_date_may_carry_a_time(upflow, day):
    upflow.send_customer()
    assert upflow.send_invoice(issuedAt=day).json()["issuedAt"] == day


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("invoice", {"status": "PAID"}, "unknown field status"),
        ("invoice", {"lines": []}, "unknown field lines"),
        ("credit_note", {"linkedInvoices": []}, "unknown field linkedInvoices"),
        ("payment", {"instrument": "BITCOIN"}, "instrument must be one of"),
        ("payment", {"bankAccountId": "ghost"}, "ghost"),
        ("refund", {"bankAccountId": "ghost"}, "unknown field bankAccountId"),
        ("payment", {"customer": "c1"}, "customer must be an object"),
        ("payment", {"customer": {}}, "customer must hold"),
        ("invoice", {"externalId": ""}, "externalId must not be empty"),
        ("invoice", {"customId": " "}, "customId must not be empty"),
    ],
)
def test_a_careless_document_is_refused_by_field(upflow, refused, kind, changes, words):
    upflow.send_customer()
    refused(send(upflow, kind, **changes), 400, words)


def test_an_invoice_may_be_sent_below_its_customer(upflow, refused, invoice_body):
    upflow.send_customer("c1")
    upflow.send_customer("c2")
    body = {name: value for name, value in invoice_body.items() if name != "customer"}
    answer = upflow.post("/customers/external:c1/invoices", json=body | {"externalId": "i1"})
    assert (answer.status_code, answer.json()["customer"]["externalId"]) == (201, "c1")
    other = upflow.post("/customers/external:c1/invoices", json=body | {"customer": {"externalId": "c2"}})
    refused(other, 400, "not the customer of this path")
    refused(upflow.post("/customers/external:ghost/invoices", json=body), 404, "ghost")


def test_what_is_linked_keeps_its_currency_customer_and_amount(upflow, refused):
    upflow.send_customer("c1")
    upflow.send_customer("c2")
    upflow.send_invoice("i1")
    upflow.send_payment("p1", amount=5000)
    upflow.link(invoices={"i1": 5000}, payments={"p1": 5000})
    refused(upflow.send_invoice(grossAmount=4999, netAmount=0), 400, "below the 5000")
    refused(upflow.send_payment(amount=4999), 400, "below the 5000")
    refused(upflow.send_invoice(currency="USD"), 400, "currency can't change from EUR to USD")
    refused(upflow.send_payment(customer={"externalId": "c2"}), 400, "customer can't change")
    assert upflow.send_invoice(grossAmount=5000, netAmount=0).json()["state"] == "PAID"
    assert upflow.send_payment(amount=6000).json()["amountUnlinked"] == 1000


def test_what_is_not_linked_may_move_to_another_customer(upflow):
    upflow.send_customer("c1")
    upflow.send_customer("c2")
    upflow.send_invoice("i1", "c1")
    upflow.send_invoice("i1", "c2")
    assert upflow.shown("/customers/external:c1")["amountDue"] == 0
    assert upflow.shown("/customers/external:c2")["amountDue"] == 12000
    assert upflow.delete("/customers/external:c1").status_code == 204


@pytest.mark.parametrize("path", ["/payments/external:p1", "/invoices/external:i1"])
def test_what_is_linked_is_not_deleted_until_the_link_is_taken_back(upflow, refused, path):
    upflow.send_customer()
    upflow.send_invoice()
    upflow.send_payment()
    upflow.link("l1", invoices={"i1": 10}, payments={"p1": 10})
    refused(upflow.delete(path), 409, "'l1'", "take the link back first")
    upflow.link("l1")
    assert upflow.delete(path).status_code == 204
    assert upflow.delete(path).status_code == 404


@pytest.mark.parametrize("path", ["/invoices/external:d/pdf", "/credit_notes/external:d/pdf"])
def test_a_pdf_is_attached_and_shown(upflow, refused, path):
    upflow.send_customer()
    upflow.send_invoice("d")
    upflow.send_credit_note("d")
    document = path.removesuffix("/pdf")
    assert upflow.shown(document)["pdfUrl"] is None
    answer = upflow.post(path, json={"data": PDF})
    assert (answer.status_code, answer.content) == (204, b"")
    assert upflow.shown(document)["pdfUrl"].endswith(".pdf")
    refused(upflow.post(path, json={"data": "%%%"}), 400, "not base64")
    refused(upflow.post(path, json={"data": "aGVsbG8="}), 400, "not a PDF")
    refused(upflow.post(path, json={}), 400, "data is required")


def test_payments_take_no_pdf(upflow, refused):
    refused(upflow.post("/payments/external:p1/pdf", json={"data": PDF}), 404, "no such endpoint")
