"""Both ends compared by our links alone, where a target can't be asked: every difference has its reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.connector import Balance, Delivery, Payload, RecordTarget
from duebridge.core.engine.exclusions import ExcludedCustomers, Exclusions
from duebridge.core.engine.reconcile import Reconciliation, reconcile
from duebridge.core.errors import AuthError, ConfigError, RecordError, UnknownOutcome
from duebridge.core.testing import ReceivablesTarget, Rig, credit_note, customer, invoice


def compared(rig: Rig) -> Reconciliation:
    result = reconcile(rig.store, rig.connection_id, rig.target)
    assert result.target_from == "links"
    for side in (*result.currencies.values(), *result.customers.values()):
        assert side.source - side.target == sum(side.explained.values(), Decimal(0)) + side.unexplained
    return result


def euros(result: Reconciliation) -> tuple[str, str, dict[str, str], str]:
    """Source, target, explained and unexplained of the euros."""
    told = result.as_json()["currencies"]["EUR"]
    return told["source"], told["target"], told["explained"], told["unexplained"]


def shown_by(target: ReceivablesTarget) -> Decimal:
    """What the target itself would show in euros."""
    balances = []
    for reference, payload in target.held.items():
        words = {"invoice": "invoice", "credit_note": "credit_note", "link": "link", "customer": "customer"}
        write = "fix" if reference.endswith("-fix") else words[reference.split("-")[1]]
        balances.append(target.balance_of(write, reference, payload))
    return sum((balance.outstanding for balance in balances if balance is not None), Decimal(0))


def raising(error: Exception, *references: str) -> Callable[[Delivery], None]:
    def meddle(delivery: Delivery) -> None:
        if delivery.reference in references:
            raise error

    return meddle


def books(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", paid=True, remaining="0"))
    rig.source.put(invoice("12", "1", remaining="100.00"), credit_note("13", "1", invoice_id="12"))
    rig.source.put(customer("2"), invoice("20", "2", "50.00"), credit_note("21", "2", "-8.00"))


def test_what_was_accepted_is_what_the_target_shows_and_the_output_says_whose_word_it_is(rig: Rig) -> None:
    books(rig)
    rig.run()

    result = compared(rig)

    assert euros(result) == ("262.00", "262.00", {}, "0.00")
    assert shown_by(rig.target) == Decimal(262)
    told = result.as_json()
    assert told["target_from"] == "links"
    assert told["notes"][0].startswith("the target's figures come from our links")
    assert {row["customer"]: row["target"] for row in told["customers"]} == {"1": "220.00", "2": "42.00"}


def test_partial_payments(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1", remaining="45.00"))
    rig.run()
    assert euros(compared(rig)) == ("45.00", "120.00", {"partial_payments_not_imported": "-75.00"}, "0.00")


def test_skipped_by_a_rule(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), credit_note("11", "1", draft=True))
    rig.run()
    assert euros(compared(rig)) == ("120.00", "120.00", {}, "0.00")
    rig.source.put(invoice("10", "1", archived_at="2026-02-01T00:00:00Z", status="archived"))
    rig.run()
    assert euros(compared(rig)) == ("0.00", "120.00", {"kept_though_skipped: archived": "-120.00"}, "0.00")


@pytest.mark.parametrize("sent_before", [True, False])
def test_excluded_customers(rig: Rig, sent_before: bool) -> None:
    books(rig)
    if sent_before:
        rig.run()
    rig.set_policy(decide=ExcludedCustomers(["2"]).decide, excluded=frozenset({"2"}))
    rig.source.put(invoice("20", "2", "90.00"), invoice("22", "2", "7.00"))
    rig.run()

    source, target, explained, unexplained = euros(compared(rig))

    assert (source, unexplained) == ("309.00", "0.00")
    assert Decimal(target) == shown_by(rig.target) == (262 if sent_before else 220)
    assert explained == {"excluded_customer": "47.00" if sent_before else "89.00"}


def test_rejected_by_the_target(rig: Rig) -> None:
    books(rig)
    rig.target.before_push = raising(RecordError("no"), "ledger-invoice-20")
    rig.run()
    assert euros(compared(rig)) == ("262.00", "212.00", {"rejected": "50.00"}, "0.00")


def test_an_update_that_was_refused_shows_what_was_accepted_before(rig: Rig) -> None:
    books(rig)
    rig.run()
    rig.target.before_push = raising(RecordError("no"), "ledger-invoice-20")
    rig.source.put(invoice("20", "2", "75.00"))
    rig.run()
    assert euros(compared(rig)) == ("287.00", "262.00", {"rejected": "25.00"}, "0.00")


def test_writes_due(rig: Rig) -> None:
    books(rig)
    rig.run()
    rig.source.put(invoice("20", "2", "75.00"), invoice("10", "1", paid=True))
    rig.target.before_push = raising(AuthError("revoked"), "ledger-invoice-20", "ledger-invoice-10-fix")
    assert rig.run().status == "failed"
    assert euros(compared(rig)) == ("167.00", "262.00", {"writes_due": "-95.00"}, "0.00")


def test_unknown_outcomes(rig: Rig) -> None:
    books(rig)
    rig.target.after_push = raising(UnknownOutcome("no answer"), "ledger-invoice-20")
    rig.run()

    result = compared(rig)

    assert euros(result) == ("262.00", "212.00", {"unknown_outcome": "50.00"}, "0.00")
    assert any("1 writes have an unknown outcome" in note for note in result.notes)


def test_kept_though_gone_at_the_source(rig: Rig) -> None:
    books(rig)
    rig.run()
    rig.source.remove("documents", "20")
    rig.run()
    assert euros(compared(rig)) == ("212.00", "262.00", {"kept_though_gone": "-50.00"}, "0.00")


def test_a_document_of_a_customer_excluded_during_the_run_is_told_so(rig: Rig) -> None:
    rig.source.put(*[customer(str(n)) for n in range(1, 41)], *[invoice(f"9{n}", str(n)) for n in range(1, 41)])

    def meddle(delivery: Delivery) -> None:
        if delivery.reference == "ledger-customer-1":
            Exclusions(rig.store, "rig", frozenset(), "rig.yaml").exclude(["40"], rig.now)

    rig.target.after_push = meddle
    rig.run()
    assert euros(compared(rig)) == ("4800.00", "4680.00", {"excluded_customer": "120.00"}, "0.00")


class Misreading(ReceivablesTarget):
    """Takes a tenth of every invoice for the whole."""

    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        balance = super().balance_of(write, reference, payload)
        if balance is None or write != "invoice":
            return balance
        return Balance(reference, write, balance.currency, balance.outstanding / 10, balance.customer)


class Untelling(ReceivablesTarget):
    """Of whose payloads one can't be read."""

    def balance_of(self, write: str, reference: str, payload: Payload) -> Balance | None:
        return super().balance_of(write, reference, payload | ({} if "20" not in reference else {"amount": "?"}))


def replaced(rig: Rig, target: type[ReceivablesTarget]) -> Any:
    return target(rig.target.options, rig.target.services)


def test_what_was_accepted_otherwise_than_it_should_be_is_unexplained(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    result = reconcile(rig.store, rig.connection_id, replaced(rig, Misreading))
    assert euros(result) == ("120.00", "12.00", {}, "108.00")
    assert not result.explained


def test_a_payload_that_does_not_tell_is_noted_and_unexplained(rig: Rig) -> None:
    books(rig)
    rig.run()
    result = reconcile(rig.store, rig.connection_id, replaced(rig, Untelling))
    assert euros(result) == ("262.00", "212.00", {}, "50.00")
    assert any("1 accepted payloads do not tell" in note for note in result.notes)


class Silent(RecordTarget):
    """Can't be asked, and says nothing of its payloads."""

    name, title, settings = "silent", "Silent", ReceivablesTarget.settings
    rules, mappings, writes = ReceivablesTarget.rules, ReceivablesTarget.mappings, ReceivablesTarget.writes
    check = ReceivablesTarget.check
    push = ReceivablesTarget.push


def test_of_a_target_that_tells_neither_there_is_nothing_to_compare(rig: Rig) -> None:
    books(rig)
    rig.run()
    with pytest.raises(ConfigError, match=r"Silent keeps no balances, so there is nothing to compare"):
        reconcile(rig.store, rig.connection_id, Silent(rig.target.options, rig.target.services))
