"""What does Fincome's stand-in hold, and what does it refuse?

Refusals are as FastAPI words them: 422 with `detail`, a list of `{"loc", "msg", "type"}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from duebridge.targets.fincome.sandbox.shapes import ALIASES, SHAPES, Invoice

Values = dict[str, Any]

#: Where an object names another -> the collection that one is in.
_OWN_LINKS = {"customer_id": "customers", "invoice_id": "invoices"}
_LINE_LINKS = {"subscription_id": "subscriptions", "invoice_id": "invoices"}


class Refusal(Exception):
    """What Fincome answers to what it does not take; `detail` is a sentence or a list of complaints."""

    def __init__(self, status: int, detail: Any) -> None:
        """Answer `status` with `detail`."""
        super().__init__(str(detail))
        self.status = status
        self.detail = detail


class Holdings:
    """Everything the account has, in the order it came; `now` stamps what is written."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Start empty. `subscription_required`: an invoice none of whose lines names a subscription is refused."""
        self._now = now
        self.subscription_required = False
        self._things: dict[str, dict[str, Values]] = {name: {} for name in SHAPES}

    def shelf(self, collection: str) -> Mapping[str, Values]:
        """Return the objects of a collection by id; 404 for one there is not."""
        return self._shelf(collection)

    def at(self, collection: str, id: str) -> Values:
        """Return one object; 404 when it isn't there."""
        try:
            return self._shelf(collection)[id]
        except KeyError:
            raise Refusal(404, f"{ALIASES.get(collection, collection)}: no {id!r}") from None

    def save(self, collection: str, body: Any) -> Values:
        """Create an object, or replace the one with the same id; return it."""
        shelf = self._shelf(collection)
        values = self._checked(collection, body)
        before = shelf.get(values["id"], {})
        stamp = self._now().isoformat()
        shelf[values["id"]] = {**values, "created_at": before.get("created_at", stamp), "updated_at": stamp}
        return shelf[values["id"]]

    def change(self, collection: str, id: str, body: Any) -> Values:
        """Change the fields given; custom properties are merged, as they are attributes of their own."""
        held = self.at(collection, id)
        if not isinstance(body, dict):
            raise Refusal(422, [_complaint((), "Input should be an object", "model_type")])
        if body.get("id", id) != id:
            raise Refusal(422, [_complaint(("id",), "An id can't be changed", "value_error")])
        before = {name: value for name, value in held.items() if name not in ("created_at", "updated_at")}
        merged = {**before, **body}
        if isinstance(body.get("custom_properties"), dict):
            merged["custom_properties"] = {**held["custom_properties"], **body["custom_properties"]}
        return self.save(collection, merged)

    def remove(self, collection: str, id: str) -> None:
        """Take an object away: for control calls, Fincome's API has no such call."""
        self.at(collection, id)
        del self._shelf(collection)[id]

    def lines(self) -> list[Values]:
        """Return the lines of all invoices, each with its `invoice_id`."""
        return [{**line, "invoice_id": id} for id, held in self._things["invoices"].items() for line in held["lines"]]

    def _shelf(self, collection: str) -> dict[str, Values]:
        try:
            return self._things[ALIASES.get(collection, collection)]
        except KeyError:
            raise Refusal(404, "Not Found") from None

    def _checked(self, collection: str, body: Any) -> Values:
        shape = SHAPES[ALIASES.get(collection, collection)]
        try:
            # strict JSON: dates are read from their text, and nothing else is taken for one
            values = shape.model_validate_json(json.dumps(body)).model_dump(mode="json")
        except RecursionError:
            raise Refusal(422, [_complaint((), "nested too deeply", "recursion_loop")]) from None
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise Refusal(422, [_complaint(each["loc"], each["msg"], each["type"]) for each in found]) from None
        complaints = self._dangling(values)
        if (
            self.subscription_required
            and shape is Invoice
            and not any(each["subscription_id"] for each in values["lines"])
        ):
            complaints.append(_complaint(("lines", 0, "subscription_id"), "Field required", "missing"))
        if complaints:
            raise Refusal(422, complaints)
        return values

    def _dangling(self, values: Values) -> list[Values]:
        found = [complaint for name in _OWN_LINKS if (complaint := self._unknown(values, name, _OWN_LINKS, ()))]
        for at, line in enumerate(values.get("lines", ())):
            place = ("lines", at)
            found += [c for name in _LINE_LINKS if (c := self._unknown(line, name, _LINE_LINKS, place))]
        return found

    def _unknown(
        self, values: Values, name: str, links: Mapping[str, str], place: tuple[str | int, ...]
    ) -> Values | None:
        named = values.get(name)
        if named is None or named in self._things[links[name]]:
            return None
        return _complaint((*place, name), f"There is no {named!r} in {links[name]}", "value_error.unknown")


def _complaint(place: tuple[str | int, ...], said: str, sort: str) -> Values:
    return {"loc": ["body", *place], "msg": said, "type": sort}
