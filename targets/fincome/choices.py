"""What do the two ways to Fincome share beside tables: the rhythm, and what a run adds to the plans?"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from duebridge.core.api import Json, Schedule, Services
from duebridge.targets.fincome.settings import FincomeSettings

#: Every night (Fincome's page, Integration overview); at what hour is our choice.
NIGHTLY = Schedule(daily="02:00", timezone="Europe/Paris")


def context_of(options: FincomeSettings, services: Services) -> Mapping[str, Json]:
    """Return what mappings read as `@today` (ISO), `@timezone`, `@discounts` and `@statuses`.

    Another day plans every record again: an invoice settled in part becomes overdue without the ledger telling.
    """
    return {
        "today": services.now().astimezone(ZoneInfo(options.timezone)).date().isoformat(),
        "timezone": options.timezone,
        "discounts": options.discounts,
        "statuses": options.subscription_statuses.model_dump(),
    }
