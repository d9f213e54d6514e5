"""The whole pipeline beside its floor, interleaved in one program: what does DueBridge cost over the least possible?

    pipeline  pull over HTTP, canonical, decide, map, fingerprint, store, claim, push, settle
    floor     sequential httpx, pydantic validation of whole objects per page, executemany upserts, the same push

Both pull the same pages from a local server in a process of its own and push to the same in-process target, once per
record. Usage: `make bench` or `python scripts/bench.py --customers 20000 --invoices 100000 --runs 5`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench_floor import run_floor
from bench_pipeline import run_pipeline
from bench_server import serve

RATIO_LIMIT = 2.0
PEAK_LIMIT_MB = 150


def main() -> int:
    """Run both sides in turn and print seconds, ratios and peaks; exit 1 when a limit is passed."""
    options = _options()
    context = multiprocessing.get_context("spawn")
    url, server = _start_server(context, options.customers, options.invoices)
    try:
        rows = [_pair(context, url, number, options) for number in range(1, options.runs + 1)]
    finally:
        server.terminate()
        server.join()
    ratios = [pipeline[0] / floor[0] for pipeline, floor in rows]
    ratio = statistics.median(ratios)
    peak = max(pipeline[1] for pipeline, _ in rows)
    print(f"median ratio {ratio:.2f} (limit {RATIO_LIMIT}); peak {peak:.0f} MB (limit {PEAK_LIMIT_MB})")
    return 0 if ratio <= RATIO_LIMIT and peak <= PEAK_LIMIT_MB else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


def _start_server(context: multiprocessing.context.SpawnContext, customers: int, invoices: int):
    receiver, sender = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(sender, customers, invoices), daemon=True)
    server.start()
    return receiver.recv(), server


def _pair(context, url: str, number: int, options: argparse.Namespace):
    order = (run_pipeline, run_floor) if number % 2 else (run_floor, run_pipeline)
    results = {side: _measure(context, side, url, options) for side in order}
    pipeline, floor = results[run_pipeline], results[run_floor]
    print(
        f"run {number}: pipeline {pipeline[0]:.2f} s ({pipeline[1]:.0f} MB),"
        f" floor {floor[0]:.2f} s ({floor[1]:.0f} MB), ratio {pipeline[0] / floor[0]:.2f}",
        flush=True,
    )
    return pipeline, floor


def _measure(context, side, url: str, options: argparse.Namespace) -> tuple[float, float]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, side, url, options.customers, options.invoices))
    process.start()
    try:
        result = receiver.recv()
    except EOFError:
        raise SystemExit(f"{side.__name__} failed; its traceback is above") from None
    process.join()
    return result


def _child(sender, side, url: str, customers: int, invoices: int) -> None:
    with tempfile.TemporaryDirectory(prefix="duebridge-bench-") as folder:
        began = time.perf_counter()
        pushed = side(url, Path(folder) / "bench.db")
        seconds = time.perf_counter() - began
    if pushed != customers + invoices:
        raise SystemExit(f"{side.__name__} pushed {pushed} records, not {customers + invoices}")
    sender.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    sender.close()


if __name__ == "__main__":
    sys.exit(main())
