"""The command that ends a run under way: stop."""

from __future__ import annotations

from typing import Annotated

import typer

from duebridge.core.cli.entering import entered
from duebridge.core.cli.options import ConfigOption, ConnectionArgument
from duebridge.core.cli.output import say, show

#: The writes in flight are over within about a minute, the longest an HTTP attempt lasts.
USUAL_WAIT = 90.0


def stop(
    context: typer.Context,
    name: ConnectionArgument,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for its end; 0: only ask.")
    ] = USUAL_WAIT,
    config: ConfigOption = None,
) -> None:
    """End the run of a connection after the writes in flight, wherever it runs.

    What it did is kept, and the next run goes on from there; a schedule goes on too. Exit 1 when the run has not ended
    in time: it ends later.
    """
    with entered(context, config) as app:
        asked = app.stop(name)
        if asked is None:
            show(f"{name}: no run is under way")
            return
        say(f"{name}: asked {asked.who} to stop; the writes in flight are finished first")
        status = asked.ended(wait)
    if status is None and wait:
        say(f"{name}: still running after {wait:g} s; it ends after the writes in flight (`duebridge runs {name}`)")
        raise typer.Exit(1)
    if status is not None:
        show(f"{name}: the run ended ({status})" if status else f"{name}: the run ended without telling how")
