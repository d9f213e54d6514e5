"""What may Billabex's block in the YAML file hold?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from duebridge.core.api import Settings

_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class BillabexSettings(Settings):
    """Access to one Billabex organization, and choices.

    `connection_id` names our integration in an account's source link. `currency` is that of every account made:
    Billabex takes none with a document. `history` "open" leaves out what was settled before it was ever sent.
    `without_pdf` says what becomes of a document without a file. `source_id_field` is what Billabex calls a document's
    source id, in its form and in its answers: that there is one is published, its name is not. `override_email` takes
    the place of every address. `requests_per_minute`: Billabex allows 300 in any 60 seconds (its guide on rate limits).
    """

    token: Annotated[SecretStr, Field(min_length=1)]
    organization_id: Annotated[str, Field(min_length=1)]
    connection_id: Annotated[str, Field(min_length=1)] = "duebridge"
    override_email: Annotated[str, Field(pattern=_EMAIL)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    history: Literal["open", "all"] = "open"
    without_pdf: Literal["reject", "send"] = "reject"
    source_id_field: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")] = "sourceId"
    base_url: str = "https://next.billabex.com"
    requests_per_minute: Annotated[int, Field(ge=1)] = 300
