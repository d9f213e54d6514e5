"""Discount and taxes are given to lines so that every total stays what Harvest says, to the smallest unit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.core.api import RecordError, exponent
from duebridge.plugins.harvest.totals import Item, Share, Totals, shares, spread

D = Decimal


def totals(amount: str, **given: str) -> Totals:
    names = ("discount", "discount_amount", "tax", "tax_amount", "tax2", "tax2_amount")
    return Totals(D(amount), **{name: D(given.get(name, "0")) for name in names})


def items(*lines: tuple[str, int, int] | str) -> list[Item]:
    found = [(line, 1, 1) if isinstance(line, str) else line for line in lines]
    return [Item(D(amount), bool(taxed), bool(taxed2)) for amount, taxed, taxed2 in found]


def test_the_documents_own_example() -> None:
    told = totals("288.9", discount="10", discount_amount="30", tax="5", tax_amount="13.5", tax2="2", tax2_amount="5.4")
    assert shares(items("200", "100"), told, "EUR") == [Share(D("180"), D("12.6")), Share(D("90"), D("6.3"))]


def test_a_record_that_was_seen_rounds_its_discount() -> None:
    told = totals("76.9", discount="4", discount_amount="3.2")
    assert shares(items("0.1", "80"), told, "EUR") == [Share(D("0.1"), D(0)), Share(D("76.8"), D(0))]


def test_each_tax_is_on_its_own_lines_alone() -> None:
    told = totals("135", tax="10", tax_amount="10", tax2="50", tax2_amount="5")
    found = shares(items(("100", 1, 0), ("10", 0, 1), ("10", 0, 0)), told, "EUR")
    assert [share.tax for share in found] == [D(10), D(5), D(0)]


def test_lines_of_both_signs_that_nearly_cancel_out_keep_their_own_shares() -> None:
    told = totals("0.1", discount="10", discount_amount="0.01", tax="20", tax_amount="0.02")
    found = shares(items("1000.09", "-1000"), told, "EUR")
    assert [share.net for share in found] == [D("900.08"), D("-900")]
    assert sum(share.net + share.tax for share in found) == D("0.1")


def test_missing_units_go_to_the_lines_that_lost_most_the_first_of_equals() -> None:
    assert spread(D("1"), [D(1) / 3, D(1) / 3, D(1) / 3], D("0.01")) == [D("0.34"), D("0.33"), D("0.33")]
    assert spread(D("0.05"), [D("0.011"), None, D("0.039")], D("0.01")) == [D("0.01"), D(0), D("0.04")]


def test_a_line_of_nothing_bears_no_cent_of_what_was_rounded() -> None:
    told = totals("120.01", tax="20", tax_amount="20.01")
    assert shares(items("0", "100"), told, "EUR") == [Share(D(0), D(0)), Share(D("100"), D("20.01"))]
    assert spread(D("0.01"), [D(0), None, D(0)], D("0.01")) == [D("0.01"), D(0), D(0)]


def test_an_invoice_without_lines_has_nothing_to_share() -> None:
    assert shares([], totals("0"), "EUR") == []


@pytest.mark.parametrize(
    ("lines", "told", "what"),
    [
        (["100"], totals("100.01"), "amount is 100.01"),
        (["100"], totals("90", discount="9", discount_amount="10"), "discount_amount is 10"),
        (["100"], totals("90", discount_amount="10"), "discount_amount is 10"),
        (["100"], totals("121", tax="20", tax_amount="21"), "tax_amount is 21"),
        (["100"], totals("101", tax_amount="1"), "tax_amount is 1"),
        ([("100", 1, 0)], totals("100.01", tax2="5", tax2_amount="0.01"), "tax2_amount is 0.01"),
        ([], totals("5"), "amount is 5"),
    ],
)
def test_totals_that_the_lines_do_not_make_are_refused(lines: list[Any], told: Totals, what: str) -> None:
    with pytest.raises(RecordError, match=rf"Harvest totals inconsistent.*{what}; open the invoice in Harvest"):
        shares(items(*lines), told, "EUR")


@pytest.mark.parametrize(("amount", "currency"), [("100.5", "JPY"), ("1.005", "EUR"), ("1.0005", "TND")])
def test_an_amount_finer_than_its_currency_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(RecordError, match=f"more decimals than {currency} allows"):
        shares(items(amount), totals(amount), currency)


def test_a_currency_nobody_knows_is_refused() -> None:
    with pytest.raises(RecordError, match="'XBT' has no minor unit"):
        shares(items("1"), totals("1"), "XBT")


def test_lines_finer_than_a_cent_may_make_a_rounded_total() -> None:
    found = shares(items("33.335", "33.335", "33.335"), totals("100.01"), "EUR")
    assert sum(share.net for share in found) == D("100.01")


@st.composite
def invoices(draw: st.DrawFn) -> tuple[list[Item], Totals, str]:
    """An invoice as Harvest computes it, whichever way it rounds halves."""
    currency = draw(st.sampled_from(("EUR", "USD", "JPY", "TND", "XOF")))
    unit = D(1).scaleb(-exponent(currency))
    way = draw(st.sampled_from((ROUND_HALF_UP, ROUND_HALF_EVEN)))
    lines = [
        Item(draw(st.integers(-(10**7), 10**7)) * unit, draw(st.booleans()), draw(st.booleans()))
        for _ in range(draw(st.integers(0, 12)))
    ]
    rates = st.one_of(st.just(D(0)), st.integers(1, 10_000).map(lambda n: D(n) / 100))
    discount, tax, tax2 = draw(rates), draw(rates), draw(rates)
    left = 1 - discount / 100

    def rounded(value: Decimal) -> Decimal:
        return value.quantize(unit, way)

    off = rounded(sum((line.amount for line in lines), D(0)) * discount / 100)
    first = rounded(sum((line.amount for line in lines if line.taxed), D(0)) * left * tax / 100)
    second = rounded(sum((line.amount for line in lines if line.taxed2), D(0)) * left * tax2 / 100)
    amount = sum((line.amount for line in lines), D(0)) - off + first + second
    return lines, Totals(amount, discount, off, tax, first, tax2, second), currency


@given(invoices())
def test_whatever_harvest_computes_every_total_is_met_and_no_line_is_far_off(
    made: tuple[list[Item], Totals, str],
) -> None:
    lines, told, currency = made
    unit = D(1).scaleb(-exponent(currency))

    found = shares(lines, told, currency)

    assert sum((share.tax for share in found), D(0)) == told.tax_amount + told.tax2_amount
    assert sum((share.net + share.tax for share in found), D(0)) == told.amount
    for line, share in zip(lines, found, strict=True):
        assert share.net % unit == 0
        assert share.tax % unit == 0
        exact = line.amount * (1 - told.discount / 100)
        rate = told.tax * line.taxed + told.tax2 * line.taxed2
        assert abs(share.net - exact) <= 2 * unit
        assert abs(share.tax - exact * rate / 100) <= 3 * unit
        if not rate:
            assert share.tax == 0
