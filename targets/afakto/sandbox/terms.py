"""Which names and words does the stand-in take? The vendor's where they are known, else the connector's guesses.

The stand-in has a list of its own, so that a slip in the connector's shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "buyers": (
        "COMPANY_CODE",
        "BUYER_CODE",
        "BUYER_NAME",
        "ID_TYPE",
        "ID_NUMBER",
        "PAYMENT_TERMS",
        "CURRENCY",
    ),
    "invoices": (
        "COMPANY_CODE",
        "BUYER_CODE",
        "INV_NUMBER",
        "INV_TYPE",
        "INV_DATE",
        "DUE_DATE",
        "AMOUNT",
        "TAX",
        "BALANCE",
        "CURRENCY",
        "PAYMENT_METHOD",
    ),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "buyers": (
        "ADDRESS_STREET_NAME",
        "ADDRESS_STREET_NUMBER",
        "ADDRESS_POSTAL_CODE",
        "ADDRESS_CITY",
        "ADDRESS_STATE",
        "ADDRESS_COUNTRY",
        "CONTACT_NAME",
        "CONTACT_EMAIL",
        "CONTACT_PHONE",
        "EXCLUSION_REASON",
    ),
    "invoices": (),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Other names of columns (file -> our name -> theirs) and other words than the usual ones.

    `types`: word -> the sign of its amounts, 0 for either. `numbers`: word for a sort of number -> how many digits it
    has, None for any text.
    """

    header: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=lambda: {"INVOICE": 1, "CREDIT_NOTE": -1})
    numbers: Mapping[str, int | None] = field(
        default_factory=lambda: {"VAT": None, "SIREN": 9, "SIRET": 14, "REGISTRY": None}
    )

    def column(self, file: str, name: str) -> str:
        """What `file` calls the column `name`."""
        return self.header.get(file, {}).get(name, name)
