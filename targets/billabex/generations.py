"""How often was an object of a key taken away at Billabex by us?

Made again within the window of its Idempotency-Key, one with the very same content would be answered with the object
that is gone: a removal therefore changes the keys that follow.
"""

from __future__ import annotations

from duebridge.core.api import Memory


class Generations:
    """Counts removals in the connector's memory."""

    def __init__(self, memory: Memory) -> None:
        """Count in `memory`."""
        self._memory = memory

    def of(self, reference: str) -> str:
        """Return a word for the present generation."""
        return str(self._memory.get(f"removed:{reference}") or 0)

    def next(self, reference: str) -> None:
        """Begin another one; asked before the removal, which may be cut short."""
        self._memory.put(f"removed:{reference}", int(self.of(reference)) + 1)
