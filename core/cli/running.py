"""The commands that run connections: sync, plan, serve."""

from __future__ import annotations

from typing import Annotated

import typer

from duebridge.core.cli.entering import entered
from duebridge.core.cli.options import ConfigOption, ConnectionArgument, JsonOption
from duebridge.core.cli.output import printed, say, show
from duebridge.core.cli.progress import progress
from duebridge.core.cli.reports import changes_table, replay_parts, report_parts
from duebridge.core.cli.stopping import stoppable
from duebridge.core.edge.logs import configure
from duebridge.core.engine.listing import meanings_of
from duebridge.core.engine.report import Report


def sync(
    context: typer.Context,
    name: ConnectionArgument,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try rejected records and unknown outcomes again now, and nothing else.")
    ] = False,
    accept_mass_change: Annotated[
        bool, typer.Option("--accept-mass-change", help="Go on where the guard would stop the run.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 while a record is rejected, in this run or since an earlier one.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Run a connection once: read what changed, write what differs, report."""
    if full and retry:
        raise typer.BadParameter("--retry reads nothing in general, --full reads everything: give one of them")
    with entered(context, config) as app:
        target = app.target_class(name)
        with stoppable() as stopping, progress() as begun:
            report = app.sync(
                name,
                full=full,
                retry=retry,
                accept_mass_change=accept_mass_change,
                stopping=stopping,
                begun=begun,
            )
        rejected = app.rejected(name)
    if as_json:
        printed(report.as_json())
    else:
        show(*report_parts(report, meanings_of(target)))
    _tell_troubles(report, rejected)
    raise typer.Exit(report.exit_code or int(strict and rejected > 0))


def plan(
    context: typer.Context,
    name: ConnectionArgument,
    with_stored: Annotated[
        bool, typer.Option("--with-stored", help="Plan what was last read again by today's rules, without any request.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what a sync would change, field by field; nothing is written."""
    with entered(context, config) as app:
        target = app.target_class(name)
        preview = app.plan(name, with_stored=with_stored)
    if as_json:
        printed(preview.as_json())
    else:
        told = replay_parts(preview.replay) if preview.replay is not None else ()
        show(changes_table(preview.changes), *told, *report_parts(preview.report, meanings_of(target), ran=False))


def serve(context: typer.Context, config: ConfigOption = None) -> None:
    """Run every connection on its schedule until told to stop."""
    from duebridge.core import scheduler  # noqa: PLC0415 - its library is for this command alone

    configure("info")
    with entered(context, config) as app:
        raise typer.Exit(scheduler.serve(app))


def _tell_troubles(report: Report, rejected: int) -> None:
    """Say what went wrong, and how many records are `rejected`, in this run or since an earlier one."""
    if report.error:
        say(f"{report.connection}: {report.status}: {report.error}")
    see = f"see `duebridge records {report.connection} --outcome rejected`"
    if report.rejected:
        number = f"{report.rejected} records were" if report.rejected > 1 else "1 record was"
        say(f"{number} rejected; {see}")
    elif rejected:
        number = f"{rejected} records are" if rejected > 1 else "1 record is"
        say(f"{number} still rejected from earlier runs; {see}")
