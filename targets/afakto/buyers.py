"""By which code does Afakto know a buyer? One for each customer and currency, at most 15 characters, always the same.

`{customer id}` in the connection's currency, `{customer id}-{currency}` in another (Afakto's help: one currency a
buyer, codes of at most 15 characters because factors cut them). An id too long for that, or with other characters than
letters, digits, `.`, `_` and `-`, is replaced by a digest of itself.
"""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import blake2b

LONGEST = 15

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def buyer_code(customer_id: str, currency: str, usual: str) -> str:
    """Return the code of a customer's buyer in `currency`; `usual` is the currency without a suffix."""
    code = customer_id if currency == usual else f"{customer_id}-{currency}"
    if len(code) <= LONGEST and _PLAIN.fullmatch(code):
        return code
    return b32encode(blake2b(code.encode(), digest_size=10).digest()).decode()[:LONGEST]
