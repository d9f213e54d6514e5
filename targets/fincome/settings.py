"""What may Fincome's block in the YAML file hold?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from duebridge.core.api import Settings
from duebridge.targets.fincome.columns import COLUMNS

PathName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*$")]


class FincomePaths(Settings):
    """What Fincome calls its collections, below `/product`: customers or clients, prices or plans: its pages vary."""

    customers: PathName = "customers"
    products: PathName = "products"
    prices: PathName = "prices"
    subscriptions: PathName = "subscriptions"
    invoices: PathName = "invoices"
    credit_notes: PathName = "credit_notes"


class SubscriptionWords(Settings):
    """What Fincome calls where a subscription stands, by the ledger's word. Its own list is not published."""

    pending: str = "pending"
    not_started: str = "future"
    in_progress: str = "active"
    stopped: str = "canceled"
    finished: str = "ended"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as problem:  # what it raises depends on what is wrong with the name
        raise ValueError("no such time zone; write one like Europe/Paris") from problem
    return name


def _base(address: str) -> str:
    """Fincome prints its address with `/product` behind it; both ways are understood."""
    return address.rstrip("/").removesuffix("/product")


def _columns(headers: Mapping[str, str]) -> Mapping[str, str]:
    unknown = sorted(headers.keys() - COLUMNS.keys())
    if unknown:
        raise ValueError(f"no column {', '.join(unknown)}; there are: {', '.join(COLUMNS)}")
    shown = [headers.get(name, name).strip() for name in COLUMNS]
    if "" in shown or len({header.casefold() for header in shown}) < len(shown):
        raise ValueError("every column needs a header of its own")
    return headers


class FincomeSettings(Settings):
    """How one Fincome account is reached, and the choices that are left.

    `mode` "api" writes record by record and needs `api_key`; "xlsx" writes one workbook for each run into `directory`
    (from where DueBridge runs, unless it begins with /). Fincome does not publish the name of the header that takes the
    key, nor the limit of requests: `header` and `requests_per_minute` are assumptions. With `header: Authorization` the
    key goes as a Bearer token. `columns` gives columns of the workbook other headers.
    `discounts` "zero" is what Fincome's page does; "real" sends what was taken off each line, before tax.
    `largest_drop`: a workbook with a larger share of rows less than the last one is withheld.
    `timezone`: where instants of the ledger fall on a day, and when a due date is over.
    """

    mode: Literal["api", "xlsx"] = "api"
    api_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-API-Key"
    paths: FincomePaths = FincomePaths()
    directory: Path | None = None
    columns: Annotated[Mapping[str, str], AfterValidator(_columns)] = Field(default_factory=dict)
    discounts: Literal["zero", "real"] = "zero"
    subscription_statuses: SubscriptionWords = SubscriptionWords()
    largest_drop: Annotated[float, Field(ge=0, le=1)] = 0.3
    timezone: Annotated[str, AfterValidator(_time_zone)] = "Europe/Paris"
    base_url: Annotated[str, AfterValidator(_base)] = "https://api2.fincome.co"
    requests_per_minute: Annotated[int, Field(ge=1)] = 300

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "api" and self.api_key is None:
            raise ValueError("mode api needs api_key (Fincome: Settings > Developers)")
        if self.mode == "xlsx" and self.directory is None:
            raise ValueError("mode xlsx needs directory, the folder the workbooks go to")
        return self
