"""What does `${NAME}` or `${file:PATH}` inside a value stand for?

`$${` is a plain `${`. Values read this way are never quoted in a message; names and paths are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from duebridge.core.edge.problems import Path as KeyPath
from duebridge.core.edge.problems import Problems
from duebridge.core.edge.yaml_lines import Block, Items, Node, Scalar

#: A secret is a line or a key; a larger file is a mistaken path.
LARGEST_FILE = 64 * 1024

_REFERENCE = re.compile(r"\$?\$\{([^{}]*)\}?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Missing(Exception):
    """Why a reference stands for nothing."""


class Interpolation:
    """Fills references in from `environ` and from files relative to `folder`, once per name.

    Each reference is read once per load, so that every place that names it gets the same value.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path, problems: Problems) -> None:
        """Add what can't be filled in to `problems`."""
        self._environ = environ
        self._folder = folder
        self._problems = problems
        self._files: dict[str, str] = {}

    def fill(self, node: Node, path: KeyPath = ()) -> Node:
        """Return `node` with every reference replaced by what it stands for."""
        if isinstance(node, Block):
            return replace(node, entries={key: self.fill(entry, (*path, key)) for key, entry in node.entries.items()})
        if isinstance(node, Items):
            return replace(
                node, entries=tuple(self.fill(entry, (*path, str(n))) for n, entry in enumerate(node.entries))
            )
        if isinstance(node.value, str) and "${" in node.value:
            return self._filled(node, path)
        return node

    def _filled(self, scalar: Scalar, path: KeyPath) -> Scalar:
        template = scalar.text
        try:
            value = _REFERENCE.sub(self._value, template)
        except _Missing as missing:
            self._problems.add(scalar.at.line, path, str(missing))
            return replace(scalar, value="", text="", template=template, unset=True)
        return replace(scalar, value=value, text=value, template=template if references(template) else None)

    def _value(self, match: re.Match[str]) -> str:
        whole, name = match[0], match[1]
        if whole.startswith("$$"):
            return whole[1:]
        if not whole.endswith("}"):
            raise _Missing("a ${ is not closed; write ${NAME}, or $${ for the characters themselves")
        if name.startswith("file:"):
            return self._content(name.removeprefix("file:").strip())
        if not _VARIABLE.fullmatch(name):
            raise _Missing("what stands between ${ and } is neither a variable's name nor file:PATH")
        if name not in self._environ:
            raise _Missing(f"the environment variable {name} is not set")
        return self._environ[name]

    def _content(self, path: str) -> str:
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _read(self, path: str) -> str:
        try:
            with (self._folder / path).open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
            text = content.decode("utf-8-sig")
        except OSError as error:
            raise _Missing(f"the file {path} can't be read: {error.strerror or type(error).__name__}") from None
        except ValueError:
            raise _Missing(f"the file {path} can't be read: it is no UTF-8 text, or its path no path") from None
        if len(content) > LARGEST_FILE:
            raise _Missing(f"the file {path} is larger than {LARGEST_FILE // 1024} KB; this is no secret")
        return text.rstrip("\r\n")


def references(template: str) -> tuple[str, ...]:
    """Return the references in `template` as they are written: `("${PENNYLANE_TOKEN}",)`."""
    return tuple(match[0] for match in _REFERENCE.finditer(template) if not match[0].startswith("$$"))
