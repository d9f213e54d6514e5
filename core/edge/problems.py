"""What is wrong in a configuration, line by line, said once and together?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from duebridge.core.errors import ConfigError

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `line` counts from 1, 0 when no line can be named; `path` holds the keys that lead there."""

    line: int
    path: Path
    message: str

    @property
    def connection(self) -> str | None:
        """The connection it concerns; None when it concerns the whole file."""
        return self.path[1] if len(self.path) > 1 and self.path[0] == "connections" else None

    def said(self, file: str) -> str:
        """Return `file:line: path: message`."""
        place = f"{file}:{self.line}" if self.line else file
        where = f"{dotted(self.path)}: " if self.path else ""
        return f"{place}: {where}{self.message}"


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with `file`."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, path: Path, message: str) -> None:
        """Add one, in the words the operator will read."""
        self.found.append(Problem(line, path, message))

    def error(self, found: Iterable[Problem] | None = None) -> ConfigError:
        """Return the error that says `found` (default: everything), one per line, in the file's order."""
        chosen = sorted(set(self.found if found is None else found))
        return ConfigError("\n".join(problem.said(self.file) for problem in chosen))

    def of_connection(self, name: str) -> list[Problem]:
        """Return what concerns the connection `name` alone."""
        return [problem for problem in self.found if problem.connection == name]

    def of_file(self) -> list[Problem]:
        """Return what concerns no connection alone."""
        return [problem for problem in self.found if problem.connection is None]


def dotted(path: Path) -> str:
    """Return `connections.acme-upflow.target.api_key`; control characters of odd keys are escaped."""
    return ".".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in path)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean api_key?` when `word` is close to one of `known`, else nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def unknown_key(word: str, allowed: Iterable[str]) -> str:
    """Say that `word` is no key here, and which are."""
    known = list(allowed)
    return f"unknown key; allowed: {', '.join(known) or 'none'}{did_you_mean(word, known)}"
