"""How is a run told to a person? Counts per kind, what was left out and why, notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import RenderableType

from duebridge.core.cli.output import plain, table
from duebridge.core.engine.planning import NOT_TAKEN
from duebridge.core.engine.replay import Replay
from duebridge.core.engine.report import Report

_COUNTS = ("read", "created", "updated", "unchanged", "skipped", "rejected", "unknown", "deleted", "gone")
_MOST_CHANGES = 50
_DECISION = ("kind", "id", "before", "after")

Meanings = Mapping[tuple[str, str], str]


def report_parts(report: Report, meanings: Meanings, *, ran: bool = True) -> Iterator[RenderableType]:
    """Yield the tables and lines that tell `report`; `ran` is false for one that only foresees."""
    rows = [(kind, *_counts(tally.as_json())) for kind, tally in report.kinds.items()]
    yield table("Records" if ran else "Records, as they would be", ("kind", *_COUNTS), rows, numbers=_COUNTS)
    left_out = list(_left_out(report, meanings))
    if left_out:
        yield table("Left out", ("kind", "code", "records", "why"), left_out, numbers=("records",), widest={"why": 34})
    yield from (f"note: {plain(note)}" for note in report.notes)
    if ran:
        yield _summary(report)


def changes_table(changes: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Return what would change, a row per field; the first changes only, with how many there are."""
    listed = list(changes)
    if not listed:
        return "Nothing would be written."
    title = _title(len(listed), "writes")
    rows = [row for change in listed[:_MOST_CHANGES] for row in _change_rows(change)]
    return table(title, ("action", "kind", "id", "part", "field", "old", "new"), rows)


def replay_parts(replay: Replay) -> Iterator[RenderableType]:
    """Yield what `plan --with-stored` found: records it can't tell about, decisions that would differ, the numbers."""
    if replay.cannot_tell:
        rows = [(each["kind"], each["id"], each["why"]) for each in replay.cannot_tell[:_MOST_CHANGES]]
        yield table(_title(len(replay.cannot_tell), "records can't be told"), ("kind", "id", "why"), rows)
    if replay.decisions:
        rows = [tuple(each[name] for name in _DECISION) for each in replay.decisions[:_MOST_CHANGES]]
        yield table(_title(len(replay.decisions), "decisions differ"), _DECISION, rows)
    told = replay.answers
    yield f"change: {told['change']}, no change: {told['no_change']}, cannot tell: {told['cannot_tell']}"


def _title(number: int, what: str) -> str:
    return f"{number} {what}" + (f", the first {_MOST_CHANGES}; `--json` lists all" if number > _MOST_CHANGES else "")


def _counts(tally: Mapping[str, Any]) -> list[int]:
    return [sum(tally[name].values()) if name == "skipped" else tally[name] for name in _COUNTS]


def _left_out(report: Report, meanings: Meanings) -> Iterator[tuple[str, str, int, str]]:
    for kind, tally in report.kinds.items():
        for code, number in tally.as_json()["skipped"].items():
            yield kind, code, number, meanings.get((kind, code), NOT_TAKEN.why if code == NOT_TAKEN.code else "")


def _summary(report: Report) -> str:
    asked = ", ".join(f"{number} to the {side}" for side, number in report.requests.items())
    return f"{report.connection}: {report.status} in {report.seconds:.1f} s; requests: {asked}"


def _change_rows(change: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    before = change.get("last_outcome", {}).get("outcome")
    action = f"{change['action']} ({before} before)" if before else change["action"]
    head = (action, change["kind"], change["id"], change.get("part", ""))
    fields = change["fields"] or {"": ["", ""]}
    for name, (old, new) in fields.items():
        yield *head, name, old, new
        head = ("", "", "", "")
