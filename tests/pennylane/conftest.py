"""A Pennylane source pointed at a local server, and what a run of it brings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from duebridge.core.api import Json, Services
from duebridge.core.edge.http import HttpFactory
from duebridge.plugins.pennylane.settings import PennylaneSettings
from duebridge.plugins.pennylane.source import PennylaneSource

#: What the sandbox takes.
TOKEN = "sandbox-pennylane"


class KeptMemory(dict[str, Any]):
    """A connector's memory, for one test."""

    def put(self, key: str, value: Json) -> None:
        """Keep `value`."""
        self[key] = value


class Bench:
    """Makes sources for one server; `notes` is what they said, `now` the clock they read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.now = datetime.now(UTC)
        self.opened: list[PennylaneSource] = []

    def source(self, base_url: str, token: str = TOKEN) -> PennylaneSource:
        """A new source, as a new run would build it."""
        services = Services(http=HttpFactory(), memory=KeptMemory(), note=self._note, now=lambda: self.now)
        source = PennylaneSource(PennylaneSettings.model_validate({"token": token, "base_url": base_url}), services)
        self.opened.append(source)
        return source

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Sources are closed after the test."""
    made = Bench()
    yield made
    for source in made.opened:
        source.close()
