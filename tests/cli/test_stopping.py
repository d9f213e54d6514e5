"""Ctrl-C: once to finish what is under way, twice to stop at once."""

from __future__ import annotations

import os
import signal

import pytest

from duebridge.core.cli.stopping import stoppable

SECONDS = 10.0


def test_the_first_signal_asks_and_the_second_interrupts(capsys: pytest.CaptureFixture[str]) -> None:
    with stoppable() as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.wait(SECONDS)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

    assert "the writes in flight are finished first" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_handlers_are_as_before_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with stoppable() as stopping:
        assert signal.getsignal(number) is not before

    assert signal.getsignal(number) is before
    assert not stopping.is_set()
