"""Do links and fixes settle exactly what the page says, never a cent more? Pure, partly with made-up families."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.api import CreditNote, Decision, Family, Invoice, Member, Part, exponent, minor_units
from duebridge.targets.upflow.rules import INVOICES
from duebridge.targets.upflow.settlements import parts, unbound

Maker = Callable[..., Any]
SENT = Decision("sync", "listed_unpaid", "for a test")


def family(invoice: Invoice | None, *credit_notes: CreditNote, standing: bool = True, lost: str = "") -> Family:
    """A family whose documents stand at the target, but for the credit note `lost`."""
    member = Member(invoice, INVOICES.decide(invoice), standing) if invoice else None
    return Family(member, tuple(Member(note, SENT, note.id != lost) for note in credit_notes))


def settle(whole: Family, payments: Literal["fix", "balance"] = "fix") -> dict[tuple[str, str], Part]:
    return {(part.owner.id, part.name): part for part in parts(whole, "pennylane", payments)}


def test_an_invoice_paid_at_the_ledger_gets_one_fix_for_its_whole_total(make_invoice: Maker) -> None:
    made = settle(family(make_invoice(status="paid", paid=True)))
    assert list(made) == [("30", "fix"), ("30", "fix-link")]
    fix, link = made.values()
    assert (fix.write, fix.reference, fix.after) == ("fix", "pennylane-invoice-30-fix", ("invoice:30",))
    assert fix.payload == {
        "externalId": "pennylane-invoice-30-fix",
        "currency": "EUR",
        "amount": 120000,
        "validatedAt": "2026-03-02",
        "instrument": "UNKNOWN",
        "customer": {"externalId": "pennylane-customer-7"},
    }
    assert (link.write, link.reference, link.after) == (
        "link",
        "pennylane-link-30-30",
        ("invoice:30", "invoice:30:fix"),
    )
    assert unbound(link.payload) == {
        "externalId": "pennylane-link-30-30",
        "invoices": [{"externalId": "pennylane-invoice-30", "amountLinked": 120000}],
        "payments": [{"externalId": "pennylane-invoice-30-fix", "amountLinked": 120000}],
        "creditNotes": [],
        "refunds": [],
    }


def test_an_open_invoice_gets_nothing(make_invoice: Maker) -> None:
    assert settle(family(make_invoice(remaining=Decimal("200.00")))) == {}


def test_an_invoice_cancelled_by_a_credit_note_is_settled_by_the_link_without_a_fix(
    make_invoice: Maker, make_credit_note: Maker
) -> None:
    made = settle(family(make_invoice(status="cancelled", paid=True), make_credit_note(amount=Decimal("-1200.00"))))
    assert list(made) == [("40", "link-30")]
    link = made["40", "link-30"]
    assert (link.write, link.after) == ("link", ("credit_note:40", "invoice:30"))
    assert unbound(link.payload) == {
        "externalId": "pennylane-link-40-30",
        "invoices": [{"externalId": "pennylane-invoice-30", "amountLinked": 120000}],
        "creditNotes": [{"externalId": "pennylane-credit_note-40", "amountLinked": 120000}],
        "payments": [],
        "refunds": [],
    }


def test_the_fix_pays_what_the_credit_notes_leave(make_invoice: Maker, make_credit_note: Maker) -> None:
    made = settle(family(make_invoice(status="paid", paid=True), make_credit_note()))
    assert made["40", "link-30"].payload["creditNotes"][0]["amountLinked"] == 24000
    assert made["30", "fix"].payload["amount"] == 96000


def test_a_draft_cancelled_before_it_was_finalized_gets_a_fix(make_invoice: Maker) -> None:
    assert ("30", "fix") in settle(family(make_invoice(status="cancelled", draft=True)))


def test_a_paid_invoice_of_nothing_needs_no_fix(make_invoice: Maker) -> None:
    assert settle(family(make_invoice(paid=True, amount=Decimal(0), amount_before_tax=Decimal(0)))) == {}


def test_a_credit_note_whose_invoice_is_not_at_upflow_goes_unlinked(
    make_invoice: Maker, make_credit_note: Maker
) -> None:
    assert settle(family(None, make_credit_note())) == {}
    assert settle(family(make_invoice(), make_credit_note(), standing=False)) == {}


def test_a_credit_note_that_is_not_at_upflow_settles_nothing(make_invoice: Maker, make_credit_note: Maker) -> None:
    made = settle(family(make_invoice(paid=True), make_credit_note(), lost="40"))
    assert made["30", "fix"].payload["amount"] == 120000
    assert ("40", "link-30") not in made


@pytest.mark.parametrize("other", [{"currency": "USD"}, {"customer_id": "8"}])
def test_a_credit_note_of_another_customer_or_currency_is_not_linked(
    make_invoice: Maker, make_credit_note: Maker, other: dict[str, Any]
) -> None:
    assert settle(family(make_invoice(), make_credit_note(**other))) == {}


def test_credit_notes_take_their_turn_and_the_last_one_only_what_is_left(
    make_invoice: Maker, make_credit_note: Maker
) -> None:
    notes = [make_credit_note(id=str(id), amount=Decimal(-500)) for id in (41, 42, 43, 44)]
    made = settle(family(make_invoice(), *notes))
    assert {key: part.payload["creditNotes"][0]["amountLinked"] for key, part in made.items()} == {
        ("41", "link-30"): 50000,
        ("42", "link-30"): 50000,
        ("43", "link-30"): 20000,
    }


@pytest.mark.parametrize("moved", [{"currency": "USD"}, {"customer_id": "8"}])
def test_links_change_with_the_customer_and_the_currency_so_that_they_are_taken_back_first(
    make_invoice: Maker, make_credit_note: Maker, moved: dict[str, Any]
) -> None:
    before = settle(family(make_invoice(paid=True), make_credit_note()))
    after = settle(family(make_invoice(paid=True, **moved), make_credit_note(**moved)))
    assert before.keys() == after.keys()
    assert all(before[key].payload != after[key].payload for key in before)


@pytest.mark.parametrize("broken", [{"amount": Decimal("-10.005")}, {"issued_on": None}])
def test_a_credit_note_that_cannot_be_sent_leaves_the_rest_of_its_family_whole(
    make_invoice: Maker, make_credit_note: Maker, broken: dict[str, Any]
) -> None:
    made = settle(family(make_invoice(paid=True), make_credit_note(id="41", **broken), make_credit_note(id="42")))
    assert set(made) == {("42", "link-30"), ("30", "fix"), ("30", "fix-link")}
    assert made["30", "fix"].payload["amount"] == 96000


@pytest.mark.parametrize(
    "broken", [{"amount": Decimal("10.005")}, {"amount_before_tax": Decimal("0.001")}, {"issued_on": None}]
)
def test_an_invoice_that_cannot_be_sent_has_no_parts(
    make_invoice: Maker, make_credit_note: Maker, broken: dict[str, Any]
) -> None:
    assert settle(family(make_invoice(paid=True, **broken), make_credit_note())) == {}


def test_payments_balance_mirrors_what_was_settled_by_money_on_an_open_invoice(
    make_invoice: Maker, make_credit_note: Maker
) -> None:
    invoice = make_invoice(status="partially_paid", remaining=Decimal("700.00"))
    made = settle(family(invoice, make_credit_note()), "balance")
    assert made["30", "fix"].payload["amount"] == 26000
    assert made["30", "fix-link"].payload["payments"][0]["amountLinked"] == 26000


@pytest.mark.parametrize("remaining", [None, Decimal("1200.00"), Decimal("1300.00"), Decimal("0.001")])
def test_payments_balance_without_a_settled_amount_that_can_be_told_makes_no_fix(
    make_invoice: Maker, remaining: Decimal | None
) -> None:
    assert settle(family(make_invoice(remaining=remaining)), "balance") == {}


def test_an_overpaid_open_invoice_is_settled_no_further_than_its_total(
    make_invoice: Maker, make_credit_note: Maker
) -> None:
    made = settle(family(make_invoice(remaining=Decimal("-50.00")), make_credit_note()), "balance")
    assert made["30", "fix"].payload["amount"] == 96000


@st.composite
def families(draw: st.DrawFn) -> tuple[Family, str]:
    """An invoice and up to four credit notes in a currency of 0, 2 or 3 decimals, whole in its smallest unit."""
    currency = draw(st.sampled_from(["JPY", "EUR", "TND"]))
    unit = Decimal(1).scaleb(-exponent(currency))
    amounts = st.integers(0, 10**9).map(lambda minor: minor * unit)
    shared: dict[str, Any] = {"customer_id": "7", "draft": False, "currency": currency, "tax": Decimal(0)}
    invoice = Invoice(
        id="30",
        status=draw(st.sampled_from(["paid", "late", "cancelled", "partially_cancelled"])),
        paid=draw(st.booleans()),
        amount=draw(amounts),
        amount_before_tax=Decimal(0),
        issued_on=date(2026, 3, 2),
        remaining=draw(st.none() | st.integers(-(10**9), 10**9).map(lambda minor: minor * unit)),
        **shared,
    )
    notes = [
        CreditNote(
            id=str(40 + place),
            status="credit_note",
            paid=False,
            amount=-amount,
            amount_before_tax=Decimal(0),
            issued_on=date(2026, 3, 3),
            invoice_id="30",
            **shared,
        )
        for place, amount in enumerate(draw(st.lists(amounts, max_size=4)))
    ]
    standing = draw(st.lists(st.booleans(), min_size=len(notes), max_size=len(notes)))
    members = tuple(Member(note, SENT, stands) for note, stands in zip(notes, standing, strict=True))
    return Family(Member(invoice, INVOICES.decide(invoice), standing=True), members), currency


@given(families(), st.sampled_from(["fix", "balance"]))
def test_links_and_fix_never_exceed_the_total_and_a_paid_invoice_owes_nothing(
    made_up: tuple[Family, str], payments: Literal["fix", "balance"]
) -> None:
    whole, currency = made_up
    assert whole.invoice is not None
    invoice = whole.invoice.record
    made = list(parts(whole, "pennylane", payments))
    gross = minor_units(invoice.amount, currency)
    linked = _linked(made)
    assert linked <= gross
    if whole.invoice.decision.reads == "paid":
        assert linked == gross
    for part in made:
        _is_well_formed(part, whole)


@given(families())
def test_no_credit_note_gives_more_than_it_has(made_up: tuple[Family, str]) -> None:
    whole, currency = made_up
    totals = {note.record.id: minor_units(note.record.total, currency) for note in whole.credit_notes}
    for part in parts(whole, "pennylane", "fix"):
        if part.name.startswith("link-"):
            assert 0 < part.payload["creditNotes"][0]["amountLinked"] <= totals[part.owner.id]


def _linked(made: Sequence[Part]) -> int:
    return sum(part.payload["invoices"][0]["amountLinked"] for part in made if part.write == "link")


def _is_well_formed(part: Part, whole: Family) -> None:
    assert part.reference == part.payload["externalId"]
    if part.write == "fix":
        assert type(part.payload["amount"]) is int
        assert part.payload["amount"] > 0
        return
    (invoice,) = part.payload["invoices"]
    (settling,) = part.payload["creditNotes"] + part.payload["payments"]
    assert invoice["amountLinked"] == settling["amountLinked"]
    assert type(invoice["amountLinked"]) is int
    standing = {note.record.id for note in whole.credit_notes if note.standing}
    assert part.name == "fix-link" or part.owner.id in standing
