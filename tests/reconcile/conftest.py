"""A rig per test, over a database file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from duebridge.core.testing import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A connection that has never run."""
    made = Rig(f"sqlite:///{tmp_path / 'rig.db'}")
    yield made
    made.close()
