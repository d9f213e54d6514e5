"""What does the page about the command line say? Each command's own help, printed from the commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from duebridge.core.cli.shell import app

_WIDTH = 100
_OPENING = """# The command line

Printed from the commands themselves by `scripts/print_docs.py`.

Data goes to stdout, everything else to stderr; with `--json`, stdout carries that JSON alone. `--config PATH` may stand
before or after the command. Amounts in JSON are text, in the currency's major units; payload fields are as they are
sent.

| exit code | meaning |
| --- | --- |
| 0 | done; rejected records alone don't change that, unless `--strict` |
| 1 | the run failed, is incomplete or met another; a difference is left unexplained; `doctor` found something wrong |
| 2 | the command or the configuration can't be used as it is |
| 3 | a product refuses our credentials: someone must reconnect |

What `--json` writes (`?`: not always there):

```text
sync        {connection, run, status, kinds: {kind: {read, created, updated, unchanged, deleted, gone, rejected,
             unknown, skipped: {code: n}}}, requests: {source, target}, seconds, notes, error}
plan        {connection, changes: [{kind, id, part?, action, fields: {name: [old, new]}, released_first?,
             last_outcome?: {outcome, reason, uncertain}}], kinds, notes;
             with --with-stored: answers: {change, no_change, cannot_tell}, cannot_tell: [{kind, id, why}],
             decisions: [{kind, id, before, after}]}
explain     {kind, id, verdict, code, why, reads?, fields: [{target, from, value}], parts: [{part, reference, fields,
             last_outcome}], link: {reference, target_id, written_at, up_to_date} or null,
             last_outcome: {outcome, uncertain, code, reason, notes, run, retry_at} or null}
reconcile   {currencies: {code: {source, target, difference, explained: {reason: amount}, unexplained}},
             customers: [{customer, name, currency, ...the same}], target_from: target or links, notes};
             source less target = explained + unexplained
records     [{kind, id, label or part, outcome, code, why, customer_id, reference, target_id, held, due, uncertain, run,
             notes}]
exclude     [{customer_id, name, by: command or configuration, since: instant or null}], as of include
runs        [{run, connection, status, began_at, ended_at, report: as of sync}]
check       [{connection, ok, source: {id, name, detail}, target, error?}]
doctor      {ok, findings: [{about, level: ok|note|wrong, says, advice}], database: {address, bytes, megabytes,
             unused_megabytes, migration, newest_migration, rows: {table: n}}, connections: {name: {records, runs, due,
             rejected, unknown, oldest, unended_runs, last_run, pruned_at, prunable: {runs, records, notes}}}}
connectors  [{name, distribution, version, status, error, offers}]
mappings    {target, title, kinds: {kind: {rules, fields}}, settlements}
```
"""


def manual() -> str:
    """Return the page as markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _OPENING
    group: Any = typer.main.get_command(app)
    settings = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    with group.make_context("duebridge", ["--help"], resilient_parsing=True, **settings) as parent:
        yield from _section("duebridge", group.get_help(parent))
        for name in group.list_commands(parent):
            command = group.get_command(parent, name)
            with command.make_context(name, [], parent=parent, resilient_parsing=True, **settings) as context:
                yield from _section(f"duebridge {name}", command.get_help(context))


def _section(title: str, help: str) -> Iterator[str]:
    text = "\n".join(line.rstrip() for line in help.strip().splitlines())
    yield from (f"## {title}", "", "```text", text, "```", "")
