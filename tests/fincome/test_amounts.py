"""How are numbers written, and what is refused?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from duebridge.core.api import Discount, Line, RecordError
from duebridge.targets.fincome.amounts import discount, money, plain, rounded
from duebridge.targets.fincome.recurring import monthly


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1200", "EUR", "1200.00"),
        ("1200.000000", "EUR", "1200.00"),
        ("-0.5", "EUR", "-0.50"),
        ("-0", "EUR", "0.00"),
        ("1200", "JPY", "1200"),
        ("1.005", "TND", "1.005"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency) == text


@pytest.mark.parametrize(("amount", "currency"), [("1.005", "EUR"), ("0.5", "JPY")])
def test_money_finer_than_its_currency_is_refused_and_not_rounded(amount: str, currency: str) -> None:
    with pytest.raises(RecordError, match="more decimals than"):
        money(Decimal(amount), currency)


@pytest.mark.parametrize("amount", ["12345678901234567.89", "99999999999999999999999999999"])
def test_what_a_number_in_json_would_change_is_refused(amount: str) -> None:
    with pytest.raises(RecordError, match="more digits than Fincome's numbers keep"):
        money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("number", "text"), [("1.50", "1.5"), ("12.345600", "12.3456"), ("1E+3", "1000"), ("0.00", "0"), ("-2", "-2")]
)
def test_other_numbers_keep_their_decimals(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "unit", "interval", "text"),
    [
        ("100.00", "EUR", "month", 1, "100.00"),
        ("100.00", "EUR", "month", 3, "33.33"),
        ("200.00", "EUR", "month", 3, "66.67"),
        ("1200.00", "EUR", "year", 1, "100.00"),
        ("100.00", "EUR", "year", 2, "4.17"),
        ("100.00", "EUR", "week", 1, "433.33"),
        ("100.00", "EUR", "week", 4, "108.33"),
        ("1000", "JPY", "month", 3, "333"),
        ("0.03", "EUR", "month", 2, "0.02"),
        ("1000.000", "TND", "month", 3, "333.333"),
    ],
)
def test_a_monthly_amount_is_rounded_half_up(amount: str, currency: str, unit: str, interval: int, text: str) -> None:
    assert monthly(Decimal(amount), currency, unit, interval) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "0.00"),
        ({"discount": Discount(kind="absolute", value=Decimal(15))}, "15.00"),
        ({"discount": Discount(kind="relative", value=Decimal(20)), "unit_price": "125.00"}, "50.00"),
        ({"discount": Discount(kind="relative", value=Decimal(20))}, "50.00"),
        ({"discount": Discount(kind="relative", value=Decimal(7))}, "15.05"),
    ],
)
def test_a_real_discount_is_what_was_taken_off_before_tax(
    make_line: Callable[..., Line], fields: dict[str, Any], text: str
) -> None:
    assert discount(make_line(**fields), "EUR") == text


def test_a_whole_line_taken_off_needs_a_unit_price(make_line: Callable[..., Line]) -> None:
    everything = Discount(kind="relative", value=Decimal(100))
    nothing = {"amount_before_tax": "0", "tax": "0", "amount": "0", "discount": everything}
    assert discount(make_line(**nothing, unit_price="30"), "EUR") == "60.00"
    with pytest.raises(RecordError, match="no unit price tells how much"):
        discount(make_line(**nothing), "EUR")


def test_rounding_keeps_no_sign_of_nothing() -> None:
    assert rounded(Decimal("-0.001"), "EUR") == "0.00"
