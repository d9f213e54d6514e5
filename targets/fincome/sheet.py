"""How is a workbook written so that nobody ever sees half of it?

It is written beside its place under a hidden name, forced to the disk, and renamed. Names tell the instant (UTC) and
end in something random: no run takes another's place.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it ships without types
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]  # it ships without types

from duebridge.core.api import RunError
from duebridge.targets.fincome.columns import COLUMNS

#: What a sheet and a cell of a workbook hold at most.
MOST_ROWS = 1_048_575
MOST_TEXT = 32_767

_HIDDEN, _PART = ".fincome-", ".part"
#: Seconds after which a hidden file is nobody's.
_ABANDONED = 86400.0

#: What XML has no place for.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def written(
    folder: Path, rows: Sequence[Mapping[str, Any]], headers: Mapping[str, str], now: datetime
) -> tuple[Path, list[str]]:
    """Write `rows` to a new workbook in `folder`; return it, and what had to be cut. Raises `RunError`."""
    if len(rows) > MOST_ROWS:
        raise RunError(f"{len(rows)} rows are more than a workbook holds ({MOST_ROWS}); use mode api")
    _sweep(folder)
    name = f"fincome-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.xlsx"
    try:
        with _beside(folder) as hidden:
            cut = _write(hidden, rows, headers)
            with hidden.open("rb+") as file:
                os.fsync(file.fileno())
            hidden.replace(folder / name)
        _keep_name(folder)
    except (OSError, XlsxWriterException) as problem:
        raise RunError(f"no workbook was written to {folder} ({problem}); the next run writes one") from problem
    return folder / name, cut


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A hidden file in `folder`, which is gone afterwards under this name."""
    handle, path = tempfile.mkstemp(prefix=_HIDDEN, suffix=_PART, dir=folder)
    os.close(handle)
    hidden = Path(path)
    hidden.chmod(0o644)
    try:
        yield hidden
    finally:
        hidden.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what writers left that were killed: hidden files nobody has touched for a day."""
    for left in folder.glob(f"{_HIDDEN}*{_PART}"):
        with suppress(OSError):  # another writer swept it first, or it may not be removed: it is in nobody's way
            if left.stat().st_mtime < time.time() - _ABANDONED:
                left.unlink()


def _keep_name(folder: Path) -> None:
    """Force the folder's entry to the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, rows: Sequence[Mapping[str, Any]], headers: Mapping[str, str]) -> list[str]:
    cut: list[str] = []
    with xlsxwriter.Workbook(str(path), _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("Fincome")
        shown = workbook.add_format({"num_format": "dd/mm/yyyy"})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(COLUMNS):
            sheet.write_string(0, at, headers.get(column, column))
        for number, row in enumerate(rows, start=1):
            for at, column in enumerate(COLUMNS):
                value = row.get(column)
                if isinstance(value, date):
                    sheet.write_datetime(number, at, datetime(value.year, value.month, value.day), shown)  # noqa: DTZ001 - cells have no zone
                elif isinstance(value, str):
                    sheet.write_string(number, at, _fitting(value, number + 1, column, cut))
                elif value is not None:
                    sheet.write_number(number, at, float(value))
    return cut


def _fitting(text: str, row: int, column: str, cut: list[str]) -> str:
    """`text` as a cell takes it; half characters, which no file holds, become question marks, controls blanks."""
    whole = _CONTROLS.sub(" ", text.encode("utf-8", "replace").decode())
    if len(whole) <= MOST_TEXT:
        return whole
    cut.append(f"row {row}, {column}: the text was cut at {MOST_TEXT} characters, the most a cell holds")
    return whole[:MOST_TEXT]
