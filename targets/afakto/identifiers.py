"""Which sort of number identifies a buyer: a French SIREN or SIRET, a VAT number, another country's registry?

A number counts only when its check digits hold (python-stdnum), so none goes under a sort it does not have. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

#: France and the territories whose companies are in its register.
_FRENCH = frozenset("FR GP MQ GF RE YT PM BL MF WF PF NC".split())
#: Country -> the module that knows the numbers of its register.
_REGISTRIES: Mapping[str, str] = MappingProxyType(
    {
        "AU": "stdnum.au.acn",
        "CH": "stdnum.ch.uid",
        "DE": "stdnum.de.handelsregisternummer",
        "DK": "stdnum.dk.cvr",
        "EE": "stdnum.ee.registrikood",
        "FI": "stdnum.fi.ytunnus",
        "NO": "stdnum.no.orgnr",
        "PL": "stdnum.pl.regon",
        "SE": "stdnum.se.orgnr",
    }
)
#: The prefix of a VAT number where it isn't the country's code.
_PREFIXES: Mapping[str, str] = MappingProxyType({"EL": "GR"})


class Identifier(NamedTuple):
    """A number without blanks and marks, and which sort it is: vat, siret, siren or registry."""

    sort: str
    number: str


def identifier(reg_no: str, vat_number: str, country: str, preferred: Sequence[str]) -> Identifier | None:
    """Return the most `preferred` of a customer's valid numbers; None when it has none."""
    found = {each.sort: each.number for each in _valid(reg_no, vat_number, country)}
    return next((Identifier(sort, found[sort]) for sort in preferred if sort in found), None)


def _valid(reg_no: str, vat_number: str, country: str) -> Iterator[Identifier]:
    vat = vat_of(vat_number, country) if vat_number.strip() else None
    if vat is not None:
        yield Identifier("vat", vat)
    if reg_no.strip():
        yield from _registered(reg_no, country or (vat or "")[:2])


def _registered(number: str, country: str) -> Iterator[Identifier]:
    """A SIRET also gives the SIREN it begins with. Without a country, valid digits count as French ones."""
    if country in _FRENCH or not country:
        establishment = _checked(siret.validate, number)
        company = _checked(siren.validate, establishment[:9] if establishment else number)
        if establishment:
            yield Identifier("siret", establishment)
        if company:
            yield Identifier("siren", company)
    elif country in _REGISTRIES:
        registered = _checked(import_module(_REGISTRIES[country]).validate, number)
        if registered:
            yield Identifier("registry", registered)


def vat_of(number: str, country: str = "") -> str | None:
    """Return a VAT number with its country's prefix, or None when it isn't a valid one.

    A number without a prefix is one of `country`.
    """
    text = "".join(each for each in number.upper() if each.isalnum())
    prefix = text[:2] if text[:2].isalpha() else country
    digits = text[2:] if text[:2].isalpha() else text
    european = _checked(eu_vat.validate, prefix + digits)
    if european is not None:
        return european
    # Switzerland's and a few others' begin with letters of their own
    module: Any = get_cc_module(_PREFIXES.get(prefix, prefix).lower(), "vat") if len(prefix) == 2 else None
    if module is None:
        return None
    for candidate in (text, digits):
        if valid := _checked(module.validate, candidate):
            return valid if valid.startswith(prefix) else prefix + valid
    return None


def _checked(validate: Callable[[str], str], number: str) -> str | None:
    """The number as it is written without blanks and marks; one of zeros alone stands for none."""
    try:
        valid = str(validate(number))
    except ValidationError:
        return None
    return valid if valid.isascii() and valid.strip("0") else None
