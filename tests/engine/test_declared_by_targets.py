"""What may a target declare: credit notes with their invoice alone, full reads, that nothing is taken away?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from duebridge.core.connector import Delivery, Payload, Write
from duebridge.core.contracts import target_faults
from duebridge.core.engine.explaining import explain
from duebridge.core.engine.planning import Planner
from duebridge.core.engine.report import Report
from duebridge.core.errors import RecordError
from duebridge.core.records import CreditNote, Record
from duebridge.core.testing import ReceivablesTarget, Rig, ShelfTarget, credit_note, customer, invoice


class Plain(ReceivablesTarget):
    """Takes credit notes of invoices it holds, reads in full, and takes nothing away."""

    complete: ClassVar[bool] = True
    deletes: ClassVar[bool] = False
    credits_sent_invoices: ClassVar[bool] = True
    writes: ClassVar[Mapping[type[Record] | str, Write]] = {
        **ReceivablesTarget.writes,
        CreditNote: Write("upsert", 25),
    }

    def parts(self, *_: Any) -> tuple[()]:
        """Nothing beside the documents."""
        return ()


def plain(rig: Rig) -> Plain:
    """Such a target beside the rig's own."""
    target = Plain(rig.target.options, rig.services)
    rig.source.put(customer("1"))
    return target


def counts(report: Report, kind: str) -> dict[str, int]:
    shown = report.as_json()["kinds"][kind]
    return {name: n for name, n in shown.items() if name != "skipped" and n} | shown["skipped"]


def notes_held(desk: Plain) -> set[str]:
    return {reference.rpartition("-")[2] for reference in desk.held if "credit_note" in reference}


@pytest.mark.parametrize("unfit", [{"draft": True}, {"archived_at": "2026-01-20T10:00:00Z"}, {"broken": "unreadable"}])
def test_a_credit_note_stays_while_its_invoice_is_not_sent_and_follows_it(rig: Rig, unfit: Any) -> None:
    desk = plain(rig)
    rig.source.put(invoice("10", "1", **unfit), credit_note("11", "1", invoice_id="10"))
    first = rig.run(desk)
    assert counts(first, "credit_note") == {"read": 1, "no_invoice": 1}
    assert notes_held(desk) == set()
    rig.source.put(invoice("10", "1"))
    second = rig.run(desk)
    assert notes_held(desk) == {"11"}
    assert counts(second, "credit_note") == {"read": 1, "created": 1}
    assert second.status == "succeeded"


def test_a_credit_note_of_an_invoice_nobody_knows_stays(rig: Rig) -> None:
    desk = plain(rig)
    rig.source.put(credit_note("11", "1", invoice_id="99"))
    assert counts(rig.run(desk), "credit_note") == {"read": 1, "no_invoice": 1}
    rig.source.put(invoice("99", "1"))
    rig.run(desk)
    assert notes_held(desk) == {"11"}


def test_a_credit_note_read_on_a_page_before_its_invoice_goes_in_the_same_run(rig: Rig) -> None:
    desk = plain(rig)
    rig.source.put(credit_note("11", "1", invoice_id="40"), *(invoice(str(id), "1") for id in range(20, 41)))
    report = rig.run(desk)
    assert notes_held(desk) == {"11"}
    assert counts(report, "credit_note") == {"read": 1, "created": 1}


def test_while_the_target_refuses_the_invoice_its_credit_note_waits(rig: Rig) -> None:
    desk = plain(rig)

    def refuse(delivery: Delivery) -> None:
        if delivery.kind == "invoice":
            raise RecordError("number: already taken")

    desk.before_push = refuse
    rig.source.put(invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    first = rig.run(desk)
    assert counts(first, "credit_note") == {"read": 1, "no_invoice": 1}
    assert first.status == "succeeded"
    desk.before_push = lambda _: None
    rig.pass_time(hours=24)
    rig.run(desk)
    assert notes_held(desk) == {"11"}


def test_a_credit_note_that_was_sent_follows_as_long_as_its_invoice_stays_at_the_target(rig: Rig) -> None:
    desk = plain(rig)
    rig.source.put(invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run(desk)
    rig.source.put(
        invoice("10", "1", archived_at="2026-01-20T10:00:00Z"), credit_note("11", "1", "-30.00", invoice_id="10")
    )
    rig.run(desk)
    assert desk.held["ledger-credit_note-11"]["amount"] == 3000


def test_other_targets_take_credit_notes_without_their_invoice(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", draft=True), credit_note("11", "1", invoice_id="10"))
    assert counts(rig.run(), "credit_note") == {"read": 1, "created": 1}


class Shelf(ShelfTarget):
    """Takes credit notes too, of invoices it has."""

    credits_sent_invoices: ClassVar[bool] = True
    rules: ClassVar[Any] = {**ShelfTarget.rules, CreditNote: ReceivablesTarget.rules[CreditNote]}
    mappings: ClassVar[Any] = {**ShelfTarget.mappings, CreditNote: ReceivablesTarget.mappings[CreditNote]}


def test_a_snapshot_has_no_credit_note_without_its_invoice(rig: Rig) -> None:
    shelf = Shelf(rig.target.options, rig.services)
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", invoice_id="10"))
    rig.run(shelf)
    assert "ledger-credit_note-11" in shelf.held
    rig.source.put(invoice("10", "1", paid=True))  # the shelf leaves it out, though it had it
    rig.run(shelf)
    assert {"ledger-invoice-10", "ledger-credit_note-11"} & shelf.held.keys() == set()


def test_every_run_reads_the_source_in_full(rig: Rig) -> None:
    desk = plain(rig)
    rig.source.put(invoice("10", "1"))
    rig.run(desk)
    rig.source.put(invoice("10", "1", "90.00"), event=False)
    report = rig.run(desk)
    assert counts(report, "invoice") == {"read": 1, "updated": 1}
    assert counts(report, "customer") == {"read": 1, "unchanged": 1}


def test_what_is_gone_is_reported_and_stays_though_the_connection_says_delete(rig: Rig) -> None:
    desk = plain(rig)
    rig.set_policy(on_delete="delete")
    rig.source.put(invoice("10", "1"), invoice("12", "1"))
    rig.run(desk)
    rig.source.remove("documents", "10")
    report = rig.run(desk)
    assert "ledger-invoice-10" in desk.held
    assert counts(report, "invoice") == {"read": 1, "unchanged": 1, "gone": 1}
    assert any("takes nothing away" in note for note in report.as_json()["notes"])


def test_credit_notes_that_need_their_invoice_are_written_after_it() -> None:
    class Hasty(Plain):
        """Writes both at once."""

        writes: ClassVar[Mapping[type[Record] | str, Write]] = ReceivablesTarget.writes

    assert target_faults(Plain) == []
    assert target_faults(Hasty) == ["credit notes that go with their invoice alone need a later phase than invoices"]


class Sticky(Plain):
    """Keeps the number an invoice was first sent under."""

    def continued(self, kind: str, payload: Payload, previous: Payload) -> Payload:
        """Keep the number."""
        return {**payload, "number": previous["number"]} if kind == "invoice" else payload


def test_what_goes_on_standing_is_sent_again_with_every_change_and_is_no_change_itself(rig: Rig) -> None:
    desk = Sticky(rig.target.options, rig.services)
    rig.source.put(customer("1"), invoice("10", "1", number="first"))
    rig.run(desk)
    rig.source.put(invoice("10", "1", number="second"))
    assert counts(rig.run(desk), "invoice") == {"read": 1, "unchanged": 1}
    for amount in ("90.00", "80.00"):
        rig.source.put(invoice("10", "1", amount, number="third"))
        assert counts(rig.run(desk), "invoice") == {"read": 1, "updated": 1}
        assert desk.held["ledger-invoice-10"]["number"] == "first"


def test_explain_tells_what_goes_on_standing_as_it_was_last_sent(rig: Rig) -> None:
    desk = Sticky(rig.target.options, rig.services)
    rig.source.put(customer("1"), invoice("10", "1", number="first"))
    rig.run(desk)
    rig.source.put(invoice("10", "1", number="second"))
    rig.run(desk)
    told = explain(rig.store, rig.connection_id, "rig", Planner("ledger", desk, {}), "invoice", "10")
    fields = {field["target"]: (field["from"], field["value"]) for field in told["fields"]}
    assert fields["number"] == ("as last sent", "first")
    assert fields["currency"] == ("currency", "EUR")
