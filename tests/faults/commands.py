"""How does a `duebridge` command end that runs as a process of its own, and how much memory did it take at its peak?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from ..acceptance.scene import SECRETS, Scene

#: Starts the command from a small process: the peak a system tells of a child holds what its parent had before.
_LAUNCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(sys.argv[1], "w").write(str(peak // 1024 if sys.platform == "darwin" else peak))
raise SystemExit(done.returncode)
"""
PATIENCE = 120


@dataclass(frozen=True)
class Ended:
    """How a command ended; `peak` is in MB."""

    code: int
    out: str
    err: str
    peak: float

    @property
    def json(self) -> Any:
        """What stdout holds."""
        return json.loads(self.out)


def run(scene: Scene, *words: str) -> Ended:
    """Run `duebridge WORDS` in a scene; a secret or a traceback in what it says fails the test."""
    peak = scene.folder / "peak"
    command = [sys.executable, "-m", "duebridge.core.cli", "--config", str(scene.yaml), *words]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _LAUNCH, str(peak), *command],
        env={name: value for name, value in os.environ.items() if name not in SECRETS} | scene.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    told = done.stdout + done.stderr
    assert "Traceback" not in told, told
    assert not [value for value in scene.environ.values() if value in told]
    return Ended(done.returncode, done.stdout, done.stderr, int(peak.read_text()) / 1024)
