"""What can be told for certain of an address that is free text? Postal code, city, state and country. Pure.

The whole text stays in `Address.address`; what can't be told stays empty, nothing is guessed.

- The last line, or what follows its last comma, is the country when it is a country's name in French or English.
- "75002 Paris" below another line is postal code and city; with four digits too, once the country, or the sign before
  the code ("CH-1201"), says that it has such codes.
- "Anytown, LA 71223" is the United States when the ZIP code is one of that state's.
- "London SW1A 1AA" is city and postal code once the country is the United Kingdom.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from babel import Locale

from duebridge.core.api import Address

#: Names people write that are not in CLDR's lists, folded as `_folded` does.
_ALSO = {
    "uk": "GB", "england": "GB", "angleterre": "GB", "scotland": "GB", "ecosse": "GB", "wales": "GB",
    "great britain": "GB", "grande bretagne": "GB", "northern ireland": "GB",
    "usa": "US", "united states of america": "US", "etats unis d amerique": "US",
    "the netherlands": "NL", "holland": "NL", "hollande": "NL",
    "czech republic": "CZ", "republique tcheque": "CZ", "republic of ireland": "IE",
    "france metropolitaine": "FR", "deutschland": "DE", "espana": "ES", "italia": "IT", "belgie": "BE",
    "schweiz": "CH", "osterreich": "AT", "nederland": "NL",
}  # fmt: skip
#: Also a state of the United States.
_AMBIGUOUS = frozenset({"georgia"})
#: Postal codes of four digits before the city.
_FOUR_DIGITS = frozenset("AT AU BE BG CH CY DK GE HU LI LU LV MD MK NL NO NZ PH SI TN ZA".split())
#: Countries that write five digits before the city, as France does; elsewhere five digits first tell nothing.
_FIVE_DIGITS = frozenset(
    "FR DE ES IT FI SE GR HR RS BA ME EE TR MA DZ SN MX UA MC RE GP MQ GF YT PM NC PF WF BL MF SM VA AD".split()
)
#: What people write before a postal code: the country's sign on cars, or its code.
_SIGNS = {"F": "FR", "D": "DE", "B": "BE", "L": "LU", "A": "AT", "I": "IT", "E": "ES"} | {
    code: code for code in "FR DE BE LU AT IT ES CH NL DK PT SE FI".split()
}
_CITY = r"(?P<city>[^\W\d_][^\d,;]*(?:\bcedex\b\s*\d{0,2})?)"
_SIGN = r"(?:(?P<sign>[A-Z]{1,2})\s?-\s?)?"
_FIVE = re.compile(rf"{_SIGN}(?P<code>\d{{5}})\s+{_CITY}", re.IGNORECASE)
_FOUR = re.compile(rf"{_SIGN}(?P<code>\d{{4}})\s+{_CITY}", re.IGNORECASE)
_DUTCH = re.compile(rf"{_SIGN}(?P<code>\d{{4}}\s?[A-Z]{{2}})\s+{_CITY}", re.IGNORECASE)
#: Five digits before one of these are the number of a house.
_STREET = re.compile(
    r"\b(street|st|avenue|ave|av|road|rd|boulevard|blvd|drive|dr|lane|ln|way|highway|hwy|court|ct|suite|floor|parkway"
    r"|pkwy|square|sq|terrace|rue|chemin|route|allee|allée|impasse|quai|broadway)\b\.?",
    re.IGNORECASE,
)
_AMERICAN = re.compile(r"(?P<city>[^\W\d_][^\d,;]*),\s*(?P<state>[A-Z]{2})\.?,?\s+(?P<code>\d{5}(?:-\d{4})?)")
_BRITISH = re.compile(
    r"(?:(?P<city>[^\W\d_][^\d,;]*?),?\s+)?(?P<code>[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})", re.IGNORECASE
)
#: The first three digits of each state's ZIP codes (USPS Publication 65), in ranges.
_ZIPS = """AL 350-369 AK 995-999 AZ 850-865 AR 716-729 CA 900-961 CO 800-816 CT 060-069 DE 197-199 DC 200-205 FL 320-349
GA 300-319,398-399 HI 967-968 ID 832-838 IL 600-629 IN 460-479 IA 500-528 KS 660-679 KY 400-427 LA 700-714 ME 039-049
MD 206-219 MA 010-027 MI 480-499 MN 550-567 MS 386-397 MO 630-658 MT 590-599 NE 680-693 NV 889-898 NH 030-038 NJ 070-089
NM 870-884 NY 100-149 NC 270-289 ND 580-588 OH 430-459 OK 730-749 OR 970-979 PA 150-196 RI 028-029 SC 290-299 SD 570-577
TN 370-385 TX 750-799,885 UT 840-847 VT 050-059 VA 201,220-246 WA 980-994 WV 247-268 WI 530-549 WY 820-831"""


def address_of(text: str) -> Address | None:
    """The address in `text`; None when it is blank."""
    whole = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
    if not whole:
        return None
    lines = [kept for line in whole.split("\n") if (kept := line.strip(" \t,;."))]
    lines, country = _without_country(lines)
    return Address.model_validate({"address": whole, "country": country, **_place(lines, country)})


def _without_country(lines: list[str]) -> tuple[list[str], str]:
    """The lines before the country they end with, and its code; all of them and "" when they end with none."""
    if not lines:
        return lines, ""
    before, _, last = lines[-1].rpartition(",")
    if code := country_code(last):
        return [*lines[:-1], *filter(None, [before.strip(" ,;")])], code
    return _without_last_words(lines)


def _without_last_words(lines: list[str]) -> tuple[list[str], str]:
    """As `_without_country`, for "75002 Paris France": a country right after postal code and city."""
    words = lines[-1].split()
    for count in range(min(4, len(words) - 2), 0, -1):
        code = country_code(" ".join(words[-count:]))
        rest = " ".join(words[:-count])
        if code and _FIVE.fullmatch(_tail(rest, 1)):
            return [*lines[:-1], rest], code
    return lines, ""


def _place(lines: list[str], country: str) -> dict[str, str]:
    """Postal code, city, state and country of the last line, as far as they are certain."""
    if not lines:
        return {}
    line, last = lines[-1], _tail(lines[-1], 1)
    if country in ("", "US"):
        found = _AMERICAN.fullmatch(line) or _AMERICAN.fullmatch(_tail(line, 2))
        if found and _is_zip_of(found["state"], found["code"]):
            return {**_named(found), "state": found["state"], "country": "US"}
    if country == "GB":
        found = _BRITISH.fullmatch(_tail(line, 2)) or _BRITISH.fullmatch(last)
        return {} if found and _STREET.search(found["city"] or "") else _named(found)
    return _coded(last, country, alone=len(lines) == 1 and last == line)


def _coded(last: str, country: str, *, alone: bool) -> dict[str, str]:
    """A postal code before its city. `alone`: nothing stands before, so that it may be the street itself."""
    found = _FIVE.fullmatch(last) or _FOUR.fullmatch(last)
    if found is None or _STREET.search(found["city"]):
        return {}
    told = country or _SIGNS.get((found["sign"] or "").upper(), "")
    if told == "NL":
        return {**_named(_DUTCH.fullmatch(last)), "country": told}
    if not told:
        return {} if alone or len(found["code"]) != 5 else _named(found)
    if told not in (_FIVE_DIGITS if len(found["code"]) == 5 else _FOUR_DIGITS):
        return {}
    return {**_named(found), "country": told}


def _named(found: re.Match[str] | None) -> dict[str, str]:
    if found is None:
        return {}
    return {"postal_code": found["code"].upper(), "city": (found["city"] or "").strip(" -()")}


def _tail(line: str, parts: int) -> str:
    """The last `parts` of a line that has its parts between commas."""
    return ",".join(line.split(",")[-parts:]).strip()


def _is_zip_of(state: str, code: str) -> bool:
    return any(first <= code[:3] <= last for first, last in _zips().get(state, ()))


@cache
def _zips() -> Mapping[str, tuple[tuple[str, str], ...]]:
    words = _ZIPS.split()
    return {
        state: tuple((each[:3], each[-3:]) for each in ranges.split(","))
        for state, ranges in zip(words[::2], words[1::2], strict=True)
    }


def country_code(name: str) -> str:
    """The ISO 3166 alpha-2 code of a country's name in French or English; "" for anything else."""
    folded = _folded(name)
    return "" if folded in _AMBIGUOUS else _countries().get(folded, "")


@cache
def _countries() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for language in ("en", "fr"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"):
                found.setdefault(_folded(name), code)
    return {**found, **_ALSO}


def _folded(text: str) -> str:
    """Without accents, capitals, points and other marks; words a space apart."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", plain.replace(".", "").replace("œ", "oe")).casefold().split())
