"""How are records, runs and balances told to a person?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from duebridge.core.cli.bridges import bridges, loose_ends
from duebridge.core.cli.output import table
from duebridge.core.cli.reports import Meanings
from duebridge.core.engine.reconcile import Reconciliation

Json = Mapping[str, Any]


def explanation_parts(explanation: Json) -> Iterator[RenderableType]:
    """Yield the lines and tables of `explain`."""
    yield f"{explanation['kind']} {explanation['id']}: {explanation['verdict']} ({explanation['code']})"
    yield explanation["why"]
    if explanation["fields"]:
        yield _fields("Fields", explanation["fields"])
    for part in explanation["parts"]:
        yield _fields(f"{part['part']} ({part['reference']})", part["fields"])
    yield _link(explanation["link"], explanation["verdict"])
    yield from _last_outcome(explanation["last_outcome"])


def records_table(rows: Sequence[Json]) -> RenderableType:
    """Return what became of each record; parts are indented."""
    if not rows:
        return "No such records."
    cells = [
        (row["kind"], row["id"], f"  {row['part']}" if "part" in row else row["label"], row["outcome"], *_reason(row))
        for row in rows
    ]
    return table("Records", ("kind", "id", "number or name", "outcome", "code", "why"), cells)


def runs_table(rows: Sequence[Json]) -> RenderableType:
    """Return the runs with how they ended."""
    if not rows:
        return "Nothing has run yet."
    columns = ("run", "connection", "status", "began", "seconds", "read", "written", "rejected", "error")
    numbers = ("run", "seconds", "read", "written", "rejected")
    return table("Runs", columns, [_run(row) for row in rows], numbers=numbers)


def reconciliation_parts(result: Reconciliation, meanings: Meanings) -> Iterator[RenderableType]:
    """Yield what leads from the source's total to the target's, and the customers where something is unexplained."""
    yield bridges(result, meanings)
    loose = loose_ends(result)
    if loose is not None:
        yield loose
    yield from (f"note: {note}" for note in result.notes)


def _fields(title: str, fields: Sequence[Json]) -> RenderableType:
    return table(title, ("field", "value", "from"), [(each["target"], each["value"], each["from"]) for each in fields])


def _link(link: Json | None, verdict: str) -> str:
    if link is None:
        return "Not at the target."
    behind = "a write is due" if verdict == "sync" else "kept there as it was last sent"
    state = "up to date" if link["up_to_date"] else behind
    return f"At the target as {link['reference']} since {link['written_at']} ({state})."


def _last_outcome(outcome: Json | None) -> Iterator[str]:
    if outcome is None:
        return
    yield f"Last outcome: {outcome['outcome']} in run {outcome['run']}"
    if outcome["reason"]:
        yield f"  {outcome['reason']}"
    if outcome["uncertain"]:
        yield "  Whether its last write was taken is not known; the next run settles it, as far as that can be asked."
    if outcome["retry_at"]:
        yield f"  Tried again after {outcome['retry_at']}, or now with `duebridge sync --retry`"
    yield from (f"  {note}" for note in outcome["notes"])


def _reason(row: Json) -> tuple[str, str]:
    told = row["outcome"] in ("skipped", "rejected", "gone", "unknown", "deleted")
    return (row["code"], row["why"]) if told else ("", "")


def _run(row: Json) -> tuple[object, ...]:
    report = row["report"] or {}
    kinds = report.get("kinds", {}).values()
    written = sum(kind["created"] + kind["updated"] + kind["deleted"] for kind in kinds)
    return (
        row["run"],
        row["connection"],
        row["status"],
        row["began_at"][:19],
        report.get("seconds", ""),
        sum(kind["read"] for kind in kinds),
        written,
        sum(kind["rejected"] for kind in kinds),
        report.get("error") or "",
    )
