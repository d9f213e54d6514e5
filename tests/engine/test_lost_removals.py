"""How does a run count when the answer is lost while what is gone at the source is taken out of the target?"""

from __future__ import annotations

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.listing import list_records
from duebridge.core.errors import RecordError, UnknownOutcome
from duebridge.core.testing import Rig, customer, invoice

INVOICE = "ledger-invoice-10"
PARTS = (f"{INVOICE}-fix",)


@pytest.fixture
def paid(rig: Rig) -> Rig:
    """A paid invoice and its fix, sent, then deleted at the source."""
    rig.set_policy(on_delete="delete")
    rig.source.put(customer("1"), invoice("10", "1", paid=True))
    assert rig.run().status == "succeeded"
    rig.source.remove("documents", "10")
    return rig


def trouble(rig: Rig, error: Exception, *references: str) -> None:
    def raise_it(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error

    rig.target.after_push = raise_it


@pytest.mark.parametrize("references", [PARTS, (INVOICE,), (*PARTS, INVOICE)], ids=["part", "document", "both"])
def test_a_removal_of_unknown_outcome_counts_once_as_open_and_never_as_read(
    paid: Rig, references: tuple[str, ...]
) -> None:
    trouble(paid, UnknownOutcome("no answer"), *references)
    report = paid.run()
    assert (report.status, report.unknown, report.unsettled) == ("incomplete", 1, 1)
    assert report.consistent(), report.as_json()
    assert report.tally("invoice").read == 0
    listed = list_records(paid.store, paid.connection_id, type(paid.target), outcome="unknown")
    assert [row["id"] for row in listed] == ["10"]

    trouble(paid, UnknownOutcome("no answer"))
    report = paid.run()
    assert report.status == "succeeded"
    assert report.tally("invoice").read == 0
    assert paid.target.held.keys() == {"ledger-customer-1"}
    assert paid.run().status == "succeeded"
    assert paid.target.log == []


def test_a_refused_removal_of_a_part_is_told_and_not_counted_as_read(paid: Rig) -> None:
    trouble(paid, RecordError("it is locked"), *PARTS)
    report = paid.run()
    assert report.consistent(), report.as_json()
    assert report.tally("invoice").read == 0
    assert any("it is locked" in note for note in report.notes)
