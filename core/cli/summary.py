"""How does the demo end: tables a person understands, and the bridge between the two ends?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from duebridge.core.cli.bridges import bridges
from duebridge.core.cli.output import table
from duebridge.core.cli.reports import Meanings
from duebridge.core.demo import Performance


def summary_parts(done: Performance, meanings: Meanings) -> Iterator[RenderableType]:
    """Yield what was read, sent and left out per kind, and what is outstanding at both ends."""
    yield table(
        f"{done.connection}: what was read, and what became of it",
        ("kind", "read", "sent", "unchanged", "left out", "rejected"),
        [_kind(kind, tally.as_json()) for kind, tally in done.report.kinds.items()],
        numbers=("read", "sent", "unchanged", "left out", "rejected"),
    )
    left_out = [
        (kind, number, meanings.get((kind, code), code))
        for kind, tally in done.report.kinds.items()
        for code, number in tally.as_json()["skipped"].items()
    ]
    if left_out:
        yield table(
            "Left out, and why", ("kind", "records", "because"), left_out, numbers=("records",), widest={"because": 50}
        )
    if done.balances is not None:
        yield bridges(done.balances, meanings)
    yield f"{done.connection}: {done.report.status} in {done.report.seconds:.1f} s"


def overview(done: Sequence[Performance]) -> RenderableType:
    """Return a table with a line for each connection: how it ended, its counts, and whether both ends agree."""
    counts = ("read", "sent", "unchanged", "left out", "rejected")
    return table("Every connection", ("connection", "status", *counts, "both ends"), map(_line, done), numbers=counts)


def _line(done: Performance) -> tuple[object, ...]:
    kinds = [_kind(kind, tally.as_json())[1:] for kind, tally in done.report.kinds.items()]
    totals = [sum(int(str(number)) for number in column) for column in zip(*kinds, strict=True)] or [0] * 5
    return done.connection, done.report.status, *totals, _ends(done)


def _ends(done: Performance) -> str:
    if not done.keeps_balances:
        return "no balances there"
    if done.balances is None:
        return "not compared"
    return "agree" if done.balances.explained else "unexplained"


def _kind(kind: str, tally: dict[str, object]) -> tuple[object, ...]:
    sent = int(str(tally["created"])) + int(str(tally["updated"]))
    skipped = tally["skipped"]
    assert isinstance(skipped, dict)  # noqa: S101 - `Tally.as_json` makes it one; this is for the type checker
    return kind, tally["read"], sent, tally["unchanged"], sum(skipped.values()), tally["rejected"]
