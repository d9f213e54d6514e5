"""What does an HTTP status mean for us?

    ok         the answer holds what was asked for
    moved      the product sends us elsewhere; never followed
    stranger   our credentials are not accepted
    forbidden  they are, but lack a permission
    missing    there is nothing under this path
    refused    this request will never be accepted as it is; never repeated
    later      not processed, come back: repeated whatever the request was
    broken     something failed after the request arrived; it may have been processed

Sources: RFC 9110 section 15; RFC 6585 section 4 for 429.
"""

from __future__ import annotations

from typing import Literal

Meaning = Literal["ok", "moved", "stranger", "forbidden", "missing", "refused", "later", "broken"]

#: Statuses that differ from their family. 408 is not "later": gateways also send it after handing a request on.
EXCEPTIONS: dict[int, Meaning] = {
    401: "stranger",
    403: "forbidden",
    404: "missing",
    408: "broken",
    410: "missing",
    429: "later",
}

FAMILIES: dict[int, Meaning] = {2: "ok", 3: "moved", 4: "refused"}


def meaning(status: int) -> Meaning:
    """What `status` means; whatever HTTP does not define counts as broken."""
    return EXCEPTIONS.get(status) or FAMILIES.get(status // 100, "broken")
