"""How is a file of rows read? UTF-8, a header row, `,` with decimal points or `;` with decimal commas.

Source: Afakto's help on CSV imports: exact column names, more columns are ignored, lines end with CR LF, LF or CR.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from duebridge.targets.afakto.sandbox.terms import OPTIONAL, REQUIRED, Terms

Row = dict[str, str]

_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_AMOUNT = {".": re.compile(r"-?\d+(\.\d+)?"), ",": re.compile(r"-?\d+(,\d+)?")}


class Refused(ValueError):
    """The file isn't taken; `faults` says why, place by place."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Keep `faults`; there is at least one."""
        super().__init__("; ".join(faults[:10]))
        self.faults = tuple(faults)


def parsed(content: bytes) -> tuple[list[str], list[Row], str]:
    """Return the header of a CSV file, its rows by those names, and its decimal mark. Raises `Refused`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused([f"byte {error.start}: not UTF-8"]) from error
    if not text.endswith(("\n", "\r")):
        raise Refused(["the file ends within a line"])
    separator = ";" if ";" in text.splitlines()[0] else ","
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Refused([f"not CSV: {error}"]) from error
    header, *rest = lines
    if len(set(header)) < len(header):
        raise Refused(["the header has a column twice"])
    wrong = [(n, len(line)) for n, line in enumerate(rest, 2) if len(line) != len(header)]
    faults = [f"row {n}: {cells} cells, not {len(header)}" for n, cells in wrong]
    if faults:
        raise Refused(faults)
    return header, [dict(zip(header, line, strict=True)) for line in rest], "," if separator == ";" else "."


def by_our_names(rows: Sequence[Mapping[str, str]], header: Sequence[str], file: str, terms: Terms) -> list[Row]:
    """Return `rows` by our column names, other columns left out. Raises `Refused` for a header that lacks one."""
    missing = [terms.column(file, name) for name in REQUIRED[file] if terms.column(file, name) not in header]
    if missing:
        raise Refused([f"the header lacks {', '.join(missing)}"])
    names = (*REQUIRED[file], *OPTIONAL[file])
    return [{name: row.get(terms.column(file, name), "") for name in names} for row in rows]


def day(text: str) -> date | None:
    """The day a cell tells (`YYYY-MM-DD`, `DD/MM/YYYY`, or an ISO instant); None when it tells none."""
    turned = _DAY.fullmatch(text)
    try:
        return (
            date.fromisoformat(f"{turned[3]}-{turned[2]}-{turned[1]}")
            if turned
            else datetime.fromisoformat(text).date()
        )
    except ValueError:
        return None


def amount(text: str, mark: str) -> Decimal | None:
    """The amount a cell tells, with `mark` before the decimals; None when it tells none."""
    return Decimal(text.replace(",", ".")) if _AMOUNT[mark].fullmatch(text) else None
