"""Which rate a VAT code of Pennylane names. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from duebridge.core.api import ZERO

_PLAIN_RATE = re.compile(r"[A-Z]{2}_([0-9]{2,3})")
_FINE_RATE = re.compile(r"[A-Z]{2}_([0-9]{1,2})_([0-9]{2,3})")


@lru_cache(maxsize=512)
def tax_rate(code: str) -> Decimal | None:
    """The percentage a VAT code names: FR_200 -> 20, FR_55 -> 5.5, FR_1_05 -> 1.05, exempt -> 0.

    Codes are country and rate × 10, except where the rate has two decimals or more (spec, VatRateWithMixed). None where
    the code alone doesn't tell: reverse charge, mixed, and the variants with a suffix.
    """
    if code in ("exempt", "extracom"):
        return ZERO
    if plain := _PLAIN_RATE.fullmatch(code):
        return Decimal(plain[1]) / 10
    if fine := _FINE_RATE.fullmatch(code):
        return Decimal(f"{fine[1]}.{fine[2]}")
    return None
