"""What does a configuration hold once it was read and checked?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from duebridge.core.connector import Schedule, Settings
from duebridge.core.edge.connection_fields import Guard, OnDelete
from duebridge.core.edge.database_url import masked
from duebridge.core.edge.file_keys import KEEP
from duebridge.core.edge.rhythms import Manual
from duebridge.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One source → target pair.

    `source` and `target` are instances of their connectors' own settings. `schedule` is the target's own when none is
    given. `exclude_customers` holds the source's ids. `full_every` and `refresh_open` say how often everything, and
    what is still open, is read again. `since` (a date, or how far before the connection's start) and `history` bound
    what is sent. `references` maps keys such as `source.token` to the `${NAME}` they were written with.
    """

    name: str
    company: str
    source_name: str
    source: Settings
    target_name: str
    target: Settings
    schedule: Schedule | Manual
    exclude_customers: frozenset[str] = frozenset()
    full_every: timedelta = timedelta(hours=24)
    refresh_open: timedelta = timedelta(hours=1)
    on_delete: OnDelete = "report"
    since: date | timedelta | None = None
    history: Literal["all"] | None = None
    guard: Guard = field(default_factory=Guard)
    references: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that was read and checked.

    `database` is a SQLAlchemy address and may hold a password: print `shown_database`. `warnings` are lines of the form
    `file:line: key: what`. `broken` holds the connections left out, when the reading was tolerant. `keep` is how long
    what is settled is remembered.
    """

    database: str = field(repr=False)
    connections: Mapping[str, ConnectionConfig]
    path: Path
    warnings: tuple[str, ...] = ()
    broken: Mapping[str, ConfigError] = field(default_factory=dict)
    keep: timedelta = KEEP

    @property
    def shown_database(self) -> str:
        """The database's address with its password as `***`."""
        return masked(self.database)
