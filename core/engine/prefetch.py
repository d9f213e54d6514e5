"""Fetches the next page while this one is stored, when there is anything to wait for.

Two threads that both compute hold each other up, which costs a third more processor time than one after the other. So
pages are taken in the reader's own thread until one was waited for (a network, a rate limit); from then on ahead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")
_DEPTH = 2
_POLL_SECONDS = 0.1
#: Waiting that is worth a thread, per page: above what a server on the same machine takes.
_WORTH_SECONDS = 0.01


class Prefetched(Generic[T]):
    """Iterates over `pages`, at most two ahead once they are waited for; what it raises is raised to the reader.

    Leaving the `with` block ends reading ahead before the next page is asked for.
    """

    def __init__(self, pages: Iterator[T], name: str) -> None:
        """Read `pages`; `name` is the thread's."""
        self._pages = pages
        self._queue: Queue[tuple[T | None, BaseException | None]] = Queue(_DEPTH)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)

    def __enter__(self) -> Iterator[T]:
        """Return the pages, in order."""
        return self._iterate()

    def __exit__(self, *_: object) -> None:
        """Stop reading ahead and wait for the request under way."""
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join()

    def _iterate(self) -> Iterator[T]:
        for page, waited in self._timed():
            if waited > _WORTH_SECONDS:
                self._thread.start()
                yield page
                yield from self._ahead()
                return
            yield page

    def _timed(self) -> Iterator[tuple[T, float]]:
        """The pages, each with the seconds spent waiting for it rather than computing."""
        while True:
            began, computed = time.perf_counter(), time.thread_time()
            try:
                page = next(self._pages)
            except StopIteration:
                return
            yield page, time.perf_counter() - began - (time.thread_time() - computed)

    def _ahead(self) -> Iterator[T]:
        while True:
            page, error = self._queue.get()
            if error is not None:
                raise error
            if page is None:
                return
            yield page

    def _read(self) -> None:
        try:
            for page in self._pages:
                if not self._hand(page, None):
                    return
            self._hand(None, None)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the reader's thread
            self._hand(None, error)

    def _hand(self, page: T | None, error: BaseException | None) -> bool:
        while not self._leaving.is_set():
            try:
                self._queue.put((page, error), timeout=_POLL_SECONDS)
            except Full:
                continue
            return True
        return False
