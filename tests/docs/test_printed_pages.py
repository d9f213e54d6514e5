"""The generated pages say what the code does: printed again, they come out the same."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from duebridge.core.cli.manual import manual
from duebridge.core.registry import Registry
from duebridge.core.tables.pages import page

ROOT = Path(__file__).resolve().parents[2]
TARGETS = Registry.load().targets


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_page_of_each_targets_tables_is_up_to_date(name: str) -> None:
    printed = (ROOT / "docs" / "mappings" / f"{name}.md").read_text(encoding="utf-8")

    assert printed == page(TARGETS[name]), "run `make docs`"


def test_the_page_about_the_command_line_is_up_to_date() -> None:
    assert (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8") == manual(), "run `make docs`"


def test_the_script_prints_exactly_these_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["print_docs.py", "--check"])
    script: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "print_docs.py"))

    assert script["main"]() == 0
    assert {path.name for path, _ in script["pages"]()} == {
        "command-line.md",
        "configuration.md",
        *(f"{name}.md" for name in TARGETS),
    }


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_rule_and_every_field_is_on_the_page(name: str) -> None:
    target = TARGETS[name]
    printed = page(target)

    for rules in target.rules.values():
        for words, decision in rules.describe():
            assert f"| {words} |" in printed
            assert f"`{decision.code}`" in printed
    for mapping in target.mappings.values():
        for field, _ in mapping.describe():
            assert f"| `{field}` |" in printed
