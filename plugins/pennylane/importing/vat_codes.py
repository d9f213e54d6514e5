"""Which VAT code does a line carry? The exact one for its rate and country, or none: nothing is rounded to the nearest.

Source: spec, VatRateWithMixed: country and rate; lines without tax have codes that say why, so those are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from duebridge.core.api import ZERO, Payload, RecordError
from duebridge.plugins.pennylane.importing.settings import DEFAULT, PennylaneTargetSettings
from duebridge.plugins.pennylane.importing.vocabulary import VAT_CODES
from duebridge.plugins.pennylane.vat import tax_rate


def vat_code(line: Payload, country: str, options: PennylaneTargetSettings) -> str:
    """Return the code of a line of ours, sold to a customer in `country`. Raises `RecordError` saying what to do."""
    if "vat_rate" in line:
        return str(line["vat_rate"])
    rate = Decimal(str(line["tax_rate"]))
    if rate == ZERO:
        return _without_tax(country, options)
    where = options.tax_country or country
    if not where:
        raise RecordError(
            f"its customer has no country, so {rate} % has no VAT code; complete the customer's address in Pennylane, "
            "or set `default_country` or `tax_country`"
        )
    code = _by_rate().get((where, rate))
    if code is None:
        other = "" if options.tax_country else ", or set `tax_country` if the VAT is another country's"
        raise RecordError(
            f"Pennylane has no VAT code for {rate} % in {where}, and the nearest is not guessed; correct the rate at "
            f"the source{other}"
        )
    return code


def _without_tax(country: str, options: PennylaneTargetSettings) -> str:
    code = options.zero_rate_code.get(country) or options.zero_rate_code.get(DEFAULT)
    if code is None:
        name = f"neither {country} nor {DEFAULT}" if country else f"no {DEFAULT}"
        raise RecordError(
            f"it is without tax, and `zero_rate_code` says {name}: why there is none decides the code (exempt, "
            "extracom, intracom_100, …); set it for the connection"
        )
    return code


@cache
def _by_rate() -> Mapping[tuple[str, Decimal], str]:
    """The code of each country and rate, those aside that mean more than a rate."""
    rates = {code: tax_rate(code) for code in VAT_CODES if code[2:3] == "_" and code[:2].isupper()}
    return {(code[:2], rate): code for code, rate in rates.items() if rate is not None}
