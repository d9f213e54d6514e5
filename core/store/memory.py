"""A connector's memory between runs: kept in the store by a run, only read by everything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from duebridge.core.store.store import Store


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """A connector's memory, kept in the store."""

    store: Store
    connection_id: int
    side: str

    def get(self, key: str) -> Any:
        """Return the value last put under `key`, or None."""
        return self.store.remembered(self.connection_id, self.side, key)

    def put(self, key: str, value: Any) -> None:
        """Keep `value` (JSON) under `key`."""
        self.store.remember(self.connection_id, self.side, key, value)


@dataclass(frozen=True, slots=True)
class PassingMemory:
    """A connector's memory for whoever holds no lease: what is put there is gone with the connector."""

    store: Store
    connection_id: int
    side: str
    _put: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """Return the value last put under `key`, here or by a run, or None."""
        return self._put[key] if key in self._put else self.store.remembered(self.connection_id, self.side, key)

    def put(self, key: str, value: Any) -> None:
        """Keep `value` for the moment."""
        self._put[key] = value
