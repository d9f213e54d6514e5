"""A number goes under its sort, or not at all."""

from __future__ import annotations

import pytest

from duebridge.targets.afakto.identifiers import Identifier, identifier, vat_of

from .scene import SIREN, SIRET, VAT

USUAL = ("vat", "siret", "siren", "registry")
NATIONAL = ("siret", "siren", "registry", "vat")


@pytest.mark.parametrize(
    ("reg_no", "vat", "country", "expected"),
    [
        (SIREN, "", "FR", ("siren", SIREN)),
        ("732 829 320", "", "FR", ("siren", SIREN)),
        (SIREN, "", "", ("siren", SIREN)),
        (SIREN, "", "RE", ("siren", SIREN)),
        (SIRET, "", "FR", ("siret", SIRET)),
        ("732 829 320 00074", "", "", ("siret", SIRET)),
        ("356 000 000 00048", "", "FR", ("siret", "35600000000048")),  # La Poste
        ("", VAT, "FR", ("vat", VAT)),
        ("", "fr 44 732829320", "", ("vat", VAT)),
        (SIREN, VAT, "FR", ("vat", VAT)),
        ("", "DE136695976", "DE", ("vat", "DE136695976")),
        ("", "136695976", "DE", ("vat", "DE136695976")),
        ("", "GB980780684", "GB", ("vat", "GB980780684")),
        ("", "CHE-107.787.577 IVA", "CH", ("vat", "CHE107787577IVA")),
        ("", "EL 094259216", "GR", ("vat", "EL094259216")),
        ("988 077 917", "", "NO", ("registry", "988077917")),
        ("556012-5790", "", "SE", ("registry", "5560125790")),
        ("not a number", VAT, "FR", ("vat", VAT)),
        (SIREN, "FR00000000001", "FR", ("siren", SIREN)),
    ],
)
def test_a_valid_number_is_told_apart(reg_no: str, vat: str, country: str, expected: tuple[str, str]) -> None:
    assert identifier(reg_no, vat, country, USUAL) == Identifier(*expected)


@pytest.mark.parametrize(
    ("reg_no", "vat", "country"),
    [
        ("", "", "FR"),
        ("  ", "  ", ""),
        ("732829321", "", "FR"),  # check digit
        ("73282932000075", "", "FR"),
        (SIREN[:8], "", "FR"),
        (SIREN + "0", "", "FR"),
        (SIREN, "", "DE"),  # nine digits, and another country's
        (SIREN, "", "US"),
        ("", "FR45732829320", "FR"),
        ("", "XX123456789", ""),
        ("", "732829320", ""),  # a VAT number without a country
        ("RCS Paris", "n/a", "FR"),
        ("000000000", "", "FR"),  # its check digits hold, and nobody has it
        ("0" * 14, "", "FR"),
        ("\uff10" * 9, "", "FR"),  # full-width digits
    ],
)
def test_an_invalid_one_goes_nowhere(reg_no: str, vat: str, country: str) -> None:
    assert identifier(reg_no, vat, country, USUAL) is None


def test_the_preferred_sort_is_a_choice() -> None:
    assert identifier(SIRET, VAT, "FR", NATIONAL) == Identifier("siret", SIRET)
    assert identifier(SIRET, VAT, "FR", ("siren",)) == Identifier("siren", SIREN)
    assert identifier("", VAT, "FR", ("siren",)) is None


def test_the_country_of_a_vat_number_tells_whose_register_it_is() -> None:
    assert identifier(SIREN, "DE136695976", "", ("siren", "registry")) is None
    assert identifier(SIREN, VAT, "", ("siren",)) == Identifier("siren", SIREN)


@pytest.mark.parametrize("text", ["", " ", "F", "FR", "É" * 20, "\x00", "🦄", "-" * 50, "9" * 300])
def test_no_text_is_too_strange(text: str) -> None:
    assert vat_of(text, "FR") is None
    assert identifier(text, text, "FR", USUAL) is None
    assert identifier(text, text, text, USUAL) is None
