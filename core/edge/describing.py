"""How is a configuration shown without its secrets?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from duebridge.core.connector import Schedule
from duebridge.core.edge.configuration import Configuration, ConnectionConfig
from duebridge.core.edge.redaction import names_secret, redact
from duebridge.core.edge.rhythms import Manual, said

#: What stands for a secret that was not given by reference.
SET = "set"


def describe(configuration: Configuration) -> dict[str, Any]:
    """Return `configuration` as plain data that is safe to print: secrets as the `${NAME}` they came from, or `set`.

    Keys are those of the YAML file, with what applies when a key is absent filled in; beside them `path`, `warnings`
    and `broken` (connection name -> what is wrong).
    """
    return {
        "path": str(configuration.path),
        "database": configuration.shown_database,
        "keep": said(configuration.keep),
        "connections": {name: describe_connection(given) for name, given in configuration.connections.items()},
        "warnings": list(configuration.warnings),
        "broken": {name: str(error) for name, error in configuration.broken.items()},
    }


def describe_connection(config: ConnectionConfig) -> dict[str, Any]:
    """Return one connection as plain data that is safe to print."""
    return {
        "company": config.company,
        "source": {"connector": config.source_name, **_settings(config.source, "source", config.references)},
        "target": {"connector": config.target_name, **_settings(config.target, "target", config.references)},
        "schedule": _schedule(config.schedule),
        "exclude_customers": sorted(config.exclude_customers),
        "full_every": said(config.full_every),
        "refresh_open": said(config.refresh_open),
        "on_delete": config.on_delete,
        "since": _since(config.since),
        "history": config.history,
        "guard": {"share": config.guard.share, "min": config.guard.min},
    }


def _settings(settings: BaseModel, path: str, references: Mapping[str, str]) -> dict[str, Any]:
    return {
        (key := info.alias or name): _shown(getattr(settings, name), f"{path}.{key}", references)
        for name, info in type(settings).model_fields.items()
    }


def _shown(value: Any, path: str, references: Mapping[str, str]) -> Any:
    if path in references:
        return references[path]
    if isinstance(value, BaseModel):
        return _settings(value, path, references)
    if isinstance(value, Mapping):
        return {str(key): _shown(item, f"{path}.{key}", references) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, f"{path}.{number}", references) for number, item in enumerate(value)]
    if isinstance(value, SecretStr | SecretBytes) or (value and names_secret(path)):
        return SET
    return redact(value)


def _schedule(schedule: Schedule | Manual) -> str | dict[str, str]:
    if isinstance(schedule, Manual):
        return "manual"
    if schedule.every is not None:
        return {"every": schedule.every}
    rhythm = {"daily": schedule.daily} if schedule.daily is not None else {"cron": schedule.cron}
    return {**{key: text for key, text in rhythm.items() if text is not None}, "timezone": schedule.timezone}


def _since(since: date | timedelta | None) -> str | None:
    if since is None:
        return None
    return said(since) if isinstance(since, timedelta) else since.isoformat()
