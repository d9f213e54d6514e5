"""A buyer's code is short, always the same, and nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.targets.afakto.buyers import LONGEST, buyer_code

IDS = st.text(min_size=1, max_size=40)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY"])


@pytest.mark.parametrize(
    ("id", "currency", "code"),
    [
        ("5521", "EUR", "5521"),
        ("5521", "USD", "5521-USD"),
        ("12345678901", "USD", "12345678901-USD"),
        ("123456789012345", "EUR", "123456789012345"),
    ],
)
def test_it_is_the_customers_id_with_the_currency_when_that_is_not_the_usual_one(
    id: str, currency: str, code: str
) -> None:
    assert buyer_code(id, currency, "EUR") == code


@given(IDS, CURRENCIES)
def test_it_has_at_most_15_plain_characters_and_is_the_same_every_time(id: str, currency: str) -> None:
    code = buyer_code(id, currency, "EUR")
    assert 1 <= len(code) <= LONGEST
    assert code.isascii()
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert buyer_code(id, currency, "EUR") == code


def test_long_ids_get_different_codes() -> None:
    codes = {buyer_code(f"{n:020}", currency, "EUR") for n in range(5000) for currency in ("EUR", "USD")}
    assert len(codes) == 10_000


def test_the_digest_of_an_id_does_not_change_between_versions() -> None:
    assert buyer_code("12345678901234567890", "EUR", "EUR") == "JB7FBLSNZVTBVPK"
