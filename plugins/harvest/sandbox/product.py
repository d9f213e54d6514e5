"""What is Harvest's stand-in, seen from the sandbox: seeded state, control calls, switches?"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from threading import RLock
from typing import Any, ClassVar

from fastapi import APIRouter

from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions, UnusableValues
from duebridge.plugins.harvest.sandbox.access import Windows
from duebridge.plugins.harvest.sandbox.control import Control
from duebridge.plugins.harvest.sandbox.files import is_kinds
from duebridge.plugins.harvest.sandbox.listing import MOST_ROWS
from duebridge.plugins.harvest.sandbox.router import Api
from duebridge.plugins.harvest.sandbox.seed import seed
from duebridge.plugins.harvest.sandbox.state import State

TIMEZONE = "Paris"


class HarvestSandbox(ProductSandbox):
    """Harvest's API below `/v2` for the token `sandbox-harvest` and account `1234`, and `/client/invoices/KEY.pdf`.

    Generated data is deterministic for a seed and a day: documents are dated relative to today. `clock` tells the time
    (aware).
    """

    name: ClassVar[str] = "harvest"

    def __init__(self, options: SandboxOptions, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Seed the state by `options`."""
        self.clock = clock
        self.lock = RLock()
        super().__init__(options)

    def router(self) -> APIRouter:
        """The paths of the API and of the web address."""
        return Api(self).router()

    def reset(self) -> None:
        """Seed again; switches and rate limit windows are as at the start."""
        with self.lock:
            self.state = State(self.clock)
            seed(self.state, self.options)
            self.control = Control(self.state)
            self.windows = Windows(lambda: self.clock().timestamp()) if self.options.limits == "real" else None
            self.token_valid, self.permitted, self.invoice_feature = True, True, True
            self.timezone, self.web_address = TIMEZONE, ""
            self.files: str | dict[str, str] = "ready"
            self.page_size: int | None = None

    def create(self, collection: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add an object; see `control`."""
        with self.lock:
            return deepcopy(self.control.create(collection, values))

    def patch(self, collection: str, id: str, values: dict[str, Any], *, event: bool) -> dict[str, Any]:
        """Change an object; see `control`. Without an event its `updated_at` stays."""
        with self.lock:
            return deepcopy(self.control.patch(collection, id, values, event=event))

    def delete(self, collection: str, id: str, *, event: bool) -> None:
        """Remove an object; see `control`."""
        with self.lock:
            self.control.delete(collection, id, event=event)

    def settings(self) -> dict[str, Any]:
        """The switches, as `PUT /_sandbox/settings/harvest` takes them, any of them alone.

        `token_valid`: false makes every request 401. `permitted`: false makes every request 403. `invoice_feature`:
        whether the account has its invoices switched on. `timezone`: Rails' name of the owner's zone. `files`: what a
        PDF's address answers: `ready` (a small PDF), `html` (a web page), `missing`, `empty`, `damaged` (cut off),
        `huge` (100 MB); such a word for every invoice, or {"invoice id": word} for those alone. `page_size`: at most so
        many rows on a page, null for as many as are asked for. `web_address`: what Harvest tells as the company's,
        empty for where the stand-in itself is.
        """
        return {
            "token_valid": self.token_valid,
            "permitted": self.permitted,
            "invoice_feature": self.invoice_feature,
            "timezone": self.timezone,
            "files": self.files,
            "page_size": self.page_size,
            "web_address": self.web_address,
        }

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn the switches named in `values`. Raises `UnusableValues`, having turned none."""
        super().configure(values)
        for name, value in values.items():
            if not _FITS[name](value):
                raise UnusableValues(f"{name} can't be {value!r:.80}")
        with self.lock:
            for name, value in values.items():
                setattr(self, name, value)
        return self.settings()


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_FITS: dict[str, Callable[[Any], bool]] = {
    "token_valid": _is_flag,
    "permitted": _is_flag,
    "invoice_feature": _is_flag,
    "timezone": lambda value: isinstance(value, str),
    "files": is_kinds,
    "page_size": lambda value: value is None or (type(value) is int and 1 <= value <= MOST_ROWS),
    "web_address": lambda value: isinstance(value, str),
}
