"""How are rows written as a file, and what is the file called? Pure.

UTF-8 without a byte order mark, a header row, quotes where RFC 4180 wants them, lines that end with CR LF. Cells hold
the data as it is: one that a spreadsheet would take for a formula is not changed, since every way to do so would change
names and amounts at Afakto too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from duebridge.targets.afakto.columns import AMOUNTS, COLUMNS, File
from duebridge.targets.afakto.settings import AfaktoSettings
from duebridge.targets.afakto.snapshot import Row

#: No more files of one company bear one instant.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file to deliver: whose and what it is, when it was made, its content, and its rows by the
    names their columns have in it, amounts with decimal points."""

    company: str
    file: File
    made: datetime
    content: bytes
    rows: Sequence[Row]

    def names(self) -> Iterator[str]:
        """Names for the file, to be tried in turn until one is free: `20260302T050000.000000Z_ACME01_buyers.csv`."""
        stamp = f"{self.made:%Y%m%dT%H%M%S.%f}Z"
        company = re.sub(r"[^A-Za-z0-9.-]", "-", self.company)
        yield f"{stamp}_{company}_{self.file}.csv"
        for number in range(2, _MOST):
            yield f"{stamp}-{number}_{company}_{self.file}.csv"


def parcel(file: File, rows: Iterable[Row], options: AfaktoSettings, made: datetime) -> Parcel:
    """Return the file of `rows`, with the columns and marks `options` ask for; `made` is UTC."""
    columns = COLUMNS[file]
    names = options.columns(file)
    cells = [[row.get(column, "") for column in columns] for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=options.separator, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(map(partial(_marked, columns=columns, separator=options.separator), cells))
    named = [dict(zip(names, line, strict=True)) for line in cells]
    return Parcel(options.company_code, file, made, text.getvalue().encode(), named)


def unfinished(name: str) -> str:
    """Return what a file is called until it is whole: hidden, and with another ending, so that no reader takes it."""
    return f".{name}.part"


def is_unfinished(name: str, company: str) -> bool:
    """Whether `name` is that of a file of `company` that was never finished."""
    company = re.escape(re.sub(r"[^A-Za-z0-9.-]", "-", company))
    return re.fullmatch(rf"\.\d{{8}}T\d{{6}}\.\d{{6}}Z(-\d+)?_{company}_(buyers|invoices)\.csv\.part", name) is not None


def _marked(cells: Sequence[str], columns: Sequence[str], separator: str) -> Sequence[str]:
    """Amounts have decimal commas where cells are separated by `;`."""
    if separator == ",":
        return cells
    return [cell.replace(".", ",") if column in AMOUNTS else cell for cell, column in zip(cells, columns, strict=True)]
