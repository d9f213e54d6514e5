"""Which switches may a test turn?

`visible_after`: how many seconds a list does not show what is new. `auto_allocate`: whether Billabex allocates new
credit notes by itself. `unique_sources`: whether a source link may stand at one account alone. `file_required`: whether
a document needs its file. `keys_kept_for`: how many seconds an Idempotency-Key is remembered.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from duebridge.core.sandbox.product import UnusableValues


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches as they stand."""

    visible_after: float = 0.0
    auto_allocate: bool = True
    unique_sources: bool = True
    file_required: bool = False
    keys_kept_for: float = 86_400.0

    def shown(self) -> dict[str, Any]:
        """The switches by name."""
        return asdict(self)

    def turned(self, values: dict[str, Any]) -> Switches:
        """The switches with those of `values` turned. Raises `UnusableValues`."""
        for name, value in values.items():
            wanted = type(getattr(self, name))
            if wanted is float and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
                raise UnusableValues(f"{name} must be seconds, 0 or more")
            if wanted is bool and not isinstance(value, bool):
                raise UnusableValues(f"{name} must be true or false")
        return replace(self, **values)
