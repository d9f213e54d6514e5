"""Options of the whole suite; figures: what a proof counted, printed at the end whichever process ran it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from duebridge.core.edge import waiting
from duebridge.core.testing import Rig, ShelfTarget

FIGURE = "figure"

#: figure(what was done, what was seen)
Figure = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", action="store_true", help="print the figures that proofs counted")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are repeated at once: the pauses between attempts have tests of their own."""
    monkeypatch.setattr(waiting, "LONGEST_BACKOFF", 0.0)


@pytest.fixture
def shelf(rig: Rig) -> ShelfTarget:
    """A target that takes snapshots, beside the rig of the folder."""
    return ShelfTarget(rig.source.settings(), rig.services)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Keep a figure of this test; all of them are printed in a table of their own, in the order of the files."""

    def keep(what: str, seen: str) -> None:
        record_property(FIGURE, f"{what}: {seen}")

    return keep


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    lines = sorted(
        (report.nodeid, str(value), outcome)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == FIGURE and report.when == "call"
    )
    if not lines or not terminalreporter.config.getoption("figures"):
        return
    terminalreporter.section("figures")
    for _, line, outcome in lines:
        terminalreporter.write_line(line if outcome == "passed" else f"{line}  ({outcome})")
