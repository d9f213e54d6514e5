"""The commands that look at what was done: explain, reconcile, records, runs."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from duebridge.core.cli.entering import entered
from duebridge.core.cli.options import (
    ConfigOption,
    ConnectionArgument,
    JsonOption,
    KindOption,
    SomeConnectionArgument,
)
from duebridge.core.cli.output import printed, printed_each, say, show
from duebridge.core.cli.records import explanation_parts, reconciliation_parts, records_table, runs_table
from duebridge.core.engine.listing import OUTCOMES, meanings_of

_MOST_RECORDS = 200


def explain(
    context: typer.Context,
    name: ConnectionArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="customer, invoice, credit_note, ...")],
    id: Annotated[str, typer.Argument(metavar="ID", help="The source's own id.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tell why a record goes or stays, and where each field of it comes from."""
    with entered(context, config) as app:
        explanation = app.explain(name, kind, id)
    if as_json:
        printed(explanation)
    else:
        show(*explanation_parts(explanation))


def reconcile(
    context: typer.Context, name: ConnectionArgument, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Compare what is outstanding at both ends, per customer and currency; exit 1 when something is unexplained."""
    with entered(context, config) as app:
        result = app.reconcile(name)
        meanings = meanings_of(app.registry.targets[app.connection(name).target_name])
    if as_json:
        printed(result.as_json())
    else:
        show(*reconciliation_parts(result, meanings))
    if not result.explained:
        say(f"{name}: a difference is left that nothing explains; `--json` lists every customer")
        raise typer.Exit(1)


def records(
    context: typer.Context,
    name: ConnectionArgument,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="OUTCOME", help=f"One of {', '.join(OUTCOMES)}.")
    ] = None,
    kind: KindOption = None,
    parts: Annotated[bool, typer.Option("--parts", help="Show fixes and links under their record.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List records and what became of each."""
    with entered(context, config) as app:
        found = app.records(name, kind=kind, outcome=outcome, parts=parts)
        if as_json:
            printed_each(found)
            return
        rows = list(islice(found, _MOST_RECORDS + 1))
    show(records_table(rows[:_MOST_RECORDS]))
    if len(rows) > _MOST_RECORDS:
        say(f"these are the first {_MOST_RECORDS}; `--json` lists all of them")


def runs(
    context: typer.Context,
    name: SomeConnectionArgument = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the latest runs, newest first."""
    with entered(context, config) as app:
        rows = [_run(row) for row in app.runs(name)]
    if as_json:
        printed(rows)
    else:
        show(runs_table(rows))


def _run(row: Any) -> dict[str, Any]:
    return {
        "run": row["id"],
        "connection": row["name"],
        "status": row["status"],
        "began_at": row["began_at"].isoformat(),
        "ended_at": row["ended_at"].isoformat() if row["ended_at"] else None,
        "report": row["report"],
    }
