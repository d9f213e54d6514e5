"""The commands that keep customers out of a connection, and let them in again: exclude, include."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from duebridge.core.cli.entering import entered
from duebridge.core.cli.options import ConfigOption, ConnectionArgument, JsonOption
from duebridge.core.cli.output import printed, say, show, table
from duebridge.core.engine.exclusions import Excluded, Exclusions


def exclude(
    context: typer.Context,
    name: ConnectionArgument,
    customers: Annotated[
        list[str] | None,
        typer.Argument(metavar="CUSTOMER_ID", help="The source's own ids; without any, list who is excluded."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Keep customers out: nothing of theirs is written from now on, and what the target has of them stays as it is."""
    with entered(context, config) as app:
        exclusions = app.exclusions(name)
        words = exclusions.exclude(customers, datetime.now(UTC)) if customers else []
        _tell(exclusions, words, as_json=as_json)


def include(
    context: typer.Context,
    name: ConnectionArgument,
    customers: Annotated[list[str], typer.Argument(metavar="CUSTOMER_ID", help="The source's own ids.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let excluded customers in again: the next run makes up for what was not written meanwhile."""
    with entered(context, config) as app:
        exclusions = app.exclusions(name)
        _tell(exclusions, exclusions.include(customers), as_json=as_json)


def _tell(exclusions: Exclusions, words: list[str], *, as_json: bool) -> None:
    listed = exclusions.listed()
    if as_json:
        printed([_entry(each) for each in listed])
    elif listed:
        cells = [(each.customer_id, each.name, _origin(each, exclusions)) for each in listed]
        show(table(f"Excluded from {exclusions.connection}", ("customer", "name", "by"), cells))
    else:
        show(f"No customer is excluded from {exclusions.connection}.")
    for word in words:
        say(word)


def _entry(each: Excluded) -> dict[str, Any]:
    return {
        "customer_id": each.customer_id,
        "name": each.name,
        "by": each.by,
        "since": each.since.isoformat(timespec="seconds") if each.since is not None else None,
    }


def _origin(each: Excluded, exclusions: Exclusions) -> str:
    if each.since is None:
        return exclusions.where
    return f"command, {each.since:%Y-%m-%d %H:%M} UTC"
