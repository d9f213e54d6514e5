"""The command that looks after the installation: doctor."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import typer

from duebridge.core.cli.entering import config_path
from duebridge.core.cli.options import ConfigOption, JsonOption
from duebridge.core.cli.output import printed, show, table
from duebridge.core.doctor import Examination, examine
from duebridge.core.edge.redaction import redact
from duebridge.core.registry import Registry


def doctor(context: typer.Context, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Look at the installation: configuration, plugins, database, open rows, disk, clock; exit 1 if one is wrong."""
    found = examine(config_path(context, config), Registry.load(), os.environ, datetime.now(UTC))
    if as_json:
        printed(redact(found.as_json()))
    else:
        _tell(found)
    raise typer.Exit(0 if found.well else 1)


def _tell(found: Examination) -> None:
    rows = [redact([each.level, each.about, each.says, each.advice]) for each in found.findings]
    show(table("Findings", ("", "about", "what is so", "what to do"), rows))
    if found.connections:
        columns = ("records", "runs", "due", "rejected", "unknown")
        cells = [(name, *(each[column] for column in columns)) for name, each in found.connections.items()]
        show(table("Rows", ("connection", *columns), cells, numbers=columns))
