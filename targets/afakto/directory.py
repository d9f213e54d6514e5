"""How does a file get into a folder, whole or not at all?

written under a hidden name -> forced to disk -> renamed -> the folder forced to disk

Whoever lists the folder sees the file's own name once it is complete, never before. Files are readable by owner and
group (0640, less what the process's umask takes away).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from duebridge.core.api import RunError, UnknownOutcome
from duebridge.targets.afakto.files import Parcel, is_unfinished, unfinished

_MODE = 0o640
#: Bytes.
_AT_ONCE = 2**20


class Directory:
    """A folder that Afakto's files are collected from."""

    def __init__(self, path: str) -> None:
        """Nothing is looked at yet."""
        self._path = Path(path).expanduser()

    def check(self) -> str:
        """Return where files go. `RunError`: a folder that isn't there or takes no files (it may come back)."""
        if not self._path.is_dir():
            raise RunError(f"directory: {self._path} is no folder; make it (or mount what it stands for)")
        if not os.access(self._path, os.W_OK | os.X_OK):
            raise RunError(f"directory: {self._path} can't be written to; give this user the right to")
        return str(self._path.resolve())

    def put(self, parcel: Parcel) -> str:
        """Deliver a file; return its name.

        Raises `RunError` when it is not there, `UnknownOutcome` when a power cut may still undo it.
        """
        self.check()
        with _telling(self._path, parcel.file):
            self._clear(parcel.company)
            name = next(name for name in parcel.names() if not os.path.lexists(self._path / name))
            hidden = self._path / unfinished(name)
            try:
                _write(hidden, parcel.content)
                hidden.rename(self._path / name)
            except BaseException:
                with suppress(OSError):
                    hidden.unlink()
                raise
        try:
            _force(self._path)
        except OSError as error:
            raise UnknownOutcome(
                f"{name} is in {self._path}, but the folder could not be forced to disk ({error.strerror}); "
                "the next run delivers a new file"
            ) from error
        return name

    def close(self) -> None:
        """Nothing is held open."""

    def _clear(self, company: str) -> None:
        """Remove what runs that died left unfinished: a connection has one run at a time."""
        for left in self._path.iterdir():
            if is_unfinished(left.name, company):
                left.unlink()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        left = memoryview(content)
        while left:
            left = left[_write_some(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_some(descriptor: int, left: memoryview) -> int:
    return os.write(descriptor, left[:_AT_ONCE])


def _force(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _telling(folder: Path, file: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"the {file} file was not delivered to {folder}: {error.strerror or error}; "
            "mend that, the next run delivers"
        ) from error
