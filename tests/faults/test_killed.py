"""What if the process is killed, at any point? Nothing is doubled, nothing is lost, and the next runs finish the work."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from .conftest import Figure
from .kill.desks import Desk, UpflowDesk
from .kill.driver import Driver, Kill, driving
from .kill.oracle import Played, Rehearsal, played, rehearsed
from .kill.points import points
from .kill.scenes import PLAYS, Play
from .kill.stage import Stage, staged


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    """A warm process that forks a child for every run."""
    with driving() as started:
        yield started


@pytest.fixture(scope="session")
def stage(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stand-ins."""
    with staged(driver, UpflowDesk(), tmp_path_factory.mktemp("killed")) as ready:
        yield ready


@pytest.mark.parametrize("play", PLAYS, ids=str)
def test_try(stage, play):
    import time
    t=time.time()
    r = rehearsed(stage, play)
    print(play, len(r.passed), r.seconds, r.number.total(), sum(r.passed.values()), time.time()-t)
    print([p for p in points("upflow") if p not in r.passed])
    t=time.time()
    print(played(stage, r, [Kill("write: in flight", 3)]), time.time()-t)
