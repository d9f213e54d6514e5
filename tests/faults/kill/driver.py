"""How does a test have `duebridge` run, and killed at a point of its choice?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

PROGRAM = Path(__file__).with_name("forked.py")


@dataclass(frozen=True)
class Kill:
    """When a run is killed: at the `passing`-th one of `point` ("" for any), or `after` so many seconds."""

    point: str | None = None
    passing: int = 0
    after: float | None = None

    def __str__(self) -> str:
        if self.after is not None:
            return f"after {self.after:.3f} s"
        return f"at passing {self.passing} of {self.point or 'any point'}"


LIVES = Kill()


class Ended(NamedTuple):
    """How a run ended. `passed` and `report` are empty when it was killed."""

    killed: bool
    code: int | None
    passed: dict[str, int]
    seconds: float
    report: dict[str, Any]
    said: str


class Driver:
    """One warm process that forks a child for each run."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self._orders = orders
        self._answers = answers

    def sync(self, folder: Path, name: str, target: str, environ: dict[str, str], *, ahead: float, kill: Kill) -> Ended:
        """Run `duebridge sync NAME --json` in `folder`, its clock `ahead` so many seconds."""
        out = folder / "output"
        order = {"folder": str(folder), "argv": ["sync", name, "--json"], "environ": environ, "out": str(out)}
        order |= {"ahead": ahead, "target": target} | asdict(kill)
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        answer = json.loads(self._answers.readline())
        said = out.read_text(encoding="utf-8")
        assert not answer["late"], f"the run killed {kill} did not end: {said}"
        told = not answer["killed"] and "{" in said  # the report, then what is said of it
        report = json.JSONDecoder().raw_decode(said[said.index("{") :])[0] if told else {}
        return Ended(answer["killed"], answer["code"], answer["passed"], answer["seconds"], report, said)


@contextmanager
def driving(plugins: Path) -> Iterator[Driver]:
    """Start the program, with the plugins laid out in a folder, and end it with the block."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(PROGRAM)],
        env={**os.environ, "PYTHONPATH": str(plugins)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield Driver(process.stdin, process.stdout)
        finally:
            process.stdin.close()
