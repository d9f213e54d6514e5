"""A target's tables as a page: which records go and why, which field gets which, and what comes beside them.

The page is printed from the tables that decide and map; nothing on it is written twice.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from duebridge.core.connector import Target

_VERDICTS = {"sync": "send", "skip": "leave out", "reject": "set aside"}


def page(target: type[Target]) -> str:
    """Return the markdown page of `target`'s rules, mappings and settlements."""
    return "\n".join(_lines(target)) + "\n"


def described(target: type[Target]) -> dict[str, Any]:
    """Return the same as plain data: per kind the rules in order and the fields."""
    return {
        "target": target.name,
        "title": target.title,
        "kinds": {
            record.kind: {
                "rules": [_rule(words, decision) for words, decision in rules.describe()],
                "fields": [{"target": field, "from": origin} for field, origin in target.mappings[record].describe()],
            }
            for record, rules in target.rules.items()
        },
        "settlements": settlements(target),
    }


def settlements(target: type[Target]) -> str:
    """Return what `target` writes beside the documents, as the rest of `parts`' docstring says; empty for nothing."""
    if target.parts is Target.parts:
        return ""
    _, _, words = (inspect.getdoc(target.parts) or "").partition("\n\n")
    return words


def _lines(target: type[Target]) -> Iterator[str]:
    yield f"# What {target.title} gets, and why"
    yield ""
    yield f"Printed by `duebridge mappings {target.name}`; the tables are those the engine decides and maps with."
    for record, rules in target.rules.items():
        yield from ("", f"## {_title(record.kind)}", "", "The first rule whose condition holds decides.", "")
        yield from _table(("", "when", "verdict", "code", "why"), _rule_rows(rules.describe()))
        yield ""
        yield from _table((f"{target.title} field", "from"), _field_rows(target.mappings[record].describe()))
    words = settlements(target)
    if words:
        yield from ("", "## Beside the documents", "", words)


def _title(kind: str) -> str:
    return f"{kind.replace('_', ' ').capitalize()}s"


def _rule(words: str, decision: Any) -> dict[str, str]:
    reads = {"reads": decision.reads} if decision.reads else {}
    reads |= {"until_sent": True} if decision.until_sent else {}
    return {"when": words, "verdict": decision.verdict, "code": decision.code, "why": decision.why, **reads}


def _rule_rows(rules: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, ...]]:
    for order, (words, decision) in enumerate(rules, start=1):
        verdict = _VERDICTS[decision.verdict]
        reads = f", reads {decision.reads.capitalize()}" if decision.reads else ""
        reads += ", until sent" if decision.until_sent else ""
        yield str(order), words, verdict + reads, f"`{decision.code}`", decision.why


def _field_rows(fields: Sequence[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    return ((f"`{field}`", origin) for field, origin in fields)


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield _row(columns)
    yield _row(["---"] * len(columns))
    yield from (_row(row) for row in rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
