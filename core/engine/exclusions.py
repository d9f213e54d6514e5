"""Which customers does an operator keep out of a connection, and what decides so?

    YAML `exclude_customers` + `duebridge exclude` -> ids -> ExcludedCustomers, an implementation of the hook `decide`

While a customer is excluded nothing of theirs is written; what the target holds stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import from_json

from duebridge.core.connector import key_of
from duebridge.core.engine.planning import EXCLUDED, customer_of
from duebridge.core.errors import ConfigError
from duebridge.core.hookspecs import hookimpl
from duebridge.core.records import Customer, Record
from duebridge.core.store.exclusions import (
    customers_met,
    exclude_customers,
    excluded_customers,
    exclusions,
    include_customers,
)
from duebridge.core.store.records import Records
from duebridge.core.store.store import Store
from duebridge.core.tables.rules import Decision


class ExcludedCustomers:
    """Decides that nothing of certain customers is written; asked before every other plugin."""

    def __init__(self, customers: Iterable[str]) -> None:
        """Exclude `customers` (source ids); they stay the same for as long as this is asked."""
        self._customers = frozenset(customers)

    @hookimpl(tryfirst=True)
    def decide(self, record: Record) -> Decision | None:
        """Skip a record of an excluded customer."""
        return EXCLUDED if customer_of(record.kind, record.id, record) in self._customers else None


@dataclass(frozen=True, slots=True)
class Excluded:
    """One excluded customer: `by` the configuration or a command, then with the instant (UTC) it was given."""

    customer_id: str
    name: str
    by: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exclusions:
    """The exclusions of one connection. `configured` are those its block in the file `path` names."""

    store: Store
    connection: str
    configured: frozenset[str]
    path: str

    @property
    def where(self) -> str:
        """The place of those that no command can change."""
        return f"`exclude_customers` of {self.connection} in {self.path}"

    def customers(self) -> frozenset[str]:
        """Return the ids of every customer excluded now."""
        connection_id = self.store.known_connection(self.connection)
        if connection_id is None:
            return self.configured
        with self.store.reading() as db:
            return self.configured | excluded_customers(db, connection_id)

    def listed(self) -> list[Excluded]:
        """Return who is excluded: those configured first, each by id."""
        connection_id = self.store.known_connection(self.connection)
        if connection_id is None:
            return [Excluded(id, "", "configuration") for id in sorted(self.configured)]
        with self.store.reading() as db:
            commanded = [row for row in exclusions(db, connection_id) if row.customer_id not in self.configured]
            rows = Records(db, connection_id).by_key(
                key_of(Customer.kind, id) for id in (*self.configured, *(row.customer_id for row in commanded))
            )
        names = {row.id: from_json(row.body).get("name", "") for row in rows.values() if row.body is not None}
        return [
            *(Excluded(id, names.get(id, ""), "configuration") for id in sorted(self.configured)),
            *(
                Excluded(id, names.get(id, ""), "command", datetime.fromtimestamp(added_at, UTC))
                for id, added_at in commanded
            ),
        ]

    def exclude(self, customers: Iterable[str], now: datetime) -> list[str]:
        """Exclude `customers` from the next batch of writes on; return what a person should know.

        Raises `ConfigError` for an id that is blank.
        """
        wanted = _cleaned(customers)
        connection_id = self.store.connection_id(self.connection)
        with self.store.transaction() as db:
            before = excluded_customers(db, connection_id)
            exclude_customers(db, connection_id, [id for id in wanted if id not in self.configured], now.timestamp())
            met = customers_met(db, connection_id, wanted)
        return [word for id in wanted for word in self._on_excluding(id, before, met)]

    def include(self, customers: Iterable[str]) -> list[str]:
        """Take exclusions back; return what a person should know.

        Raises `ConfigError`, with nothing changed, when one is in the configuration, which alone can take it back.
        """
        wanted = _cleaned(customers)
        fixed = [id for id in wanted if id in self.configured]
        if fixed:
            raise ConfigError(
                f"{_named(fixed)} excluded by {self.where}; take it out there (nothing was changed by this command)"
            )
        connection_id = self.store.connection_id(self.connection)
        with self.store.transaction() as db:
            before = excluded_customers(db, connection_id)
            include_customers(db, connection_id, wanted)
        return [f"customer {id} was not excluded from {self.connection}" for id in wanted if id not in before]

    def _on_excluding(self, id: str, before: Collection[str], met: Collection[str]) -> Iterable[str]:
        if id in self.configured:
            yield f"customer {id} is excluded by {self.where} already"
        elif id in before:
            yield f"customer {id} was excluded already"
        if id not in met:
            yield (
                f"warning: {self.connection} has read nothing of a customer {id} so far; ids are the source's own. "
                "It stays excluded, should it come"
            )


def _cleaned(customers: Iterable[str]) -> list[str]:
    """The ids without blanks around them, each once. Raises `ConfigError` for an empty one."""
    ids = list(dict.fromkeys(id.strip() for id in customers))
    if "" in ids:
        raise ConfigError("an empty customer id; give the source's own ids")
    return ids


def _named(ids: list[str]) -> str:
    return f"customer {ids[0]} is" if len(ids) == 1 else f"customers {', '.join(ids)} are"
