"""Many random histories: books that change, writes that fail every way, kills, stops, retries, exclusions, pruning."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.engine.once import OnceTarget
from tests.engine.test_any_history import ANY, Turn, empty, prove, turns

from duebridge.core.testing import ReceivablesTarget

from .conftest import Figure

__all__ = ["empty"]  # the fixture

HISTORIES = 300


@pytest.mark.proof
@pytest.mark.parametrize("kind", [ReceivablesTarget, OnceTarget])
@pytest.mark.parametrize("on_delete", ["delete", "report"])
def test_every_report_adds_up_and_the_end_is_that_of_an_undisturbed_run(
    empty: Path, figure: Figure, kind: type[ReceivablesTarget], on_delete: str
) -> None:
    turned: list[int] = []

    @settings(max_examples=HISTORIES, **ANY)
    @given(history=turns)
    def play(history: list[Turn]) -> None:
        prove(empty, kind, on_delete, history)
        turned.append(len(history))

    play()
    safety = "create_once" if kind is OnceTarget else "upsert"
    figure(
        f"random histories, {safety} target, on_delete: {on_delete}",
        f"{len(turned)} of up to 5 disturbed runs ({sum(turned)} in all): 0 reports that don't add up, "
        "0 duplicates, 0 lost, the end is that of an undisturbed run",
    )
