"""What would Afakto hold after it had taken every file of a folder, in the order of their names?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from duebridge.targets.afakto.sandbox.book import Book
from duebridge.targets.afakto.sandbox.reading import Refused, parsed
from duebridge.targets.afakto.sandbox.terms import Terms

#: Date, company, type, as Afakto recommends; what follows the date makes the name unique.
_NAME = re.compile(r"\d{8}[^_]*_[^_]+_(buyers|invoices)\.csv")


def read_delivery(folder: Path, terms: Terms | None = None) -> Book:
    """Take the files a reader sees in `folder` (`*.csv`), oldest first. Raises `Refused` naming the file."""
    return read_files(((path.name, path.read_bytes()) for path in sorted(folder.glob("*.csv"))), terms)


def read_files(files: Iterable[tuple[str, bytes]], terms: Terms | None = None) -> Book:
    """Take files by name and content. Raises `Refused` naming the file."""
    book = Book(terms or Terms())
    for name, content in files:
        try:
            take(book, name, content)
        except Refused as refused:
            raise Refused([f"{name}: {fault}" for fault in refused.faults]) from refused
    return book


def take(book: Book, name: str, content: bytes) -> int:
    """Take one CSV file, of the type its name tells; return how many rows it had. Raises `Refused`."""
    told = _NAME.fullmatch(name)
    if told is None:
        raise Refused(["a file is named DATE_COMPANY_buyers.csv or DATE_COMPANY_invoices.csv"])
    header, rows, mark = parsed(content)
    return book.take(name, told[1], header, rows, mark)
