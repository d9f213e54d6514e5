"""A document's file is fetched when its target asks; what was tied to a replaced object is written again."""

from __future__ import annotations

from duebridge.core.connector import Ack, Attachment, Delivery
from duebridge.core.errors import RecordError
from duebridge.core.records import Record
from duebridge.core.testing import Rig, credit_note, customer, invoice


def test_the_file_of_a_record_is_fetched_when_the_target_asks_for_it(rig: Rig) -> None:
    asked: list[str] = []
    got: list[Attachment | None] = []

    def document(record: Record) -> Attachment:
        asked.append(record.id)
        return Attachment(f"{record.id}.pdf", b"%PDF-1.7")

    rig.source.document = document  # type: ignore[method-assign]
    rig.target.before_push = lambda delivery: got.append(delivery.file()) if delivery.kind == "invoice" else None
    rig.source.put(customer("1"), invoice("10", "1"))

    rig.run()

    assert asked == ["10"]
    assert got == [Attachment("10.pdf", b"%PDF-1.7")]


def test_a_file_that_can_not_be_had_rejects_its_record_alone(rig: Rig) -> None:
    def document(record: Record) -> Attachment:
        raise RecordError(f"the file of {record.id} is not there")

    rig.source.document = document  # type: ignore[method-assign]
    rig.target.before_push = lambda delivery: delivery.file() and None if delivery.id == "10" else None
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1"))

    report = rig.run()

    tally = report.as_json()["kinds"]["invoice"]
    assert (tally["created"], tally["rejected"]) == (1, 1)


def test_a_source_without_files_gives_none(rig: Rig) -> None:
    got: list[Attachment | None] = []
    rig.target.before_push = lambda delivery: got.append(delivery.file())
    rig.source.put(customer("1"))

    rig.run()

    assert got == [None]


def replacing(rig: Rig) -> None:
    """Have the desk make a new object for every changed invoice, losing what was tied to the old one."""
    push = rig.target.push

    def replace(delivery: Delivery) -> Ack:
        ack = push(delivery)
        if delivery.kind == "invoice" and delivery.operation == "update" and not delivery.part:
            for reference in ("ledger-invoice-10-fix", "ledger-link-20", "ledger-link-21"):
                rig.target.held.pop(reference, None)
            return ack._replace(target_id="new", anew=True)
        return ack

    rig.target.push = replace  # type: ignore[method-assign]


def test_what_was_tied_to_a_replaced_document_is_tied_again_in_the_same_run(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", paid=True), credit_note("20", "1", invoice_id="10"))
    rig.run()
    held = dict(rig.target.held)
    replacing(rig)
    rig.source.put(invoice("10", "1", paid=True, due_on="2026-04-01"))

    report = rig.run()

    assert report.status == "succeeded"
    assert {**held, "ledger-invoice-10": rig.target.held["ledger-invoice-10"]} == rig.target.held
    assert rig.run().status == "succeeded"
    assert rig.target.log == []


def test_what_was_to_be_untied_from_a_replaced_document_is_gone_with_it(rig: Rig) -> None:
    notes = [credit_note("20", "1", invoice_id="10"), credit_note("21", "1", invoice_id="10")]
    rig.source.put(customer("1"), invoice("10", "1"), *notes)
    rig.run()
    replacing(rig)
    rig.target.before_push = lambda delivery: _refuse(delivery, "ledger-link-21")
    rig.source.put(invoice("10", "1", due_on="2026-04-01"), credit_note("21", "1"))

    rig.run()
    rig.target.before_push = lambda _: None
    rig.pass_time(hours=1)
    report = rig.run()

    assert report.status == "succeeded"
    assert "ledger-link-21" not in rig.target.held
    assert "ledger-link-20" in rig.target.held


def _refuse(delivery: Delivery, reference: str) -> None:
    if delivery.reference == reference and delivery.operation == "release":
        raise RecordError("not now")
