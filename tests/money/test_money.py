"""Amounts are exact: minor units by ISO 4217, nothing rounded, settlements that never exceed the total."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from duebridge.core.errors import RecordError
from duebridge.core.money import ZERO, Amount, allocate_credits, exponent, minor_units, settled_by_money

amounts = st.decimals(min_value=0, max_value=10**9, places=2)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("USD", 2), ("TND", 3), ("CLF", 4)])
def test_the_exponent_is_the_one_iso_4217_lists(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["XXX", "XDR", "eur", "", "EURO"])
def test_a_code_without_minor_units_is_refused_by_name(code: str) -> None:
    with pytest.raises(RecordError, match="no minor unit"):
        exponent(code)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1200", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("12.34", "EUR", 1234),
        ("-0.05", "EUR", -5),
        ("1.005", "TND", 1005),
    ],
)
def test_an_amount_becomes_a_whole_number_of_the_smallest_unit(amount: str, currency: str, minor: int) -> None:
    assert minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("10.005", "EUR"), ("1.0005", "TND")])
def test_an_amount_with_too_many_decimals_is_refused_and_never_rounded(amount: str, currency: str) -> None:
    with pytest.raises(RecordError, match="more decimals"):
        minor_units(Decimal(amount), currency)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["JPY", "EUR", "TND", "CLF"]))
def test_minor_units_and_back_is_the_same_amount(minor: int, currency: str) -> None:
    assert minor_units(Decimal(minor).scaleb(-exponent(currency)), currency) == minor


@given(amounts, st.lists(amounts, max_size=8))
def test_linked_amounts_never_exceed_the_invoice_nor_their_credit_note(total: Decimal, notes: list[Decimal]) -> None:
    linked = allocate_credits(total, notes)
    assert sum(linked, ZERO) <= total
    assert all(ZERO <= part <= note for part, note in zip(linked, notes, strict=True))
    assert sum(linked, ZERO) == min(total, sum(notes, ZERO))


@given(amounts, st.none() | amounts, amounts, st.booleans())
def test_what_money_settled_is_never_negative(
    total: Decimal, remaining: Decimal | None, linked: Decimal, paid: bool
) -> None:
    assert settled_by_money(total, remaining, linked, paid=paid) >= ZERO


def test_what_money_settled_leaves_out_what_credit_notes_settled() -> None:
    assert settled_by_money(Decimal(120), Decimal(50), Decimal(20), paid=False) == Decimal(50)


def test_a_paid_invoice_was_settled_by_money_except_for_its_credit_notes() -> None:
    assert settled_by_money(Decimal(120), Decimal(120), Decimal(20), paid=True) == Decimal(100)


def test_an_unknown_remainder_settles_nothing() -> None:
    assert settled_by_money(Decimal(120), None, Decimal(20), paid=False) == ZERO


@pytest.mark.parametrize("amount", ["25000000000", "99999999999.99", "12345678901234567890.12"])
def test_large_amounts_are_amounts(amount: str) -> None:
    assert TypeAdapter(Amount).validate_python(amount) == Decimal(amount)


@pytest.mark.parametrize("amount", ["1e400", "NaN", "Infinity", "1" * 31])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Amount).validate_python(amount)
