"""What may the YAML block of a Harvest source hold?"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from duebridge.core.api import Settings

#: Where companies have their web address, below which clients see their invoices.
WEB = ".harvestapp.com"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_NAME = re.compile(_LABEL)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+(?::[0-9]+)?")
_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.:\[\]-]+)((?:/[^\s?#@\\]*)?)", re.IGNORECASE)


def web_address(domain: str) -> str:
    """The address `domain` stands for, without a trailing slash: `acme`, a host, or an address. Raises `ValueError`.

    Of an address below harvestapp.com the path is dropped: whoever copies it has some page of Harvest open.
    """
    text = domain.strip()
    if found := _ADDRESS.fullmatch(text):
        scheme, host, path = found[1].lower(), found[2].lower(), found[3].rstrip("/")
        return f"https://{host}" if host.endswith(WEB) else f"{scheme}://{host}{path}"
    host = text.rstrip("/").lower()
    if _NAME.fullmatch(host):
        return f"https://{host}{WEB}"
    if _HOST.fullmatch(host):
        return f"https://{host}"
    raise ValueError(
        "must be the company's web address, like acme, acme.harvestapp.com or https://acme.harvestapp.com "
        "(Harvest > Settings > Web address)"
    )


def _as_text(value: object) -> object:
    """An account id is a number in YAML unless it is quoted."""
    return str(value) if type(value) is int else value


def _without_trailing_slash(url: str) -> str:
    return url.rstrip("/")


BaseUrl = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$"), AfterValidator(_without_trailing_slash)]


class HarvestSettings(Settings):
    """One account's access.

    `token` is a personal access token and `account_id` the account's number, both shown on id.getharvest.com under
    Developers; `domain` is the company's web address, where the files of invoices are, by default what Harvest says it
    is. `base_url` is what stands before `/v2`, other than the product's own only for the sandbox.
    """

    token: Annotated[SecretStr, Field(min_length=1)]
    account_id: Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9]{1,20}$")]
    domain: Annotated[str, AfterValidator(web_address)] | None = None
    base_url: BaseUrl = "https://api.harvestapp.com"
