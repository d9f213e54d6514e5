"""What an amount is worth: exponents of currencies, minor units, and what settles a document.

Amounts are `Decimal` in the document's currency everywhere; minor units (`int`) exist only in payloads.
Exponents: ISO 4217 list one, 2025-05. Codes a ledger may still hold after ISO withdrew them keep their last exponent.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from duebridge.core.errors import RecordError

__all__ = ["ZERO", "Amount", "allocate_credits", "exponent", "minor_units", "settled_by_money"]

#: A decimal amount in major units: 20 digits before the point and 10 after hold any real invoice, and refuse 1e400.
Amount = Annotated[Decimal, Field(max_digits=30, decimal_places=10, allow_inf_nan=False)]

ZERO = Decimal(0)

_NO_DECIMALS = "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_TWO_DECIMALS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR
ILS IMP INR IRR JEP JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR
MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL
SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VEF VES WST XCD XCG YER ZAR ZMK
ZMW ZWG ZWL
"""
_EXPONENTS: dict[str, int] = {
    code: digits
    for digits, codes in ((0, _NO_DECIMALS), (2, _TWO_DECIMALS), (3, _THREE_DECIMALS), (4, _FOUR_DECIMALS))
    for code in codes.split()
}
_SCALES = {code: 10**digits for code, digits in _EXPONENTS.items()}


def exponent(currency: str) -> int:
    """How many decimals `currency` has by ISO 4217: JPY 0, EUR 2, TND 3. Raises `RecordError` for any other code."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise RecordError(
            f"currency {currency!r} has no minor unit in ISO 4217, so the amount can't be expressed; "
            "correct the document's currency at the source"
        ) from None


def minor_units(amount: Decimal, currency: str) -> int:
    """`amount` as a whole number of `currency`'s smallest unit. Never rounds: raises `RecordError` instead."""
    scale = _SCALES.get(currency) or 10 ** exponent(currency)
    scaled = amount * scale
    whole = int(scaled)
    if whole != scaled:
        raise RecordError(
            f"amount {amount} has more decimals than {currency} allows ({exponent(currency)}); "
            "nothing is rounded: correct the amount at the source"
        )
    return whole


def settled_by_money(total: Decimal, remaining: Decimal | None, linked: Decimal, *, paid: bool) -> Decimal:
    """What was settled without a credit note: total − linked when paid, else max(0, total − remaining − linked).

    `linked` is the sum of the linked parts of its credit notes; all amounts in the document's currency, positive.
    A remaining amount the source does not tell settles nothing.
    """
    if paid:
        return max(ZERO, total - linked)
    if remaining is None:
        return ZERO
    return max(ZERO, total - remaining - linked)


def allocate_credits(total: Decimal, credit_notes: Iterable[Decimal]) -> list[Decimal]:
    """How much of each credit note its invoice takes, in the given order (by date, then id).

    Each takes min(its total, what is left of the invoice after those before it); never negative.
    """
    left = max(ZERO, total)
    taken: list[Decimal] = []
    for credit in credit_notes:
        part = min(max(ZERO, credit), left)
        taken.append(part)
        left -= part
    return taken
