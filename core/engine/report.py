"""What a run did, in counts that must add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from duebridge.core.errors import DueBridgeError
from duebridge.core.secrecy import hide
from duebridge.core.tables.rules import Decision

Status = Literal["succeeded", "incomplete", "failed", "inconsistent", "stopped"]

#: The outcomes a record that was read can have; they sum to `read`. `skipped` is counted by code.
OUTCOMES = ("created", "updated", "unchanged", "rejected", "unknown")
#: Counted apart: records no longer at the source, removed at the target or only reported.
ASIDE = ("deleted", "gone")
UNSENT = Decision("skip", "unsent", "The run ended before it was sent; the next one goes on with it")


@dataclass(slots=True)
class Tally:
    """The counts of one kind."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def consistent(self) -> bool:
        """Whether every record read has exactly one outcome, and none is left to be written."""
        return self.adds_up() and self.outcomes["planned"] == 0

    def adds_up(self) -> bool:
        """Whether every record read was counted exactly once, those still to be written included."""
        counts = [*(self.outcomes[name] for name in (*OUTCOMES, "planned")), *self.skipped.values()]
        return self.read == sum(counts) and min(self.read, *counts) >= 0

    def as_json(self) -> dict[str, Any]:
        """Return the counts under their public names."""
        counts: dict[str, Any] = {"read": self.read}
        counts |= {name: self.outcomes[name] for name in ("created", "updated", "unchanged", *ASIDE)}
        counts |= {name: self.outcomes[name] for name in ("rejected", "unknown")}
        left_out = self.skipped | {UNSENT.code: self.outcomes["planned"]}
        counts["skipped"] = {code: n for code, n in sorted(left_out.items()) if n}
        return counts


@dataclass(slots=True)
class Report:
    """One run: its status, counts per kind, requests per side, seconds, and what a person should know."""

    connection: str
    run: int
    status: Status = "succeeded"
    kinds: dict[str, Tally] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=lambda: {"source": 0, "target": 0})
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    exit_code: int = 0
    #: Removals whose outcome is unknown: they belong to no record that was read.
    unsettled: int = 0
    #: What the guard objected to and a person accepted; told among the notes.
    overridden: list[str] = field(default_factory=list)

    def tally(self, kind: str) -> Tally:
        """Return the counts of `kind`, made when first asked for."""
        if kind not in self.kinds:
            self.kinds[kind] = Tally()
        return self.kinds[kind]

    def note(self, sentence: str) -> None:
        """Add a sentence for the person who reads the report, once."""
        sentence = hide(sentence)
        if sentence not in self.notes:
            self.notes.append(sentence)

    def count(self, kind: str, outcome: str, code: str = "") -> None:
        """Count a record read, with its outcome."""
        tally = self.tally(kind)
        tally.read += 1
        _add(tally, outcome, code, 1)

    def uncount(self, kind: str, outcome: str, code: str) -> None:
        """Take back the count of a record that turned out to be gone."""
        tally = self.tally(kind)
        tally.read -= 1
        _add(tally, outcome, code, -1)

    def move(self, kind: str, before: tuple[str, str] | None, after: tuple[str, str], number: int = 1) -> None:
        """Change the (outcome, code) of records already counted; `before` is None for those that weren't."""
        tally = self.tally(kind)
        if before is None:
            tally.read += number
        else:
            _add(tally, *before, -number)
        _add(tally, *after, number)

    def aside(self, kind: str, outcome: str, number: int = 1) -> None:
        """Count a record that is no longer at the source."""
        self.tally(kind).outcomes[outcome] += number

    def fail(self, error: DueBridgeError, status: Status) -> None:
        """End as `status` because of `error`."""
        self.status, self.error, self.exit_code = status, str(error), error.exit_code

    @property
    def rejected(self) -> int:
        """How many records were rejected, over all kinds."""
        return sum(tally.outcomes["rejected"] for tally in self.kinds.values())

    @property
    def unknown(self) -> int:
        """How many writes have an unknown outcome, over all kinds."""
        return self.unsettled + sum(tally.outcomes["unknown"] for tally in self.kinds.values())

    def consistent(self) -> bool:
        """Whether the counts of every kind add up."""
        return all(tally.consistent() for tally in self.kinds.values())

    def adds_up(self) -> bool:
        """Whether the counts of every kind add up, whatever was left unsent."""
        return all(tally.adds_up() for tally in self.kinds.values())

    def as_json(self) -> dict[str, Any]:
        """Return the report under its public names (`sync --json`)."""
        return {
            "connection": self.connection,
            "run": self.run,
            "status": self.status,
            "kinds": {kind: tally.as_json() for kind, tally in self.kinds.items()},
            "requests": dict(self.requests),
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "error": self.error,
        }


def _add(tally: Tally, outcome: str, code: str, by: int) -> None:
    if outcome == "skipped":
        tally.skipped[code] += by
    elif outcome:
        tally.outcomes[outcome] += by
