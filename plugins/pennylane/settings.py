"""What the YAML block of a Pennylane source may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from duebridge.core.api import Settings


def _without_trailing_slash(url: str) -> str:
    return url.rstrip("/")


BaseUrl = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$"), AfterValidator(_without_trailing_slash)]


class PennylaneSettings(Settings):
    """One company's access.

    `token` is a company API token (Management > Settings > Connectivity > Developers); `base_url` is what stands before
    `/api/external/v2`, other than the product's own only for the sandbox.
    """

    token: Annotated[SecretStr, Field(min_length=1)]
    base_url: BaseUrl = "https://app.pennylane.com"
