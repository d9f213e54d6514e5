"""Fetches the next page while this one is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")
_DEPTH = 2
_POLL_SECONDS = 0.1


class Prefetched(Generic[T]):
    """Iterates over `pages` in a thread of its own, at most two ahead; what it raises is raised to the reader.

    Leaving the `with` block ends the thread before the next page is asked for.
    """

    def __init__(self, pages: Iterator[T], name: str) -> None:
        """Start reading `pages`."""
        self._pages = pages
        self._queue: Queue[tuple[T | None, BaseException | None]] = Queue(_DEPTH)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)

    def __enter__(self) -> Iterator[T]:
        """Return the pages, in order."""
        self._thread.start()
        return self._iterate()

    def __exit__(self, *_: object) -> None:
        """Stop reading ahead and wait for the request under way."""
        self._leaving.set()
        self._thread.join()

    def _iterate(self) -> Iterator[T]:
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
