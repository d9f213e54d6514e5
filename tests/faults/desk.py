"""What is at Upflow, object by object, without what tells one sandbox's life from another's: ids it made, instants."""

from __future__ import annotations

from typing import Any

from ..acceptance.scene import Row, Scene

COLLECTIONS = ("customers", "invoices", "credit_notes", "payments")
_ITS_OWN = {"id", "customerId", "createdAt", "modifiedAt", "directUrl"}

State = dict[str, dict[str, Row]]


def everything(scene: Scene) -> State:
    """Every object by externalId, per collection, as Upflow's own GET endpoints show it."""
    return {name: {key: _plain(row) for key, row in scene.desk(name).items()} for name in COLLECTIONS}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in _ITS_OWN}
    if isinstance(value, list):
        return sorted((_plain(inner) for inner in value), key=repr)
    return value
