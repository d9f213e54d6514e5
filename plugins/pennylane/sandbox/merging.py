"""How do the values of a control call come into an object: only known names, links completed, inner objects merged?"""

from __future__ import annotations

from typing import Any

from duebridge.core.sandbox.product import UnusableValues
from duebridge.plugins.pennylane.sandbox import objects
from duebridge.plugins.pennylane.sandbox.state import State

Data = dict[str, Any]

#: Members that point to another object with its link, and where that object is.
_LINKED = {"customer": "customers", "credited_invoice": "customer_invoices"}


def with_links(state: State, values: Data) -> Data:
    """`values` with `{"id": n}` of a customer or credited invoice completed. Raises `UnusableValues` for others."""
    for name, collection in _LINKED.items():
        if values.get(name) is None:
            continue
        id = values[name].get("id") if isinstance(values[name], dict) else None
        if id not in state[collection].rows:
            raise UnusableValues(
                f"{name} must be null or {{'id': the id of one of {collection}}}, not {values[name]!r}"
            )
        values[name] = objects.reference(collection, id)
    return values


def merge(data: Data, values: Data) -> None:
    """Put `values` into `data`, going into inner objects. Raises `UnusableValues` for a name the object has not."""
    unknown = sorted(set(values) - set(data))
    if unknown:
        raise UnusableValues(f"there is no {', '.join(unknown)}; there are: {', '.join(data)}")
    for name, value in values.items():
        inner = data[name]
        if isinstance(inner, dict) and isinstance(value, dict) and name not in _LINKED:
            data[name] = {**inner, **value}
        else:
            data[name] = value
