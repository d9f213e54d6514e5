"""What did a target itself contribute to the plans, when it was last asked?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic_core import to_json

from duebridge.core.connector import Target
from duebridge.core.engine.report import Report
from duebridge.core.errors import ConfigError, RunError
from duebridge.core.store.store import Store

_SIDE, _KEY = "engine", "context"


def remember_context(store: Store, connection_id: int, context: Mapping[str, Any]) -> None:
    """Keep `context` for what works without the network; nothing is written while it stays the same."""
    text = to_json(dict(context)).decode()
    if store.remembered(connection_id, _SIDE, _KEY) != text:
        store.remember(connection_id, _SIDE, _KEY, text)


def remembered_context(store: Store, connection_id: int, target: Target, report: Report) -> Mapping[str, Any]:
    """Return the context of an offline `target`: its own answer, or else the one of the last run, which is noted.

    Raises `ConfigError` when there is neither.
    """
    try:
        return target.context()
    except RunError:
        text = store.remembered(connection_id, _SIDE, _KEY)
    if text is None:
        raise ConfigError(
            f"what {target.title} adds to the plans is not remembered yet; run `duebridge plan {report.connection}` "
            f"without --with-stored, or `duebridge sync {report.connection}` once"
        )
    report.note(f"{target.title} was not asked; what it adds to the plans is as the last run found it")
    context: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return context
