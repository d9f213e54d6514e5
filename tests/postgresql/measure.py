"""How long does a first sync take on PostgreSQL, as a ratio to SQLite, in one program?

python tests/postgresql/measure.py [--customers 2000] [--invoices 10000] [--runs 5]

Both go through the same rig, in pages of 100, in turn. The server keeps its promises to the disk here (`fsync`), as it
does where it is used; SQLite keeps those the store asks it for.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from server import Server, running

from duebridge.core.testing import LedgerSource, Rig, customer, invoice


def main() -> None:
    """Print seconds and ratio of each run, and the medians."""
    options = _options()
    LedgerSource.page_size = 100
    with running(fsync="on", full_page_writes="on") as server:
        pairs = [_pair(server, options, number) for number in range(options.runs)]
    sqlite, postgresql = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(after / before for before, after in pairs)
    _say(f"median: SQLite {sqlite:.2f} s, PostgreSQL {postgresql:.2f} s, ratio {ratio:.2f}")


def _pair(server: Server, options: argparse.Namespace, number: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{Path(folder) / 'rig.db'}", server.url(server.fresh())]
        seconds = {url: _first_sync(url, options) for url in (urls if number % 2 else reversed(urls))}
    before, after = (seconds[url] for url in urls)
    _say(f"run {number + 1}: SQLite {before:.2f} s, PostgreSQL {after:.2f} s, ratio {after / before:.2f}")
    return before, after


def _first_sync(url: str, options: argparse.Namespace) -> float:
    rig = Rig(url)
    rig.source.put(*(customer(str(n)) for n in range(options.customers)))
    rig.source.put(*(invoice(str(n), str(n % options.customers), paid=n % 2 == 0) for n in range(options.invoices)))
    began = time.perf_counter()
    report = rig.run()
    seconds = time.perf_counter() - began
    assert report.status == "succeeded", report.error
    rig.close()
    return seconds


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
