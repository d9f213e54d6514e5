"""A process that serves one connection, for tests that send it signals.

serving.py FOLDER   -> FOLDER/began when the run is under way; it ends when FOLDER/release is there, or when asked to
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from duebridge.core.connector import Schedule
from duebridge.core.engine.report import Report
from duebridge.core.scheduler import serve


def program(folder: Path) -> Any:
    """What `serve` needs of an application: the configured schedules, and a sync that waits to be let go."""

    def sync(name: str, stopping: threading.Event) -> Report:
        (folder / "began").touch()
        while not (folder / "release").exists():
            if stopping.wait(0.01):
                (folder / "halted").touch()
                return Report(name, 1, status="stopped", exit_code=1)
        (folder / "finished").touch()
        return Report(name, 1)

    connections = {"acme": SimpleNamespace(schedule=Schedule(every="1h"))}
    return SimpleNamespace(configuration=SimpleNamespace(connections=connections), sync=sync)


if __name__ == "__main__":
    sys.exit(serve(program(Path(sys.argv[1]))))
