"""What may a connection's own keys hold, and what do they mean when they are not given?

`FIELDS` is the table: the key, how it is read, what it is when absent, and the sentence the documentation prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

from duebridge.core.edge.problems import unknown_key
from duebridge.core.edge.rhythms import Unfit, duration, schedule, since
from duebridge.core.edge.yaml_lines import Block, Items, Node, Scalar, plain

OnDelete = Literal["report", "delete"]


@dataclass(frozen=True, slots=True)
class Guard:
    """A run stops before its first write when over `share` (0 to 1) of a kind, and at least `min`, would change."""

    share: float = 0.3
    min: int = 50


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a connection. `read` takes the YAML node and returns the value or raises `Unfit`."""

    read: Callable[[Node], Any]
    absent: Any
    shape: str
    meaning: str


def _company(node: Node) -> str:
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        raise Unfit("write a name")
    return node.text.strip()


def _customers(node: Node) -> frozenset[str]:
    """Read a list of ids, or ids between commas; numbers are ids as they are written."""
    if isinstance(node, Items):
        return frozenset().union(*(_customer(entry) for entry in node.entries))
    return _customer(node)


def _customer(node: Node) -> frozenset[str]:
    if not isinstance(node, Scalar) or isinstance(node.value, bool | float) or node.value is None:
        raise Unfit("write customer ids: a list such as [193957360, 193957361], or ids between commas")
    ids = frozenset(word.strip() for word in node.text.split(",")) - {""}
    if not ids and isinstance(node.value, str) and node.template is not None:
        return frozenset()
    if not ids:
        raise Unfit("an empty customer id")
    return ids


def _on_delete(node: Node) -> OnDelete:
    value = plain(node)
    if value not in ("report", "delete"):
        raise Unfit("write report or delete")
    return "delete" if value == "delete" else "report"


def _history(node: Node) -> Literal["all"]:
    if plain(node) != "all":
        raise Unfit("write all, or leave it out")
    return "all"


def _guard(node: Node) -> Guard:
    value = plain(node)
    if not isinstance(value, dict):
        raise Unfit("write {share: 0.3, min: 50}")
    for key in value:
        if key not in ("share", "min"):
            raise Unfit(unknown_key(key, ("share", "min")), key)
    share, least = value.get("share", Guard().share), value.get("min", Guard().min)
    return Guard(_share(share), _least(least))


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise Unfit("write a share above 0 and up to 1, such as 0.3", "share")
    return float(value)


def _least(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unfit("write a number of records, such as 50", "min")
    return value


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "company": Field(_company, "", "text", "A label that groups connections."),
        "schedule": Field(
            lambda node: schedule(plain(node)),
            None,
            '`{every: 10m}`, `{daily: "06:00", timezone: Europe/Paris}`, '
            '`{cron: "0 6 * * 1-5", timezone: Europe/Paris}` or `manual`',
            "When it runs; without it, the target's own rhythm.",
        ),
        "exclude_customers": Field(
            _customers,
            frozenset(),
            "a list, or text with commas",
            "Ids of customers, as the source knows them, of whom nothing is written, nor of their documents. "
            "`duebridge exclude` keeps others out.",
        ),
        "full_every": Field(
            lambda node: duration(plain(node)),
            timedelta(hours=24),
            "duration",
            "How often everything is read again, to find what no change event told.",
        ),
        "refresh_open": Field(
            lambda node: duration(plain(node)),
            timedelta(hours=1),
            "duration",
            "How often documents still open are read again.",
        ),
        "on_delete": Field(
            _on_delete,
            "report",
            "`report` or `delete`",
            "What happens at the target to records gone from the source; only ever to those DueBridge wrote.",
        ),
        "since": Field(
            lambda node: since(plain(node)),
            None,
            "a date, or a duration before the connection's start",
            "Documents issued earlier are left out, unless they were sent already. A connection starts on the day of "
            "its first `check` or run; targets that take what is new alone reach back 30 days at most.",
        ),
        "history": Field(
            _history,
            None,
            "`all`",
            "Everything the source has goes, to targets that take what is new alone too; excludes `since`.",
        ),
        "guard": Field(
            _guard,
            Guard(),
            "`{share: 0.3, min: 50}`",
            "A run stops before its first write when more than this share of a kind's linked records, and at least "
            "this many of them, would change, vanish or stop being sent.",
        ),
    }
)
CONNECTION_KEYS = ("company", "source", "target", *(key for key in FIELDS if key != "company"))


def read_field(key: str, node: Block | Items | Scalar | None) -> Any:
    """Return the value of `key`; a key left blank counts as absent. Raises `Unfit`."""
    field = FIELDS[key]
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return field.absent
    return field.read(node)
