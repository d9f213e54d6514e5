"""Which commands are there, and how does an error end one: a sentence on stderr and an exit code?

Exit codes: 0 done, 1 the run failed or is incomplete, 2 usage or configuration, 3 someone must reconnect.
"""

from __future__ import annotations

import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from duebridge.core.cli import ending, excluding, looking, running, setting_up, trying
from duebridge.core.cli.options import ConfigOption
from duebridge.core.cli.output import say
from duebridge.core.edge.logs import configure
from duebridge.core.errors import DueBridgeError

INTERRUPTED = 1


class Commands(TyperGroup):
    """The commands; what goes wrong in one is told in a sentence, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. A `DueBridgeError` becomes its message and its exit code."""
        try:
            return super().invoke(ctx)
        except DueBridgeError as error:
            say(f"duebridge: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            say("duebridge: interrupted; what was done is kept, run again to go on")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="duebridge",
    cls=Commands,
    help="Carries what is due from the ledger to the tool that collects it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def duebridge(context: typer.Context, config: ConfigOption = None) -> None:
    """Carries what is due from the ledger to the tool that collects it."""
    context.obj = config
    configure("warning")  # a run is told by its report; `serve` and `demo` turn their lines on


for _name, _command in (
    ("demo", trying.demo),
    ("sandbox", trying.sandbox),
    ("sync", running.sync),
    ("stop", ending.stop),
    ("plan", running.plan),
    ("serve", running.serve),
    ("explain", looking.explain),
    ("reconcile", looking.reconcile),
    ("records", looking.records),
    ("runs", looking.runs),
    ("exclude", excluding.exclude),
    ("include", excluding.include),
    ("check", setting_up.check),
    ("connectors", setting_up.connectors),
    ("mappings", setting_up.mappings),
):
    app.command(_name)(_command)


def main() -> None:
    """Run the command of the process's arguments and exit.

    A mistake in the program, or in a connector, is told with its traceback: without values, and without secrets.
    """
    try:
        app(prog_name="duebridge")
    except Exception as mistake:  # noqa: BLE001 - Python's own way would print the secrets an exception may quote
        say("".join(traceback.format_exception(mistake)).rstrip())
        say(f"duebridge: this is a mistake in the program ({type(mistake).__name__}); please report the lines above")
        raise SystemExit(1) from None
