"""Which process is this, and is another one certainly gone?

A process is told by its machine (host name, boot, the namespace its number counts in), its number and when it started,
since numbers are given out again. Where the system doesn't tell all of these (it has no /proc), nothing is certain.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
#: Zombies run no longer, they wait for their parent to notice.
_ENDED = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """A process. `machine` is empty, and `started` 0, where the system doesn't tell; `started` is in clock ticks."""

    host: str
    pid: int
    machine: str = ""
    started: int = 0

    @classmethod
    def this(cls) -> Process:
        """Return the process that asks."""
        pid = os.getpid()
        started = _started(pid)
        return cls(socket.gethostname(), pid, _machine() if started else "", started)

    def gone(self) -> bool:
        """Whether it ran on this machine and runs no longer; False too when that can't be told."""
        here = Process.this()
        if not self.machine or (self.host, self.machine) != (here.host, here.machine):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it is another user's
        return _ended(self.pid) or _started(self.pid) not in (0, self.started)


@cache
def _machine() -> str:
    """The boot of the kernel, and the namespaces in which process numbers and start times count; "" when not told."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    times = _PROC / "self/ns/time"  # since Linux 5.6
    return f"{boot} {numbers} {times.readlink() if times.exists() else ''}"


def _started(pid: int) -> int:
    """When `pid` started, in clock ticks since the boot; 0 when that isn't told."""
    fields = _fields(_PROC / str(pid) / "stat")
    return int(fields[19]) if fields else 0


def _ended(pid: int) -> bool:
    """Whether every thread of `pid` has ended. Its first may have, while others go on."""
    try:
        states = [fields[0] for task in (_PROC / str(pid) / "task").iterdir() if (fields := _fields(task / "stat"))]
    except OSError:
        return False
    return bool(states) and all(state in _ENDED for state in states)


def _fields(stat: Path) -> list[str]:
    """The fields after the name (proc_pid_stat(5), from the third): the name may hold anything, brackets included."""
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
