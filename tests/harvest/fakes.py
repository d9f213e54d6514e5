"""Sources that read a server whose every answer is a test's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from duebridge.core.api import Services
from duebridge.core.edge.http import HttpFactory
from duebridge.plugins.harvest.settings import HarvestSettings
from duebridge.plugins.harvest.source import HarvestSource

from .conftest import KeptMemory


def pointed_at(httpserver: Any, note: Callable[[str], None] = lambda _: None, **settings: Any) -> HarvestSource:
    """A source that reads `httpserver`, with a token of its own."""
    base = str(httpserver.url_for("")).rstrip("/")
    block = {"token": uuid4().hex, "account_id": "1234", "base_url": base} | settings
    services = Services(HttpFactory(), KeptMemory(), note, lambda: datetime.now(UTC))
    return HarvestSource(HarvestSettings.model_validate(block), services)


def company(**given: Any) -> dict[str, Any]:
    """What GET /company may answer."""
    return {"name": "Acme", "base_uri": None, "full_domain": "acme.harvestapp.com", "invoice_feature": True} | given
