"""Servers that fail one request in three, or ask for patience: how does a whole sync end, and is patience kept?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duebridge.core.testing import Fault, faults

from ..acceptance.comparison import check_what_arrived
from ..acceptance.scene import OpenScene, Row, Scene, adds_up
from .conftest import Figure

STATUSES = (500, 502, 503, 504)
#: Runs without faults until everything must be as if there had been none.
FURTHER_RUNS = 2
#: The patience asked for, in seconds.
SECONDS = 3
#: How long a request may have been on its way when the product asked for patience; seconds.
ON_ITS_WAY = 2.0
#: Writes to Upflow at once.
PARALLEL = 5


def failing(share: float) -> list[Fault]:
    """Rules that fail this share of all requests, evenly by each status, before or after the product acted."""
    kinds = [(status, act) for status in STATUSES for act in (False, True)]
    each = share / len(kinds)
    # a rule is asked about what those before it let pass
    return [
        Fault(fault="status", status=status, act=act, rate=each / (1 - each * number))
        for number, (status, act) in enumerate(kinds)
    ]


def settle(scene: Scene) -> int:
    """Run without faults until a run succeeds with nothing left open; how many runs that took."""
    for number in range(1, FURTHER_RUNS + 1):
        report = scene.sync().report
        counts = report["kinds"].values()
        if report["status"] == "succeeded" and not any(kind["unknown"] + kind["rejected"] for kind in counts):
            return number
    raise AssertionError(f"not settled by {FURTHER_RUNS} runs: {report}")


def check_ended_well(report: Row) -> None:
    """Succeeded with every record told, or incomplete with the reason; nothing blamed on a record."""
    counts = report["kinds"].values()
    assert report["status"] in {"succeeded", "incomplete"}, report
    assert not any(kind["rejected"] for kind in counts), report
    if report["status"] == "succeeded":
        assert adds_up(report), report
    else:
        assert "next run" in report["error"], report
        assert all(kind["read"] >= kind["created"] + kind["unknown"] for kind in counts), report


@pytest.mark.proof
def test_a_run_whose_requests_fail_one_in_three_ends_well_with_its_pauses(
    open_scene: OpenScene, figure: Figure
) -> None:
    scene = open_scene(customers=6, invoices=30)
    with faults(scene.url, *failing(0.3), seed=1) as ordered:
        run = scene.sync()
        struck = sum(ordered.struck)
    check_ended_well(run.report)
    further = settle(scene)
    check_what_arrived(scene, "fix")
    figure(
        f"{struck} of {len(run.pennylane) + len(run.upflow)} requests answered 500/502/503/504, pauses as they are",
        f"{run.report['status']} after {run.report['seconds']:.0f} s; complete after {further} more",
    )


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("runs", [8, pytest.param(100, marks=pytest.mark.proof)])
def test_runs_whose_requests_fail_one_in_three_end_well_and_nothing_is_lost_or_doubled(
    open_scene: OpenScene, figure: Figure, runs: int
) -> None:
    ended: Counter[str] = Counter()
    struck = asked = further = 0
    for seed in range(runs):
        scene = open_scene(customers=10, invoices=60)
        for path in scene.folder.glob("duebridge.db*"):
            path.unlink()
        with faults(scene.url, *failing(0.3), seed=seed) as ordered:
            run = scene.sync()
            struck += sum(ordered.struck)
        asked += len(run.pennylane) + len(run.upflow)
        check_ended_well(run.report)
        ended[run.report["status"]] += 1
        further = max(further, settle(scene))
        check_what_arrived(scene, "fix")
    assert 0.27 < struck / asked < 0.33
    figure(
        f"{struck} of {asked} requests answered 500/502/503/504 in {runs} runs",
        f"{ended['succeeded']} succeeded, {ended['incomplete']} incomplete; complete after at most {further} more",
    )


# --- patience


def instant(row: Row) -> datetime:
    """When a request arrived."""
    return datetime.fromisoformat(row["at"])


def same(one: Row, other: Row) -> bool:
    """Whether two rows are the same request, asked again."""
    return all(one[name] == other[name] for name in ("product", "method", "path", "query", "body"))


def calls_too_soon(rows: list[Row], asked_by: int) -> list[Row]:
    """Calls before the time asked for: the same request at all, others unless they were on their way."""
    early: list[Row] = []
    for place, row in enumerate(rows):
        if row["status"] != asked_by or row.get("fault") != "status":
            continue
        until = instant(row) + timedelta(seconds=SECONDS)
        later = [each for each in rows[place + 1 :] if each["product"] == row["product"] and instant(each) < until]
        on_their_way = instant(row) + timedelta(seconds=ON_ITS_WAY)
        early += [each for each in later if same(each, row)]
        if asked_by == 429:
            others = [each for each in later if not same(each, row)]
            early += [each for each in others if instant(each) > on_their_way]
            early += others[
                2 * (PARALLEL - 1) :
            ]  # each other lane: one under way, one begun before the answer was read
    return early


def patience(status: int, form: Any, **which: Any) -> Fault:
    """Ask for patience, in seconds or until an instant."""
    return Fault(fault="status", status=status, retry_after=SECONDS, retry_after_as=form, **which)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize(
    ("product", "path", "skip"),
    [("pennylane", "/customer_invoices$", 0), ("upflow", "/v1/customers$", 1), ("upflow", "/v1/invoices$", 3)],
)
def test_after_429_nothing_is_asked_before_the_time_that_was_asked_for(
    open_scene: OpenScene, figure: Figure, product: str, path: str, skip: int, form: Any
) -> None:
    scene = open_scene(customers=6, invoices=30)
    with faults(scene.url, patience(429, form, product=product, path=path, skip=skip, times=1)) as ordered:
        run = scene.sync()
        assert ordered.struck == [1]
    assert run.report["status"] == "succeeded", run.report
    assert calls_too_soon(run.pennylane + run.upflow, 429) == []
    check_what_arrived(scene, "fix")
    figure(f"429 with Retry-After as {form} at {product} {path}", "0 calls before the time asked for")


@pytest.mark.proof
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_one_request_in_ten_answered_429_or_503_with_patience_to_keep(
    open_scene: OpenScene, figure: Figure, form: Any
) -> None:
    scene = open_scene(customers=10, invoices=60)
    with faults(scene.url, patience(429, form, rate=0.06), patience(503, form, rate=0.06), seed=4) as ordered:
        run = scene.sync()
        struck = ordered.struck
    assert min(struck) > 0
    check_ended_well(run.report)
    rows = run.pennylane + run.upflow
    assert calls_too_soon(rows, 429) == calls_too_soon(rows, 503) == []
    settle(scene)
    check_what_arrived(scene, "fix")
    figure(
        f"{struck[0]} times 429, {struck[1]} times 503, each with Retry-After as {form}",
        f"{run.report['status']}; 0 calls before the time asked for",
    )


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_patience_of_an_hour_ends_the_run_which_says_until_when(open_scene: OpenScene, form: Any) -> None:
    scene = open_scene(customers=6, invoices=31, seed=len(form))  # of its own: its limit stays closed for an hour
    hour = Fault(fault="status", status=429, product="upflow", retry_after=3600, retry_after_as=form, times=1)
    until = datetime.now(UTC) + timedelta(hours=1)
    with faults(scene.url, hour):
        run = scene.sync()
    assert (run.report["status"], run.exit_code) == ("incomplete", 1)
    assert len(run.upflow) == 1
    assert any(f"{until + timedelta(seconds=s):%Y-%m-%d %H:%M:%S} UTC" in run.report["error"] for s in range(10))
