"""Prints the generated pages: every target's tables, the command line, the settings. `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from duebridge.core.cli.manual import manual
from duebridge.core.edge.configuration_page import printed
from duebridge.core.registry import Registry
from duebridge.core.tables.pages import page

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> Iterator[tuple[Path, str]]:
    """Yield (file, text) of every generated page."""
    registry = Registry.load()
    for name, target in registry.targets.items():
        yield DOCS / "mappings" / f"{name}.md", page(target)
    yield DOCS / "command-line.md", manual()
    settings = DOCS / "configuration.md"
    yield settings, printed(settings.read_text(encoding="utf-8"), registry)


def main() -> int:
    """Write the pages that differ, or with `--check` name them; return 1 when a compared page differs."""
    check = "--check" in sys.argv[1:]
    stale = [(path, text) for path, text in pages() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path, text in stale:
        print(f"{'differs' if check else 'written'}: {path.relative_to(DOCS.parent)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
