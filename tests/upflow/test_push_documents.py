"""Do invoices, credit notes, fixes and links leave the right balance at Upflow's stand-in?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import (
    AuthError,
    CreditNote,
    Customer,
    Decision,
    Delivery,
    Family,
    Invoice,
    Member,
    Part,
    Refused,
)
from duebridge.core.connector import Operation
from duebridge.targets.upflow.mapping import CREDIT_NOTE, CUSTOMER, INVOICE
from duebridge.targets.upflow.rules import INVOICES
from duebridge.targets.upflow.target import UpflowTarget

Maker = Callable[..., Any]
CONTEXT = {"source": "pennylane", "custom_fields": []}
SENT = Decision("sync", "listed_unpaid", "for a test")


@pytest.fixture
def target(desk: Any, make_customer: Callable[..., Customer]) -> UpflowTarget:
    """A target at whose organization the customer 7 is known."""
    target: UpflowTarget = desk.target()
    payload = CUSTOMER.build(make_customer(), CONTEXT)
    target.push(Delivery("customer", "7", "", "create", payload["externalId"], payload))
    return target


def family(target: UpflowTarget, invoice: Invoice, *notes: CreditNote) -> dict[str, Part]:
    members = tuple(Member(note, SENT, standing=True) for note in notes)
    made = target.parts(Family(Member(invoice, INVOICES.decide(invoice), standing=True), members), "pennylane")
    return {f"{part.owner.id}:{part.name}": part for part in made}


def send_document(target: UpflowTarget, record: Invoice | CreditNote, operation: Operation = "create") -> None:
    mapping = INVOICE if isinstance(record, Invoice) else CREDIT_NOTE
    payload = mapping.build(record, CONTEXT)
    target.push(Delivery(record.kind, record.id, "", operation, payload["externalId"], payload))


def send_parts(target: UpflowTarget, made: Iterable[Part], operation: Operation) -> None:
    for part in made:
        payload = part.payload if operation in {"create", "update"} else None
        target.push(
            Delivery(part.owner.kind, part.owner.id, part.name, operation, part.reference, payload, write=part.write)
        )


def invoice_at(desk: Any) -> tuple[str, int]:
    shown = desk.ask("invoices/external:pennylane-invoice-30")
    return shown["state"], shown["amountOutstanding"]


def test_a_paid_invoice_reads_paid(desk: Any, target: UpflowTarget, make_invoice: Maker) -> None:
    invoice = make_invoice(status="paid", paid=True)
    send_document(target, invoice)
    send_parts(target, family(target, invoice).values(), "create")
    assert invoice_at(desk) == ("PAID", 0)
    payment = desk.ask("payments/external:pennylane-invoice-30-fix")
    assert (payment["amount"], payment["amountUnlinked"], payment["validatedAt"]) == (120000, 0, "2026-03-02")


def test_an_invoice_cancelled_by_its_credit_note_reads_paid_and_is_linked_to_it(
    desk: Any, target: UpflowTarget, make_invoice: Maker, make_credit_note: Maker
) -> None:
    invoice, note = make_invoice(status="cancelled", paid=True), make_credit_note(amount=Decimal("-1200.00"))
    send_document(target, invoice)
    send_document(target, note)
    send_parts(target, family(target, invoice, note).values(), "create")
    assert invoice_at(desk) == ("PAID", 0)
    shown = desk.ask("credit_notes/external:pennylane-credit_note-40")
    assert shown["amountUnlinked"] == 0
    assert shown["linkedInvoices"][0]["invoice"]["customId"] == "F-2026-30"
    assert desk.ask("payments")["total"] == 0


def test_a_fix_is_lowered_by_taking_its_link_back_changing_it_and_linking_again(
    desk: Any, target: UpflowTarget, make_invoice: Maker, make_credit_note: Maker
) -> None:
    invoice, note = make_invoice(status="paid", paid=True), make_credit_note()
    send_document(target, invoice)
    before = family(target, invoice)
    send_parts(target, before.values(), "create")
    after = family(target, invoice, note)
    with pytest.raises(Refused):
        send_parts(target, [after["30:fix"]], "update")
    send_parts(target, [before["30:fix-link"]], "release")
    send_document(target, note)
    send_parts(target, [after["30:fix"]], "update")
    send_parts(target, [after["30:fix-link"], after["40:link-30"]], "update")
    assert invoice_at(desk) == ("PAID", 0)
    payment = desk.ask("payments/external:pennylane-invoice-30-fix")
    assert (payment["amount"], payment["amountUnlinked"]) == (96000, 0)
    assert desk.ask("payments")["total"] == 1


def test_a_withdrawn_fix_leaves_the_invoice_open(desk: Any, target: UpflowTarget, make_invoice: Maker) -> None:
    invoice = make_invoice(status="paid", paid=True)
    send_document(target, invoice)
    made = family(target, invoice)
    send_parts(target, made.values(), "create")
    send_parts(target, [made["30:fix-link"]], "release")
    send_parts(target, [made["30:fix-link"], made["30:fix"]], "delete")
    assert invoice_at(desk)[1] == 120000
    assert desk.ask("payments")["total"] == 0


def test_everything_goes_when_links_go_first(
    desk: Any, target: UpflowTarget, make_invoice: Maker, make_credit_note: Maker
) -> None:
    invoice, note = make_invoice(status="paid", paid=True), make_credit_note()
    send_document(target, invoice)
    send_document(target, note)
    made = family(target, invoice, note)
    send_parts(target, made.values(), "create")
    with pytest.raises(Refused):
        send_document(target, invoice, "delete")
    send_parts(target, [part for part in made.values() if part.write == "link"], "release")
    send_parts(target, made.values(), "delete")
    for record in (note, invoice):
        send_document(target, record, "delete")
        send_document(target, record, "delete")
    for listed in ("invoices", "credit_notes", "payments"):
        assert desk.ask(listed)["total"] == 0


def test_an_invoice_moves_to_another_customer_once_its_link_is_taken_back(
    desk: Any, target: UpflowTarget, make_invoice: Maker, make_customer: Callable[..., Customer]
) -> None:
    payload = CUSTOMER.build(make_customer(id="8"), CONTEXT)
    target.push(Delivery("customer", "8", "", "create", payload["externalId"], payload))
    before, after = make_invoice(paid=True), make_invoice(paid=True, customer_id="8")
    send_document(target, before)
    made = family(target, before)
    send_parts(target, made.values(), "create")
    send_parts(target, [made["30:fix-link"]], "release")
    send_document(target, after)
    send_parts(target, family(target, after).values(), "update")
    assert invoice_at(desk) == ("PAID", 0)
    assert desk.ask("payments")["items"][0]["customer"]["externalId"] == "pennylane-customer-8"


def test_taking_back_a_link_that_is_not_there_is_no_error(desk: Any, target: UpflowTarget, make_invoice: Maker) -> None:
    made = family(target, make_invoice(status="paid", paid=True))
    send_parts(target, [made["30:fix-link"]], "release")
    send_parts(target, made.values(), "delete")


def test_linking_twice_links_once(desk: Any, target: UpflowTarget, make_invoice: Maker) -> None:
    invoice = make_invoice(status="paid", paid=True)
    send_document(target, invoice)
    for _ in range(2):
        send_parts(target, family(target, invoice).values(), "create")
    assert invoice_at(desk) == ("PAID", 0)
    assert desk.ask("payments")["total"] == 1


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1200"), ("TND", "1200.505")])
def test_currencies_without_two_decimals_settle_to_nothing(
    desk: Any, target: UpflowTarget, make_invoice: Maker, currency: str, amount: str
) -> None:
    invoice = make_invoice(
        paid=True, currency=currency, amount=Decimal(amount), amount_before_tax=Decimal(1000), tax=Decimal(0)
    )
    send_document(target, invoice)
    send_parts(target, family(target, invoice).values(), "create")
    assert invoice_at(desk) == ("PAID", 0)


def test_an_invoice_of_an_unknown_customer_is_refused_in_upflows_words(
    desk: Any, target: UpflowTarget, make_invoice: Maker
) -> None:
    with pytest.raises(Refused, match="pennylane-customer-8"):
        send_document(target, make_invoice(customer_id="8"))


def test_check_tells_keys_apart_without_telling_the_key(desk: Any) -> None:
    account = desk.target().check()
    assert account == desk.target().check()
    assert "sandbox-upflow" not in account.id + account.name + account.detail
    assert desk.requests() == [("GET", "customers", 200)] * 2


@pytest.mark.parametrize("wrong", [{"api_key": "wrong-key-1234"}, {"api_secret": "wrong-secret-1234"}])
def test_wrong_keys_are_refused_with_the_place_where_keys_are_made(desk: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(AuthError, match="Settings > API") as caught:
        desk.target(**wrong).check()
    assert "1234" not in str(caught.value)
    assert "sandbox-upflow" not in str(caught.value)
