"""What may Carbon's block in the YAML file hold?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from duebridge.core.api import Settings


class CarbonSettings(Settings):
    """One company's access. `requests_per_minute`: Carbon allows 600."""

    token: Annotated[SecretStr, Field(min_length=1)]
    base_url: str
    requests_per_minute: Annotated[int, Field(ge=1)] = 600
