"""A connector's memory between runs, kept in the store."""

from __future__ import annotations

from dataclasses import dataclass
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
