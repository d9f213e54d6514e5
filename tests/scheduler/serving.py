"""A process that serves one connection, whose run ends when the test says so.

serving.py FOLDER   -> FOLDER/began when a run reads; it reads on until FOLDER/release is there; FOLDER/{reference} is
                       what the target was sent; FOLDER/served.db the database
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from duebridge.core.api import Ack, Cursor, Customer, Delivery, Page, Source, Target, hookimpl
from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry
from duebridge.core.scheduler import serve
from duebridge.core.testing.ledger import LedgerSource, customer
from duebridge.core.testing.receivables import ReceivablesTarget

YAML = """
database: sqlite:///served.db
connections:
  acme: {source: {connector: endless}, target: {connector: folder}, schedule: {every: 1h}}
"""


class Plugin:
    """A source that reads until it is let go, and a target that leaves a file for each reference it is sent."""

    def __init__(self, folder: Path) -> None:
        class Endless(LedgerSource):
            name: ClassVar[str] = "endless"

            def fetch(self, stream: str, _since: Cursor | None, _needs: frozenset[str]) -> Iterator[Page]:
                (folder / "began").touch()
                pause, at = threading.Event(), 0
                while not (folder / "release").exists():
                    pause.wait(0.01)
                    yield Page((), Cursor(crawl=True, position={"at": (at := at + 1)}))
                items = [(Customer, customer("7"))] if stream == "customers" else []
                yield Page(items, Cursor(crawl=False, position={"seen": 0}), last=True)

        class Folder(ReceivablesTarget):
            name: ClassVar[str] = "folder"

            def push(self, delivery: Delivery) -> Ack:
                (folder / delivery.reference).touch()
                return super().push(delivery)

        self.source, self.target = Endless, Folder

    @hookimpl
    def register_sources(self) -> list[type[Source]]:
        """Offer the source."""
        return [self.source]

    @hookimpl
    def register_targets(self) -> list[type[Target]]:
        """Offer the target."""
        return [self.target]


def application(folder: Path) -> App:
    """The application whose configuration, database and target are in `folder`."""
    path = folder / "duebridge.yaml"
    path.write_text(YAML, encoding="utf-8")
    registry = Registry()
    registry.register(Plugin(folder), "tests")
    return App(load_configuration(path, registry, {}), registry)


if __name__ == "__main__":
    opened = application(Path(sys.argv[1]))
    try:
        sys.exit(serve(opened))
    finally:
        opened.close()
