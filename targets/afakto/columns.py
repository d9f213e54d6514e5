"""Which columns do the two files have, by our names, and which of those are the vendor's own?

Source: Afakto's help pages on CSV imports. The buyers' header is the full template's, word for word. Of the invoices'
header the pages show five names; `GUESSED` holds those made up here, which `header` in the settings replaces. Afakto
ignores columns it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

File = Literal["buyers", "invoices"]

BUYERS = (
    "COMPANY_CODE",
    "BUYER_CODE",
    "BUYER_NAME",
    "ID_TYPE",
    "ID_NUMBER",
    "PAYMENT_TERMS",
    "CURRENCY",
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
)
INVOICES = (
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
    "STATUS",
    "E_INVOICING_STATUS",
)
COLUMNS: Mapping[File, tuple[str, ...]] = MappingProxyType({"buyers": BUYERS, "invoices": INVOICES})

#: Columns of the invoice file whose names no page of the vendor's shows.
GUESSED = frozenset({"INV_DATE", "DUE_DATE", "AMOUNT", "TAX", "BALANCE", "CURRENCY", "STATUS", "E_INVOICING_STATUS"})
#: Columns that hold an amount.
AMOUNTS = frozenset({"AMOUNT", "TAX", "BALANCE"})
