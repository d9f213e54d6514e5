"""Which company does the account belong to, where is its web address, and which day is it there?

GET /company names the company and its address, GET /users/me the time zone of the token's owner: the company's own is
not told anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from duebridge.core.api import AuthError, ConfigError, Forbidden, NotFound, RecordError, Refused, RunError
from duebridge.plugins.harvest.client import HarvestClient
from duebridge.plugins.harvest.settings import WEB, HarvestSettings, web_address
from duebridge.plugins.harvest.timezones import iana

_WHERE = "both are on id.getharvest.com under Developers"


@dataclass(frozen=True, slots=True)
class Company:
    """The account's company. `told` is its web address as Harvest tells it, "" when it tells none."""

    name: str
    told: str
    domain: str | None

    @property
    def host(self) -> str:
        """The host of its web address."""
        return urlsplit(self.domain or self.told).netloc

    def web(self) -> str:
        """The address Harvest tells, below which its invoices are, without a trailing slash. Raises `RecordError`."""
        if self.told:
            return self.told
        raise RecordError(
            "its PDF can't be fetched, because Harvest does not tell the account's web address; put it in the "
            "connection's `domain` (Harvest > Settings > Web address)"
        )


def company(client: HarvestClient, settings: HarvestSettings) -> Company:
    """The company of the account. Raises `AuthError` for an account not ours, `ConfigError` for a wrong domain."""
    raw = _asked(client, settings.account_id)
    if raw.get("invoice_feature") is not True:
        raise AuthError(
            f"the Harvest account {settings.account_id} does not have its invoices switched on, so there is nothing to "
            "read; an administrator can do that in Harvest under Settings > Modules"
        )
    found = Company(str(raw.get("name") or ""), _told(raw), settings.domain)
    _refuse_another(found, settings.account_id)
    return found


def owner_zone(client: HarvestClient, note: Callable[[str], None]) -> str:
    """The IANA name of the token owner's time zone, "" (and a note) when it can't be told."""
    try:
        me = client.get("/users/me", {})
    except (Forbidden, Refused) as refused:
        note(f"days are counted in UTC, because Harvest does not tell the time zone: {refused}")
        return ""
    name = me.get("timezone") if isinstance(me, dict) else None
    zone = iana(name) if isinstance(name, str) else ""
    if not zone:
        note(f"days are counted in UTC, because the time zone Harvest tells is not a known one: {str(name)[:60]!r}")
    return zone


def _asked(client: HarvestClient, account_id: str) -> dict[str, Any]:
    try:
        raw = client.get("/company", {})
    except NotFound as missing:
        raise AuthError(
            f"Harvest knows no account {account_id} that this token may read; check `account_id` and `token`, {_WHERE} "
            f"({missing})"
        ) from missing
    except Forbidden as forbidden:
        raise AuthError(
            f"the Harvest token may not read the account {account_id}; its owner must be an administrator, or a "
            f"manager who may see all invoices. Check `account_id` and `token`, {_WHERE} ({forbidden})"
        ) from forbidden
    except AuthError as refused:
        raise AuthError(f"{refused}. Check `token` and `account_id`, {_WHERE}") from refused
    except Refused as refused:
        raise RunError(str(refused)) from refused
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise RunError(
            "Harvest did not say which company the account belongs to (GET /company); the next run asks again"
        )
    return raw


def _told(raw: dict[str, Any]) -> str:
    for name in ("base_uri", "full_domain"):
        value = raw.get(name)
        if isinstance(value, str) and value:
            try:
                return web_address(value)
            except ValueError:
                continue
    return ""


def _refuse_another(found: Company, account_id: str) -> None:
    """Raise `ConfigError` when both addresses are Harvest's and differ; one's own host may well lead there."""
    given, told = urlsplit(found.domain or "").netloc, urlsplit(found.told).netloc
    if given != told and given.endswith(WEB) and told.endswith(WEB):
        raise ConfigError(
            f"`domain` is {given}, but the web address of the Harvest account {account_id} is {told}; "
            "correct `domain`, or leave it out"
        )
