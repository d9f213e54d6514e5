"""Which rows does a `filter` let through?

The parameter is a JSON array of {"field", "operator", "value"}, all of which must hold. Fields and operators come from
the contract; how a field's value is read and compared is told here. Null matches nothing, not even `not_eq`.
"""

from __future__ import annotations

import json
import operator as op
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from duebridge.plugins.pennylane.sandbox.contract import Operation
from duebridge.plugins.pennylane.sandbox.refusals import Refusal, bad_request
from duebridge.plugins.pennylane.sandbox.store import Row

Keep = Callable[[Row], bool]


class _Field:
    """How one field is found in a row, and how its filter values are read."""

    def __init__(self, find: Callable[[Row], Any], read: Callable[[Any], Any]) -> None:
        self.find = find
        self.read = read


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(value)
    return str(value)


def _folded(value: Any) -> str:
    return _text(value).casefold()


def _number(value: Any) -> int:
    return int(_text(value))


def _day(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError(value)
    return date.fromisoformat(value).isoformat()


def _flag(value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if value not in words:
        raise ValueError(value)
    return words[value]


def _member(name: str) -> Callable[[Row], Any]:
    return lambda row: row.data.get(name)  # individuals have no reg_no


def _linked(name: str) -> Callable[[Row], Any]:
    return lambda row: row.data[name] and row.data[name]["id"]


def _flow(row: Row) -> Any:
    e_invoicing = row.data["e_invoicing"]
    return e_invoicing and e_invoicing["flow"] and e_invoicing["flow"]["id"]


_FIELDS: Mapping[str, _Field] = {
    "id": _Field(_member("id"), _number),
    "date": _Field(_member("date"), _day),
    "start": _Field(_member("start"), _day),
    "customer_id": _Field(_linked("customer"), _number),
    "billing_subscription_id": _Field(_linked("billing_subscription"), _number),
    "quote_id": _Field(_linked("quote"), _number),
    "ledger_account_id": _Field(_linked("ledger_account"), _number),
    "journal_id": _Field(_linked("journal"), _number),
    "category_id": _Field(lambda _: None, _number),  # the account keeps no categories
    "draft": _Field(_member("draft"), _flag),
    "enabled": _Field(_member("enabled"), _flag),
    "credit_note": _Field(lambda row: row.facts["credit_note"], _flag),
    "flow_id": _Field(_flow, _text),
    "emails": _Field(lambda row: [email.casefold() for email in row.data["emails"]], _folded),
    **{
        name: _Field(_member(name), _text)
        for name in ("invoice_number", "external_reference", "customer_type", "name", "reg_no", "label", "reference")
    },
    "number": _Field(_member("number"), _text),
    "status": _Field(_member("status"), _text),
}

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": op.eq,
    "not_eq": op.ne,
    "lt": op.lt,
    "lteq": op.le,
    "gt": op.gt,
    "gteq": op.ge,
    "in": lambda found, wanted: found in wanted,
    "not_in": lambda found, wanted: found not in wanted,
    "start_with": lambda found, wanted: found.startswith(wanted),
}


class Filter:
    """The conditions of one request."""

    def __init__(self, text: str, operation: Operation) -> None:
        """Read `text`. Raises a 400 `Refusal` for what is malformed or not offered by `operation`."""
        self.tests: list[Keep] = []
        self.ids: set[int] | None = None
        for condition in _conditions(text):
            self._add(condition, operation)

    def keep(self, row: Row) -> bool:
        """Whether every condition holds for `row`."""
        return all(test(row) for test in self.tests)

    def _add(self, condition: Any, operation: Operation) -> None:
        if not isinstance(condition, dict) or set(condition) != {"field", "operator", "value"}:
            raise bad_request("Each filter must have exactly: field, operator, value")
        name, word = condition["field"], condition["operator"]
        if not isinstance(name, str) or name not in operation.filters:
            raise bad_request(f"Unknown filter field {name!r}. Available fields: {', '.join(operation.filters)}")
        if word not in operation.filters[name]:
            raise bad_request(f"Operator {word!r} is not available for {name}: {', '.join(operation.filters[name])}")
        wanted = _wanted(name, word, condition["value"])
        if name == "id" and word in ("eq", "in"):
            ids = wanted if isinstance(wanted, set) else {wanted}
            self.ids = ids if self.ids is None else self.ids & ids
        self.tests.append(_test(name, word, wanted))


def _conditions(text: str) -> list[Any]:
    try:
        conditions = json.loads(text)
    except (ValueError, RecursionError):
        raise bad_request("filter must be a JSON array") from None
    if not isinstance(conditions, list):
        raise bad_request("filter must be a JSON array")
    return conditions


def _wanted(name: str, word: str, value: Any) -> Any:
    read = _FIELDS[name].read
    try:
        if word in ("in", "not_in"):
            return {read(each) for each in (value if isinstance(value, list) else [value])}
        return read(value)
    except (ValueError, TypeError):
        raise _bad_value(name, value) from None


def _bad_value(name: str, value: Any) -> Refusal:
    return bad_request(f"Invalid filter value {json.dumps(value)[:80]} for {name}")


def _test(name: str, word: str, wanted: Any) -> Keep:
    find, compare = _FIELDS[name].find, _COMPARE[word]
    if name == "emails":
        return lambda row: not wanted.isdisjoint(find(row))

    def holds(row: Row) -> bool:
        found = find(row)
        return found is not None and compare(found, wanted)

    return holds
