"""Options of the whole suite."""

from __future__ import annotations

import pytest

from duebridge.core.edge import waiting
from duebridge.core.testing import Rig, ShelfTarget


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
