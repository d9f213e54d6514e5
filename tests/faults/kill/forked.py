"""Runs `duebridge` in children forked from one warm process, and kills them where it is told. A program, not a module.

A line of JSON in, an order; a line of JSON out, how it ended.

Order: `folder` to run in, `argv`, `environ` to add, `out` (the file that takes stdout and stderr), `ahead` (seconds the
clock is put forward), `target` (its connector's name), and when to kill: `point` and `passing` (see `points.Watch`), or
`after` (seconds from the start). Answer: `killed`, `late` (it had to be ended), `code`, `passed` (how often each point
was, when it ended by itself), `seconds`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from points import Watch

#: No run takes nearly as long; one that hangs is a failure, not a wait.
LONGEST = 60.0

#: No pacing, and small steps, so that little data has many pages, chunks and batches; pages are read ahead at once.
STEPS: dict[str, Any] = {
    "duebridge.plugins.pennylane.client:REQUESTS": 1_000_000,
    "duebridge.plugins.pennylane.reader:LIMIT": 9,
    "duebridge.plugins.pennylane.changes:LIMIT": 9,
    "duebridge.plugins.harvest.client:REQUESTS": 1_000_000,
    "duebridge.plugins.harvest.paging:SIZES": (9,),
    "duebridge.core.engine.reading:_CHUNK": 10,
    "duebridge.core.engine.prefetch:_WORTH_SECONDS": -1.0,
    "duebridge.core.engine.writing:SMALLEST_BATCH": 12,
    "duebridge.core.engine.writing:LARGEST_BATCH": 12,
    "duebridge.targets.afakto.directory:_AT_ONCE": 700,
    "duebridge.targets.afakto.sftp:_AT_ONCE": 700,
}


def warm_up() -> None:
    """Import and build once what every child needs."""
    from duebridge.core.cli import shell  # noqa: F401
    from duebridge.core.registry import Registry
    from duebridge.core.store import postgresql  # noqa: F401
    from duebridge.core.store.store import Store

    Registry.load()
    with tempfile.TemporaryDirectory() as folder:
        Store.open(f"sqlite:///{Path(folder) / 'warm.db'}").close()
    for place, value in STEPS.items():
        module, _, name = place.partition(":")
        setattr(importlib.import_module(module), name, value)
    gc.freeze()


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a child for `order`, wait for its end, kill it when that is ordered for a time."""
    told, tell = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(told)
        _be(order, tell)
    os.close(tell)
    after = order.get("after")
    late = False
    if not select.select([told], [], [], LONGEST if after is None else after)[0]:
        os.kill(child, signal.SIGKILL)
        late = after is None
    with os.fdopen(told) as said:
        passed = said.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {
        "killed": killed,
        "late": late,
        "code": None if killed else os.waitstatus_to_exitcode(status),
        "passed": json.loads(passed) if passed else {},
        "seconds": time.monotonic() - began,
    }


def _be(order: dict[str, Any], tell: int) -> None:
    """Be `duebridge` until its end; nothing of the forking process is cleaned up here."""
    code = 70
    try:
        output = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(order["folder"])
        os.environ.update(order["environ"])
        watch = Watch(order.get("point"), order.get("passing", 0))
        watch.install(order["target"])
        code = _duebridge(order["argv"], order["ahead"])
        sys.stdout.flush()
        os.write(tell, json.dumps(watch.passed).encode())
    except BaseException:  # noqa: BLE001 - told in the output; a child never returns into what it was forked from
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _duebridge(argv: list[str], ahead: float) -> int:
    from duebridge.core.app import App
    from duebridge.core.cli.shell import main

    App.__init__.__kwdefaults__["now"] = lambda: datetime.now(UTC) + timedelta(seconds=ahead)
    sys.argv = ["duebridge", *argv]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def main() -> None:
    """Carry out orders until there are no more."""
    warm_up()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        print(json.dumps(carry_out(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
