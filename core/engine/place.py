"""Does a connection still send to where all it has sent so far stands?

What is known of another place (links, what was last accepted) is wrong there: what is unchanged would never be sent.
"""

from __future__ import annotations

from duebridge.core.connector import Target
from duebridge.core.errors import ConfigError
from duebridge.core.store import lapses
from duebridge.core.store.store import Store

_SIDE, _KEY = "engine", "place"


def stay(store: Store, connection_id: int, connection: str, target: Target) -> None:
    """Take note of where `target` sends to. Raises `ConfigError` when what was sent so far went elsewhere."""
    before = store.remembered(connection_id, _SIDE, _KEY)
    if before == target.place:
        return
    if before is not None:
        with store.reading() as db:
            held = lapses.anything_held(db, connection_id)
        if held:
            raise ConfigError(
                f"{connection}: its target is {target.place} now, and what it has sent so far went to {before}; put "
                "that back, or give this one a connection of its own, under another name"
            )
    store.remember(connection_id, _SIDE, _KEY, target.place)
