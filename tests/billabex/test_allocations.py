"""Do credit notes settle what the ledger says, beside what Billabex allocates by itself?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import (
    Ack,
    Credit,
    CreditNote,
    Decision,
    Delivery,
    Family,
    Invoice,
    Member,
    Part,
    RecordError,
    RunError,
)
from duebridge.targets.billabex.allocations import allocated
from duebridge.targets.billabex.settlements import parts

from .conftest import Desk, make_credit_note, make_customer, make_invoice, stored

SENT = Decision("sync", "open", "")


def family(invoice: Invoice, *notes: CreditNote) -> Family:
    """What planning makes of these documents, all at Billabex; `invoice.credits` as given."""
    members = tuple(Member(note, SENT, standing=True) for note in notes)
    return Family(Member(invoice, SENT, standing=True), members)


def credited(amount: str = "240.00", note: str = "40", **fields: Any) -> Invoice:
    return make_invoice(credits=(Credit(credit_note_id=note, amount=Decimal(amount)),), **fields)


def only(made: Any) -> Part:
    (part,) = made
    return part  # type: ignore[no-any-return]


def delivery(desk: Desk, part: Part, operation: Any = "create") -> Delivery:
    """The delivery of an allocation between documents that are at Billabex."""
    note, invoice = (f"book-{key.replace(':', '-')}" for key in part.after)
    return Delivery(
        kind="credit_note",
        id=part.owner.id,
        part=part.name,
        operation=operation,
        reference=part.reference,
        payload=stored(part.payload) if operation != "delete" else None,
        write="allocation",
        after=(desk.ids.get(note), desk.ids.get(invoice)),
    )


@pytest.fixture
def acme(desk: Desk) -> Desk:
    """An organization with the account of customer `7`."""
    desk.push(make_customer())
    return desk


def settles(desk: Desk, note: str) -> dict[str, Any]:
    """How much the credit note of this reference settles, by our key of the invoice."""
    keys = {row["id"]: row["sourceId"] for row in desk.shown("invoices")}
    (row,) = (row for row in desk.shown("credit-notes") if row["sourceId"] == note)
    return {keys[entry["invoiceId"]]: entry["amount"] for entry in row["creditAllocations"]}


# --- which (pure)


def test_a_credit_note_settles_what_its_invoice_takes_of_it_after_both_are_there() -> None:
    part = only(parts(family(credited(), make_credit_note()), "book"))
    assert (part.reference, part.name, part.write) == ("book-allocation-40-30", "allocation-30", "allocation")
    assert part.after == ("credit_note:40", "invoice:30")
    assert part.payload["amount"] == "240.00"


def test_nothing_is_settled_of_an_invoice_that_is_not_there() -> None:
    there = family(credited(), make_credit_note())
    assert there.invoice is not None
    assert list(parts(Family(None, there.credit_notes), "book")) == []
    assert list(parts(Family(there.invoice._replace(standing=False), there.credit_notes), "book")) == []


@pytest.mark.parametrize("change", [{"number": "F-2"}, {"amount": Decimal(1300)}, {"due_on": date(2026, 5, 1)}])
def test_an_allocation_changes_with_what_makes_its_invoice_another_document(change: dict[str, Any]) -> None:
    before = only(parts(family(credited(), make_credit_note()), "book"))
    after = only(parts(family(credited(**change), make_credit_note()), "book"))
    assert before.payload != after.payload


def test_an_allocation_does_not_change_with_what_is_paid() -> None:
    before = only(parts(family(credited(), make_credit_note()), "book"))
    after = only(parts(family(credited(paid=True, status="paid"), make_credit_note()), "book"))
    assert before.payload == after.payload


def test_a_credit_finer_than_the_currency_settles_nothing_here_its_document_says_why() -> None:
    note = make_credit_note(amount=Decimal("-240.005"))
    assert list(parts(family(credited("240.005"), note), "book")) == []


# --- written


def test_what_is_there_already_is_not_written_again(acme: Desk) -> None:
    acme.push(credited())
    acme.push(make_credit_note())
    assert settles(acme, "book-credit_note-40") == {"book-invoice-30": 240}, "Billabex allocates by itself"
    seen = len(acme.requests())
    assert acme.target().push(delivery(acme, only(parts(family(credited(), make_credit_note()), "book")))) == Ack()
    assert {method for method, _ in acme.requests()[seen:]} == {"GET"}


def test_a_credit_note_billabex_gave_to_an_older_invoice_goes_to_its_own(acme: Desk) -> None:
    acme.push(make_invoice(id="29", number="F-29", due_on=date(2026, 1, 1)))
    acme.push(credited())
    acme.push(make_credit_note())
    assert settles(acme, "book-credit_note-40") == {"book-invoice-29": 240}
    acme.target().push(delivery(acme, only(parts(family(credited(), make_credit_note()), "book"))))
    assert settles(acme, "book-credit_note-40") == {"book-invoice-30": 240}


def test_an_invoice_billabex_settled_by_another_credit_note_makes_room(acme: Desk) -> None:
    acme.push(make_credit_note(id="41", number="A-41", amount=Decimal(-1200), tax=Decimal(-200), invoice_id=None))
    acme.push(credited())
    acme.push(make_credit_note())
    assert settles(acme, "book-credit_note-41") == {"book-invoice-30": 1200}
    acme.target().push(delivery(acme, only(parts(family(credited(), make_credit_note()), "book"))))
    assert settles(acme, "book-credit_note-40") == {"book-invoice-30": 240}
    assert settles(acme, "book-credit_note-41") == {}


def test_a_payment_takes_the_place_of_what_billabex_allocated_by_itself(acme: Desk) -> None:
    acme.push(make_credit_note(invoice_id=None))
    before = make_invoice()
    acme.push(before)
    assert settles(acme, "book-credit_note-40") == {"book-invoice-30": 240}
    acme.push(make_invoice(paid=True), previous=acme.delivery(before).payload)
    (invoice,) = acme.shown("invoices")
    assert (invoice["paidAmount"], invoice["remainingAmount"]) == (1200, 0)
    assert settles(acme, "book-credit_note-40") == {}


def test_an_allocation_the_ledger_says_nothing_of_stays_where_it_fits(acme: Desk) -> None:
    acme.push(make_credit_note(invoice_id=None))
    before = make_invoice()
    acme.push(before)
    acme.push(make_invoice(remaining=Decimal("700.00")), previous=acme.delivery(before).payload)
    (invoice,) = acme.shown("invoices")
    assert (invoice["paidAmount"], invoice["remainingAmount"]) == (500, 460)


def test_another_amount_is_taken_back_whole_and_made_anew(acme: Desk) -> None:
    acme.sandbox.configure({"auto_allocate": False})
    acme.push(credited())
    acme.push(make_credit_note())
    acme.target().push(delivery(acme, only(parts(family(credited("100.00"), make_credit_note()), "book"))))
    seen = len(acme.requests())
    acme.target().push(delivery(acme, only(parts(family(credited(), make_credit_note()), "book"))))
    writes = [path for method, path in acme.requests()[seen:] if method != "GET"]
    assert writes == ["credit-allocations/remove", "credit-allocations"]
    assert settles(acme, "book-credit_note-40") == {"book-invoice-30": 240}


@pytest.mark.parametrize("operation", ["release", "delete"])
def test_it_is_taken_back_once_and_what_is_gone_counts_as_taken_back(acme: Desk, operation: str) -> None:
    acme.push(credited())
    acme.push(make_credit_note())
    part = only(parts(family(credited(), make_credit_note()), "book"))
    assert acme.target().push(delivery(acme, part, operation)) == Ack()
    assert settles(acme, "book-credit_note-40") == {}
    seen = len(acme.requests())
    assert acme.target().push(delivery(acme, part, operation)) == Ack()
    assert {method for method, _ in acme.requests()[seen:]} == {"GET"}


def test_between_documents_that_are_gone_nothing_can_be_allocated(acme: Desk) -> None:
    acme.push(credited())
    acme.push(make_credit_note())
    acme.control("DELETE", f"invoices/{acme.ids['book-invoice-30']}")
    with pytest.raises(RecordError, match="the invoice is no longer at Billabex"):
        acme.target().push(delivery(acme, only(parts(family(credited(), make_credit_note()), "book"))))


def test_an_answer_that_tells_no_allocations_ends_the_run() -> None:
    with pytest.raises(RunError, match="does not tell how document i-1 is allocated"):
        allocated({"id": "i-1"}, "creditNoteId")
    with pytest.raises(RunError, match="has no creditNoteId and amount"):
        allocated({"id": "i-1", "allocations": [{"amount": 3}]}, "creditNoteId")
