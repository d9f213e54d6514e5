"""What does Ctrl-C do to a run: finish the writes in flight and keep what was done?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Literal

from duebridge.core.cli.output import say

_Word = Literal["stop", "ended"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Yield an event that the first SIGINT or SIGTERM sets; the second interrupts at once."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping  # only the main thread may take signals
        return
    asked: SimpleQueue[_Word] = SimpleQueue()
    watcher = threading.Thread(target=_wait_to_be_asked, args=(asked, stopping), name="stopping", daemon=True)
    watcher.start()
    before = {number: signal.signal(number, _Handler(asked)) for number in _SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.put("ended")
        watcher.join()


class _Handler:
    """Passes the first signal on through a queue: it may interrupt the very wait whose lock setting an event needs."""

    def __init__(self, asked: SimpleQueue[_Word]) -> None:
        self._asked = asked
        self._before = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self._before:
            raise KeyboardInterrupt
        self._before = True
        self._asked.put("stop")


def _wait_to_be_asked(asked: SimpleQueue[_Word], stopping: threading.Event) -> None:
    if asked.get() == "stop":
        say("stopping: the writes in flight are finished first; once more to stop at once")
        stopping.set()
