"""What does Carbon's stand-in hold, and which values does it take?

Objects are kept in the order they were made. References are nobody's key: several objects may share one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Values = dict[str, Any]

#: Collection -> its fields; those with `?` may be left out.
FIELDS: Mapping[str, Mapping[str, type]] = {
    "customers": {"reference": str, "name": str, "email?": str},
    "invoices": {
        "reference": str,
        "customer_reference": str,
        "number?": str,
        "issued_on?": str,
        "due_on?": str,
        "currency": str,
        "amount": int,
    },
    "credit_notes": {
        "reference": str,
        "customer_reference": str,
        "number?": str,
        "issued_on?": str,
        "currency": str,
        "amount": int,
    },
    "payments": {"reference": str, "invoice_reference": str, "amount": int},
    "allocations": {"reference": str, "invoice_reference": str, "credit_note_reference": str, "amount": int},
}
#: Field that names another object -> the collection it is in.
_PARENTS = {"customer_reference": "customers", "invoice_reference": "invoices", "credit_note_reference": "credit_notes"}


class Refusal(Exception):
    """What Carbon answers to what it does not take."""

    def __init__(self, status: int, message: str) -> None:
        """Answer `status` with `message`."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True, eq=False)
class Thing:
    """One object; `made_at` is in the seconds of the stand-in's clock."""

    id: str
    collection: str
    values: Values
    made_at: float


@dataclass(slots=True)
class Holdings:
    """Everything the company has. `clock` gives seconds; a search shows what is older than `visible_after` seconds."""

    clock: Callable[[], float]
    visible_after: float = 0.0
    things: dict[str, dict[str, Thing]] = field(default_factory=lambda: {name: {} for name in FIELDS})
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _by_reference: dict[tuple[str, str], list[Thing]] = field(default_factory=lambda: defaultdict(list))
    _children: dict[tuple[str, str], list[Thing]] = field(default_factory=lambda: defaultdict(list))

    def make(self, collection: str, body: Any) -> Thing:
        """Add an object, whatever there is already."""
        values = self._checked(collection, body)
        thing = Thing(f"{collection[:3]}_{next(self._numbers):06}", collection, values, self.clock())
        self._shelf(collection)[thing.id] = thing
        self._index(thing)
        return thing

    def replace(self, collection: str, id: str, body: Any) -> Thing:
        """Give an object other values."""
        thing = self.at(collection, id)
        if collection == "allocations":
            raise Refusal(405, "an allocation can't be changed; remove it and make another")
        values = self._checked(collection, body)
        self._forget(thing)
        thing.values = values
        self._index(thing)
        return thing

    def remove(self, collection: str, id: str) -> None:
        """Take an object away; refused while it is the last of its reference and others name it."""
        thing = self.at(collection, id)
        reference = thing.values["reference"]
        if self._children[collection, reference] and len(self._by_reference[collection, reference]) == 1:
            raise Refusal(409, f"{reference} is named by {len(self._children[collection, reference])} other objects")
        self._forget(thing)
        del self._shelf(collection)[id]

    def at(self, collection: str, id: str) -> Thing:
        """Return the object `id`, shown or not."""
        try:
            return self._shelf(collection)[id]
        except KeyError:
            raise Refusal(404, f"no {id} in {collection}") from None

    def shown(self, collection: str, reference: str | None = None) -> list[Thing]:
        """Return what a search shows: everything, or all with exactly this reference."""
        things: Iterable[Thing] = self._shelf(collection).values()
        if reference is not None:
            things = self._by_reference[collection, reference]
        if not self.visible_after:
            return list(things)
        newest = self.clock() - self.visible_after
        return [thing for thing in things if thing.made_at <= newest]

    def view(self, thing: Thing) -> Values:
        """Return an object as Carbon shows it, documents with what is `outstanding` on them."""
        shown = {"id": thing.id, **thing.values}
        if thing.collection in ("invoices", "credit_notes"):
            settled = self._children[thing.collection, thing.values["reference"]]
            shown["outstanding"] = thing.values["amount"] - sum(child.values["amount"] for child in settled)
        return shown

    def _shelf(self, collection: str) -> dict[str, Thing]:
        if collection not in self.things:
            raise Refusal(404, f"no collection {collection}; there are: {', '.join(self.things)}")
        return self.things[collection]

    def _checked(self, collection: str, body: Any) -> Values:
        self._shelf(collection)
        if not isinstance(body, dict):
            raise Refusal(422, "the body must be a JSON object")
        fields = FIELDS[collection]
        known = {name.rstrip("?"): wanted for name, wanted in fields.items()}
        if unknown := sorted(body.keys() - known.keys()):
            raise Refusal(422, f"{collection} have no {', '.join(unknown)}")
        if missing := [name for name in fields if not name.endswith("?") and name not in body]:
            raise Refusal(422, f"{', '.join(missing)} missing")
        if wrong := [name for name, value in body.items() if type(value) is not known[name]]:
            raise Refusal(422, f"{', '.join(wrong)} must be of another type")
        for name, parents in _PARENTS.items():
            if name in body and not self._by_reference.get((parents, body[name])):
                raise Refusal(422, f"{name}: there is no {body[name]} in {parents}")
        return dict(body)

    def _index(self, thing: Thing) -> None:
        for index, key in self._keys(thing):
            index[key].append(thing)

    def _forget(self, thing: Thing) -> None:
        for index, key in self._keys(thing):
            index[key].remove(thing)

    def _keys(self, thing: Thing) -> Iterable[tuple[dict[tuple[str, str], list[Thing]], tuple[str, str]]]:
        yield self._by_reference, (thing.collection, thing.values["reference"])
        for name, parents in _PARENTS.items():
            if name in thing.values:
                yield self._children, (parents, thing.values[name])
