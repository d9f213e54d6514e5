"""The commands for setting up: check, connectors, mappings."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from duebridge.core.app import App
from duebridge.core.cli.entering import entered
from duebridge.core.cli.options import ConfigOption, JsonOption, SomeConnectionArgument
from duebridge.core.cli.output import printed, say, show, table
from duebridge.core.edge.redaction import redact_text
from duebridge.core.errors import ConfigError, DueBridgeError
from duebridge.core.registry import Registry
from duebridge.core.tables.pages import described, page


def check(
    context: typer.Context,
    name: SomeConnectionArgument = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ask both products of each connection who we are, without reading or writing anything at them."""
    with entered(context, config) as app:
        names = [app.connection(name).name] if name is not None else list(app.configuration.connections)
        checked = [_checked(app, each) for each in names]
        warnings = app.configuration.warnings
    if as_json:
        printed([{key: value for key, value in row.items() if key != "exit_code"} for row in checked])
    else:
        show(table("Connections", ("connection", "side", "result"), [line for row in checked for line in _lines(row)]))
    for warning in warnings:
        say(f"warning: {warning}")
    raise typer.Exit(max((row["exit_code"] for row in checked), default=0))


def connectors(as_json: JsonOption = False) -> None:
    """List the connectors there are, which plugin each comes from, and the plugins that are broken."""
    rows = [asdict(plugin) for plugin in Registry.load().plugins]
    if as_json:
        printed(rows)
        return
    cells = [
        (row["name"], ", ".join(row["offers"]), f"{row['distribution']} {row['version']}", row["status"], row["error"])
        for row in rows
    ]
    show(table("Plugins", ("plugin", "offers", "from", "status", "problem"), cells))


def mappings(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A target connector, as `connectors` lists them.")],
    as_json: JsonOption = False,
) -> None:
    """Print a target's rules and mappings as a markdown page."""
    targets = Registry.load().targets
    if target not in targets:
        raise ConfigError(f"there is no target {target!r}; targets: {', '.join(sorted(targets)) or 'none'}")
    if as_json:
        printed(described(targets[target]))
    else:
        sys.stdout.write(page(targets[target]))


def _checked(app: App, name: str) -> dict[str, Any]:
    try:
        accounts = app.check(name)
    except DueBridgeError as error:
        return {"connection": name, "ok": False, "error": redact_text(str(error)), "exit_code": error.exit_code}
    sides = {side: asdict(account) for side, account in accounts.items()}
    return {"connection": name, "ok": True, **sides, "start": str(app.start(name)), "exit_code": 0}


def _lines(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not row["ok"]:
        return [(row["connection"], "", row["error"])]
    sides = [
        (row["connection"], side, f"{row[side]['name']} ({row[side]['id']}) {row[side]['detail']}".strip())
        for side in ("source", "target")
    ]
    return [*sides, (row["connection"], "start", row["start"])]
