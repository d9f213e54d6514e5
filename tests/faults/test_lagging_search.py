"""What if a search does not show yet what was made a moment ago? It is not asked before it does, and nothing is sent.

Carbon's stand-in hides new objects from its searches for a minute; the connector `carbon-lagging` declares it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from duebridge.core.testing import Fault, laid_out

from .desks import CarbonDesk, Desk, Held, LaggingDesk, difference
from .play import Play, playing

Figure = Callable[[str, str], None]

SIZE = {"customers": 20, "invoices": 120}
LOST = Fault(fault="lost_answer", method="POST", rate=0.5)
LAG = 60.0
PATIENCE = 60.0


@contextmanager
def lagging(desk: Desk, folder: Path, **more: Any) -> Iterator[Play]:
    """A play whose desk hides what is new for a minute, half of the answers to creates lost."""
    with playing(desk, folder, **SIZE, **more) as play:
        play.control("PUT", "settings/carbon", {"visible_after": LAG})
        play.order(LOST, seed=2)
        yield play


def wait(play: Play) -> None:
    """Let a minute pass."""
    play.clock.ahead += timedelta(seconds=LAG + 1)


def held(play: Play) -> Mapping[str, Held]:
    """What the desk holds, once it shows everything."""
    wait(play)
    return play.held()


def seen(play: Play) -> list[dict[str, Any]]:
    """What reached the desk, the question who we are aside."""
    rows = play.control("GET", "journal")
    return [row for row in rows if row["product"] == "carbon" and not row["path"].endswith("/company")]


def undisturbed(folder: Path, then: Callable[[Play], None] = lambda _: None) -> Any:
    folder.mkdir()
    with playing(CarbonDesk(), folder, **SIZE, on_delete="delete") as play:
        play.settle()
        then(play)
        play.settle()
        return play.held()


def test_a_declared_lag_is_waited_for_and_nothing_is_doubled(tmp_path: Path, figure: Figure) -> None:
    wanted = undisturbed(tmp_path / "undisturbed")
    with lagging(LaggingDesk(), tmp_path) as play:
        reports = play.settle(lambda: wait(play))
        found = difference(held(play), wanted)

    assert not found
    assert sum(report.unknown for report in reports) > 10
    figure(
        "half of the answers lost, a search that lags by a minute and says so",
        f"{found['duplicates']} duplicates, {found['lost']} lost, {len(reports)} runs",
    )


def test_a_lag_nobody_declared_doubles_what_a_search_does_not_show(tmp_path: Path) -> None:
    """The reason for declaring it, and a proof that a duplicate would be seen."""
    wanted = undisturbed(tmp_path / "undisturbed")
    with lagging(CarbonDesk(), tmp_path) as play:
        play.settle()
        assert difference(held(play), wanted)["duplicates"] > 10


def test_before_its_time_nothing_is_sent_or_asked_and_the_run_says_it_is_incomplete(tmp_path: Path) -> None:
    with lagging(LaggingDesk(), tmp_path) as play:
        first = play.bench.sync()
        unknown = play.unknown()
        before = len(seen(play))
        for options in ({}, {"full": True}, {"retry": True}):
            report = play.bench.sync(**options)
            assert (report.status, report.unknown) == ("incomplete", first.unknown), options
            assert report.consistent(), report.as_json()
            assert play.unknown().keys() == unknown.keys()
            assert seen(play)[before:] == []


def test_what_changes_or_goes_at_the_source_meanwhile_waits_too(tmp_path: Path) -> None:
    touched: list[dict[str, Any]] = []

    def meanwhile(play: Play) -> None:
        if not touched:
            touched.extend(row for row in play.unknown().values() if row["kind"] == "customer" and "part" not in row)
        assert len(touched) > 4
        for row in touched[:2]:
            play.control("PATCH", f"pennylane/customers/{row['id']}", {"emails": ["other@example.com"]})
        for row in play.ledger("customer_invoices"):
            if str(row["customer"]["id"]) == touched[2]["id"]:
                play.control("DELETE", f"pennylane/customer_invoices/{row['id']}")
        play.control("DELETE", f"pennylane/customers/{touched[2]['id']}")

    with lagging(LaggingDesk(), tmp_path, on_delete="delete") as play:
        play.bench.sync()
        before = len(seen(play))
        meanwhile(play)
        report = play.bench.sync()
        named = {(row["body"] or {}).get("reference") for row in seen(play)[before:]}
        assert report.status == "incomplete"
        assert report.consistent(), report.as_json()
        assert not named & {row["reference"] for row in touched}
        assert not [row for row in seen(play)[before:] if row["method"] != "POST"]
        wait(play)
        play.settle(lambda: wait(play))
        there = held(play)
    assert not difference(there, undisturbed(tmp_path / "undisturbed", meanwhile))


def test_a_process_that_is_killed_leaves_what_it_sent_to_be_found_after_the_lag(tmp_path: Path, figure: Figure) -> None:
    wanted = undisturbed(tmp_path / "undisturbed")
    with lagging(LaggingDesk(), tmp_path) as play:
        play.order(Fault(fault="hang", act=True, method="POST", path="/invoices$", skip=7, times=1))
        kill_in_flight(play, tmp_path)
        play.order()
        made = len(seen(play))
        first = play.bench.sync()
        unknown = play.unknown()
        asked = [row for row in seen(play)[made:] if row["query"] or row["body"]["reference"] in unknown]
        wait(play)
        reports = play.settle()
        found = difference(held(play), wanted)

    assert first.status == "incomplete"
    assert first.consistent(), first.as_json()
    assert unknown
    assert asked == []
    assert len(reports) == 1
    assert not found
    figure(
        "killed in the middle of a batch, a search that lags",
        f"{len(unknown)} unknown, {found['duplicates']} duplicates, {found['lost']} lost, {1 + len(reports)} runs",
    )


def kill_in_flight(play: Play, folder: Path) -> None:
    """Run the connection in a process of its own, and kill it once an answer is missing."""
    path = laid_out(folder / "installed", "carbon", "duebridge.core.testing.carbon")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "duebridge.core.cli", "--config", str(play.bench.config), "sync", "bench"],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE
        while play.faults.struck != [1]:
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "no request was struck"
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait(PATIENCE)
