"""A write is told the target's ids of what it comes after; documents learn from their family what a table asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from duebridge.core.connector import Ack, Delivery, Family
from duebridge.core.money import allocate_credits
from duebridge.core.records import Credit, CreditNote, Document, Invoice
from duebridge.core.tables.mapping import Mapping as PayloadMapping
from duebridge.core.tables.rules import Rules, send, skip
from duebridge.core.testing import Rig, credit_note, customer, invoice
from duebridge.core.testing.receivables import ReceivablesTarget


def ids_told(rig: Rig) -> dict[str, tuple[str | None, str | None]]:
    """What each write is told, kept from now on."""
    told: dict[str, tuple[str | None, str | None]] = {}
    rig.target.before_push = lambda delivery: told.update({delivery.reference: delivery.after})
    return told


def test_a_write_is_told_the_targets_ids_of_what_was_made_before_it_in_the_same_batch(rig: Rig) -> None:
    told = ids_told(rig)
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("20", "1", invoice_id="10"))
    rig.run()
    assert told == {
        "ledger-customer-1": (None, None),
        "ledger-invoice-10": ("id-ledger-customer-1", None),
        "ledger-credit_note-20": ("id-ledger-customer-1", None),
        "ledger-link-20": ("id-ledger-credit_note-20", "id-ledger-invoice-10"),
    }


def test_a_write_is_told_the_targets_ids_of_what_earlier_runs_made(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    told = ids_told(rig)
    rig.source.put(credit_note("20", "1", invoice_id="10"))
    rig.run()
    assert told["ledger-link-20"] == ("id-ledger-credit_note-20", "id-ledger-invoice-10")
    rig.source.remove("documents", "20")
    rig.run()
    assert told["ledger-link-20"] == ("id-ledger-credit_note-20", "id-ledger-invoice-10"), "when it is taken back too"


def made_anew(rig: Rig) -> None:
    """Have the desk lose a customer with all documents, and make another in its place when the customer is changed."""
    push = rig.target.push

    def lose(delivery: Delivery) -> Ack:
        if delivery.kind == "customer" and delivery.operation == "update":
            rig.target.held.clear()
            return push(delivery)._replace(target_id="another", anew=True)
        return push(delivery)

    rig.target.push = lose  # type: ignore[method-assign]


def test_a_customer_made_anew_has_its_documents_and_their_parts_written_again(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("20", "1", invoice_id="10"))
    rig.source.put(customer("2"), invoice("11", "2"))
    rig.run()
    held = {name: dict(value) for name, value in rig.target.held.items() if not name.endswith(("-2", "-11"))}
    made_anew(rig)
    told = ids_told(rig)
    rig.source.put(customer("1", name="Another name"))

    report = rig.run()

    assert (report.status, report.consistent()) == ("succeeded", True)
    assert rig.target.held == held | {"ledger-customer-1": {"name": "Another name"}}
    assert told["ledger-invoice-10"] == ("another", None)
    assert report.as_json()["kinds"]["invoice"]["created"] == 1
    assert rig.run().status == "succeeded"
    assert rig.target.log == []


def test_documents_of_a_customer_made_anew_that_are_no_longer_sent_stay_out(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))
    rig.run()
    rig.source.put(invoice("11", "1", archived_at="2026-02-01T00:00:00Z"))
    rig.run()
    made_anew(rig)
    rig.source.put(customer("1", name="Another name"))
    rig.run()
    assert set(rig.target.held) == {"ledger-customer-1", "ledger-invoice-10"}


class Asking(ReceivablesTarget):
    """Takes credit notes of invoices it holds alone, and tells what they take of each."""

    rules = {  # noqa: RUF012 - a test's own table
        **ReceivablesTarget.rules,
        CreditNote: Rules(
            CreditNote,
            skip("invoice_not_sent", "Its invoice is not there", linked=True, invoice_stands=False),
            otherwise=send("credit_note", "The others go"),
        ),
    }
    mappings = {  # noqa: RUF012 - a test's own table
        **ReceivablesTarget.mappings,
        Invoice: PayloadMapping(Invoice, {"number": "number", "credits": "credits"}),
    }

    def completed(self, document: Document, family: Family) -> Document:
        """Tell a credit note whether its invoice stands, an invoice what stands against it."""
        if family.invoice is None or not family.invoice.standing:
            return document
        if isinstance(document, CreditNote):
            return document.model_copy(update={"invoice_stands": True})
        notes = [
            member.record
            for member in family.credit_notes
            if member.standing and member.record.customer_id == document.customer_id
        ]
        taken = allocate_credits(document.amount, [note.total for note in notes])
        credits = [Credit(credit_note_id=note.id, amount=amount) for note, amount in zip(notes, taken, strict=True)]
        return document.model_copy(update={"credits": tuple(credits)})


def asking(rig: Rig) -> Any:
    rig.target = Asking(rig.target.options, rig.services)
    return rig.target.held


def test_a_credit_note_learns_whether_its_invoice_stands(rig: Rig) -> None:
    held = asking(rig)
    notes = [credit_note("20", "1", invoice_id="10"), credit_note("21", "1", invoice_id="11"), credit_note("22", "1")]
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", draft=True), *notes)
    rig.run()
    assert {name for name in held if "credit_note" in name} == {"ledger-credit_note-20", "ledger-credit_note-22"}
    rig.source.put(invoice("11", "1"))
    report = rig.run()
    assert "ledger-credit_note-21" in held
    assert report.consistent()
    assert report.as_json()["kinds"]["credit_note"]["created"] == 1
    assert rig.run().as_json()["kinds"]["credit_note"]["read"] == 0


def test_an_invoice_learns_what_its_credit_notes_take_of_it_in_order(rig: Rig) -> None:
    held = asking(rig)
    rig.source.put(customer("1"), customer("2"), invoice("10", "1"))
    rig.run()
    assert held["ledger-invoice-10"] == {"number": "F-10", "credits": []}
    rig.source.put(
        credit_note("21", "1", "-100.00", invoice_id="10", issued_on="2026-01-20"),
        credit_note("20", "1", "-50.00", invoice_id="10", issued_on="2026-01-21"),
        credit_note("22", "2", "-10.00", invoice_id="10", issued_on="2026-01-16"),
    )
    rig.run()
    assert [Credit.model_validate(each) for each in held["ledger-invoice-10"]["credits"]] == [
        Credit(credit_note_id="21", amount=Decimal(100)),
        Credit(credit_note_id="20", amount=Decimal(20)),
    ]


def test_a_credit_note_whose_invoice_no_longer_stands_keeps_to_its_rule_and_is_counted_once(rig: Rig) -> None:
    held = asking(rig)
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("20", "1", invoice_id="10"))
    rig.run()
    rig.set_policy(on_delete="delete")
    rig.source.put(invoice("10", "1", draft=True))
    report = rig.run()
    assert (report.status, report.consistent()) == ("succeeded", True)
    assert set(held) == {"ledger-customer-1"}


def test_a_credit_note_that_moves_changes_what_both_invoices_learn(rig: Rig) -> None:
    held = asking(rig)
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"), credit_note("20", "1", invoice_id="10"))
    rig.run()
    rig.source.put(credit_note("20", "1", invoice_id="11"))
    report = rig.run()
    assert report.consistent()
    assert held["ledger-invoice-10"]["credits"] == []
    assert held["ledger-invoice-11"]["credits"] == [{"credit_note_id": "20", "amount": "20.00"}]
