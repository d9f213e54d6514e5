"""What may the YAML block of a Pennylane target hold?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from duebridge.core.api import Json
from duebridge.plugins.pennylane.importing.vocabulary import VAT_CODES
from duebridge.plugins.pennylane.settings import PennylaneSettings

#: What `zero_rate_code` calls the code for countries it does not name.
DEFAULT = "default"

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


def _written(value: Json) -> Json:
    """An account number written without quotes is a number to YAML."""
    return str(value) if type(value) is int else value


AccountNumber = Annotated[str, BeforeValidator(_written), Field(pattern=r"^[0-9A-Za-z]{1,20}$")]


class PennylaneTargetSettings(PennylaneSettings):
    """One company to import into.

    `zero_rate_code`: the VAT code of lines without tax, by the customer's country or `default`. `tax_country`: whose
    VAT lines carry, where it is not the customer's country. `ledger_accounts`: account numbers by the line's category.
    `default_country`: the country of addresses that tell none. `periods`: send the lines' periods, which makes
    deferrals. `on_change`: what becomes of a document changed at the source after it was imported.
    `allow_same_product`: take from another Pennylane company. `requests_per_minute`: Pennylane allows 300.
    """

    default_country: Country | None = None
    tax_country: Country | None = None
    zero_rate_code: dict[str, str] = Field(default_factory=dict)
    ledger_accounts: dict[str, AccountNumber] = Field(default_factory=dict)
    periods: bool = False
    on_change: Literal["report", "update"] = "report"
    allow_same_product: bool = False
    requests_per_minute: Annotated[int, Field(ge=12, le=300)] = 300

    @field_validator("zero_rate_code")
    @classmethod
    def _known_codes(cls, codes: dict[str, str]) -> dict[str, str]:
        for country, code in codes.items():
            if country != DEFAULT and not (len(country) == 2 and country.isascii() and country.isupper()):
                raise ValueError(f"{country!r} is neither a country like FR nor {DEFAULT!r}")
            if code not in VAT_CODES - {"mixed"}:
                raise ValueError(f"{code!r} is not a VAT code of Pennylane, such as exempt, extracom or intracom_100")
        return codes
