"""What may Upflow's block in the YAML file hold?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from duebridge.core.api import Settings


class UpflowSettings(Settings):
    """Credentials and choices of one Upflow organization.

    `payments` "fix" settles invoices that must read Paid and nothing else; "balance" also mirrors what was paid on open
    invoices. `create_custom_fields` lets the first customer that needs one create a missing custom field.
    `requests_per_minute`: Upflow allows 600 (its integration guide); a higher number draws 429 answers from Upflow.
    """

    api_key: Annotated[SecretStr, Field(min_length=1)]
    api_secret: Annotated[SecretStr, Field(min_length=1)]
    payments: Literal["fix", "balance"] = "fix"
    create_custom_fields: bool = False
    base_url: str = "https://api.upflow.io"
    requests_per_minute: Annotated[int, Field(ge=1)] = 600
