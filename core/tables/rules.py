"""Send or skip, and why: an ordered, total table of conditions whose first match decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from duebridge.core.records import Record
from duebridge.core.tables.compiled import Names, function
from duebridge.core.tables.paths import TableError, check_path, vocabulary

Verdict = Literal["sync", "skip", "reject"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a record: the verdict, a stable code, one sentence why.

    `reads` is how a sent document must look at the target ("paid", "open"), when the rule says so. `until_sent`: it
    leaves out only what the target never held.
    """

    verdict: Verdict
    code: str
    why: str
    reads: str | None = None
    until_sent: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A decision and the conditions, all of which must hold, by field name."""

    decision: Decision
    conditions: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OtherThan:
    """Holds for a value that is none of `words`."""

    words: frozenset[Any]


def one_of(*words: str) -> frozenset[str]:
    """Hold for any of `words`."""
    return frozenset(words)


def other_than(words: frozenset[str]) -> OtherThan:
    """Hold for a value that is none of `words`."""
    return OtherThan(words)


def send(code: str, why: str, *, reads: str | None = None, **conditions: Any) -> Rule:
    """Send the record when every condition holds."""
    return Rule(Decision("sync", code, why, reads), conditions)


def skip(code: str, why: str, *, until_sent: bool = False, **conditions: Any) -> Rule:
    """Leave the record out when every condition holds.

    `until_sent`: only as long as the target never held it; the rules after this one decide on what it does hold.
    """
    return Rule(Decision("skip", code, why, until_sent=until_sent), conditions)


def reject(code: str, why: str, **conditions: Any) -> Rule:
    """Refuse to guess: set the record aside for a person when every condition holds."""
    return Rule(Decision("reject", code, why), conditions)


class Rules:
    """The rules of one record type. Conditions: a value (equal), a set (one of), None (missing), `other_than(...)`."""

    def __init__(self, record: type[Record], *rules: Rule, otherwise: Rule) -> None:
        """Check every condition against `record`; raise `TableError` for a field or word it doesn't have."""
        if otherwise.conditions:
            raise TableError("otherwise takes no conditions: it is what makes the table total")
        if otherwise.decision.until_sent:
            raise TableError("otherwise can't be until_sent: what was sent would have no rule left")
        self.record = record
        self.rules = (*rules, otherwise)
        for rule in self.rules:
            for name, wanted in rule.conditions.items():
                _check(record, name, wanted)
        self._decide: Callable[[Record], Decision] = _decider(self.rules)
        self._follow = _decider(tuple(rule for rule in self.rules if not rule.decision.until_sent))

    @property
    def needs(self) -> frozenset[str]:
        """The source paths read, as `kind.path`."""
        return frozenset(f"{self.record.kind}.{name}" for rule in self.rules for name in rule.conditions)

    def decide(self, record: Record, *, sent: bool = False) -> Decision:
        """Return the decision of the first rule whose conditions all hold; `sent`: the target holds the record."""
        return self._follow(record) if sent else self._decide(record)

    def describe(self) -> list[tuple[str, Decision]]:
        """Return (conditions in words, decision) for every rule, in order, to be printed."""
        return [(_words(rule.conditions), rule.decision) for rule in self.rules]


def _check(record: type[Record], name: str, wanted: Any) -> None:
    check_path(record, name)
    words = vocabulary(record, name)
    if words is None or wanted is None or isinstance(wanted, OtherThan):
        return
    for word in wanted if isinstance(wanted, (set, frozenset)) else (wanted,):
        if word not in words:
            raise TableError(
                f"{record.__name__}.{name} never holds {word!r}; known: {', '.join(sorted(map(str, words)))}"
            )


def _decider(rules: tuple[Rule, ...]) -> Callable[[Record], Decision]:
    names = Names()
    lines = []
    for rule in rules:
        tests = " and ".join(_test(name, wanted, names) for name, wanted in rule.conditions.items()) or "True"
        lines.append(f"if {tests}: return {names.of(rule.decision)}")
    return function("decide(record)", lines, names)


def _test(name: str, wanted: Any, names: Names) -> str:
    if isinstance(wanted, OtherThan):
        return f"record.{name} not in {names.of(wanted.words)}"
    if isinstance(wanted, (set, frozenset)):
        return f"record.{name} in {names.of(frozenset(wanted))}"
    if wanted is None or isinstance(wanted, bool):
        return f"record.{name} is {wanted}"
    return f"record.{name} == {names.of(wanted)}"


def _words(conditions: dict[str, Any]) -> str:
    return " and ".join(_condition(name, wanted) for name, wanted in conditions.items()) or "anything else"


def _condition(name: str, wanted: Any) -> str:
    if isinstance(wanted, OtherThan):
        return f"{name} is a word we don't know"
    if isinstance(wanted, (set, frozenset)):
        return f"{name} is one of {', '.join(sorted(wanted))}"
    if wanted is None:
        return f"{name} is missing"
    if isinstance(wanted, bool):
        return name if wanted else f"not {name}"
    return f"{name} is {wanted}"
