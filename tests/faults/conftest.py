"""Figures: what a proof counted, printed at the end whichever process ran it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ..acceptance.conftest import open_scene, registry, served_with

__all__ = ["Figure", "figure", "open_scene", "registry", "served_with"]

FIGURE = "figure"

#: figure(what was done, what was seen)
Figure = Callable[[str, str], None]


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
