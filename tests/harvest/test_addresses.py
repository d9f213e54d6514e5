"""Of an address in free text, what is certain is told, and nothing is made up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duebridge.plugins.harvest.addresses import address_of, country_code


def parts(text: str) -> dict[str, Any]:
    address = address_of(text)
    assert address is not None
    return address.model_dump(exclude={"address"}, exclude_defaults=True)


PARIS = {"postal_code": "75002", "city": "Paris"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 rue de la Paix\r\n75002 Paris\r\nFrance", PARIS | {"country": "FR"}),
        ("12 rue de la Paix\n75002 Paris", PARIS),
        ("12 rue de la Paix, 75002 Paris", PARIS),
        ("12 rue de la Paix, 75002 Paris, France", PARIS | {"country": "FR"}),
        ("12 rue de la Paix\n75002 Paris, FRANCE.", PARIS | {"country": "FR"}),
        ("12 rue de la Paix\n75002 Paris (France)", PARIS | {"country": "FR"}),
        ("12 rue de la Paix\n75002 Paris France", PARIS | {"country": "FR"}),
        ("12 rue de la Paix\nF-75002 Paris", PARIS | {"country": "FR"}),
        ("ZA\n33700 MÉRIGNAC CEDEX 9\nfrance", {"postal_code": "33700", "city": "MÉRIGNAC CEDEX 9", "country": "FR"}),
        ("Imm. A\n97400 Saint-Denis\nLa Réunion", {"postal_code": "97400", "city": "Saint-Denis", "country": "RE"}),
        ("Hauptstr. 5\n10827 Berlin\nAllemagne", {"postal_code": "10827", "city": "Berlin", "country": "DE"}),
        ("Hauptstr. 5\n10827 Berlin\nGermany", {"postal_code": "10827", "city": "Berlin", "country": "DE"}),
        ("1 Grand-Place\n1000 Bruxelles\nBelgique", {"postal_code": "1000", "city": "Bruxelles", "country": "BE"}),
        ("Gare 1\nCH-1201 Genève", {"postal_code": "1201", "city": "Genève", "country": "CH"}),
        ("x\n2300 La Chaux-de-Fonds\nSuisse", {"postal_code": "2300", "city": "La Chaux-de-Fonds", "country": "CH"}),
        ("Damrak 1\n1012 LG Amsterdam\nPays-Bas", {"postal_code": "1012 LG", "city": "Amsterdam", "country": "NL"}),
        ("10 Downing St\nLondon SW1A 2AA\nUK", {"postal_code": "SW1A 2AA", "city": "London", "country": "GB"}),
        (
            "123 Main St.\r\nAnytown, LA 71223",
            {"postal_code": "71223", "city": "Anytown", "state": "LA", "country": "US"},
        ),
        (
            "5th Ave\nNew York, NY 10118\nÉtats-Unis",
            {"postal_code": "10118", "city": "New York", "state": "NY", "country": "US"},
        ),
    ],
)
def test_what_is_certain_is_told(text: str, expected: dict[str, str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "12345 Sunset Boulevard",
        "ACME\n12345 Main Street",
        "75002 Paris",
        "x\n1000 Bruxelles",
        "x\n20100 Milano, MI",
        "Milano, MI 20100",
        "Atlanta\nGeorgia",
        "chez Madame France Gall",
        "x\n12345",
        "x\n123456 Moskva",
        ",,,\n;",
    ],
)
def test_what_is_not_certain_is_left_open(text: str) -> None:
    assert parts(text) == {}


@pytest.mark.parametrize(
    ("text", "country"),
    [("Tokyo 100-0001\nJapan", "JP"), ("01 BP 5\nAbidjan 01\nCôte d'Ivoire", "CI"), ("France", "FR")],
)
def test_a_country_is_told_without_the_rest(text: str, country: str) -> None:
    assert parts(text) == {"country": country}


def test_a_country_at_the_end_of_no_postal_code_is_part_of_the_text() -> None:
    assert parts("Domaine de la Nouvelle France") == {}
    assert parts("x\n98000 Monaco") == {"postal_code": "98000", "city": "Monaco"}


def test_the_text_itself_stays_whole() -> None:
    address = address_of("  Tour Égée \r\n9 allée de l'Arche\r\n92400 Courbevoie\r\n")
    assert address is not None
    assert address.address == "Tour Égée\n9 allée de l'Arche\n92400 Courbevoie"


@pytest.mark.parametrize("text", ["", " ", "\r\n \r\n"])
def test_a_blank_text_is_no_address(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("France", "FR"),
        ("royaume-uni", "GB"),
        ("Côte d’Ivoire", "CI"),
        ("U.S.A.", "US"),
        ("ESPAÑA", "ES"),
        ("Narnia", ""),
    ],
)
def test_countries_are_known_by_their_french_and_english_names(name: str, code: str) -> None:
    assert country_code(name) == code


@given(st.text(alphabet=st.sampled_from(" ,\n\rFé-AB0159Paris()CH.'")))
def test_every_part_that_is_told_stands_in_the_text(text: str) -> None:
    address = address_of(text)
    if address is not None:
        assert address.postal_code.casefold() in text.casefold()
        assert address.city in text
        assert address.address.strip()
