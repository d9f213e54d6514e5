"""Where does what a command says go: data to stdout, everything else to stderr, and nothing a terminal would obey?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from duebridge.core.edge.redaction import redact_text
from duebridge.core.secrecy import hide

#: Columns of text where the output is no terminal: wide enough that nothing useful is cut.
_WIDE = 160


def printed(value: Any) -> None:
    """Write `value` to stdout as JSON; Decimals and dates come as text."""
    sys.stdout.write(hide(json.dumps(value, indent=2, ensure_ascii=False, default=str)) + "\n")


def printed_each(values: Iterable[Any]) -> None:
    """Write `values` to stdout as one JSON array, as they come."""
    opening = "["
    for value in values:
        sys.stdout.write(f"{opening}\n  {hide(json.dumps(value, ensure_ascii=False, default=str))}")
        opening = ","
    sys.stdout.write("[]\n" if opening == "[" else "\n]\n")


def show(*parts: RenderableType) -> None:
    """Write text and tables to stdout."""
    _console(error=False).print(*(Text(plain(part)) if isinstance(part, str) else part for part in parts), sep="\n")


def say(sentence: str) -> None:
    """Write a sentence to stderr, on a line of its own, without secrets."""
    sys.stderr.write(plain(redact_text(sentence), keep="\n") + "\n")


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()
) -> Table:
    """Return a table; the columns named in `numbers` are aligned right."""
    made = Table(title=plain(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return made


def plain(value: object, keep: str = "") -> str:
    """Return `value` as text that gives no secret away and moves no cursor: what prints nothing shows by its code."""
    text = "" if value is None else hide(str(value))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


def console_for_progress() -> Console:
    """Return stderr as rich draws on it."""
    return _console(error=True)


def _console(*, error: bool) -> Console:
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(stderr=error, width=width, highlight=False, markup=False, emoji=False)
