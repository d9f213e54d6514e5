"""Change events doubled, shuffled, told late, updates after deletions: is what is at Upflow the same in the end?

The same things happen twice, from the same start: once the feed tells them as it should, once it doesn't.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from duebridge.plugins.pennylane import changes

from ..acceptance.scene import OpenScene, Run, Scene
from .conftest import Figure
from .desk import State, everything
from .happenings import HAPPENINGS, Happening, Telling, happen, places

#: The guard has proofs of its own.
CONNECTION = "on_delete: delete\nfull_every: 90d\nrefresh_open: 90d\nguard: {share: 1.0, min: 100000}"
ROUNDS = st.lists(
    st.lists(st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.integers(0, 40)), min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)
TELLINGS = st.builds(
    Telling,
    st.randoms(use_true_random=False),
    twice=st.sampled_from([0.0, 0.5, 1.0]),
    late=st.sampled_from([0.0, 0.3, 1.0]),
    together=st.integers(1, 6),
    strays=st.booleans(),
)
#: Two runs over HTTP for every round: a failing life is shown as it is, as making it shorter would take minutes.
_UNHURRIED = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW, MANY = settings(_UNHURRIED, max_examples=8), settings(_UNHURRIED, max_examples=150)


@pytest.fixture
def ledger(open_scene: OpenScene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A small ledger, whose change feed gives five events at a time."""
    monkeypatch.setattr(changes, "LIMIT", 5)
    scene = open_scene(customers=4, invoices=20)
    scene.configure(connection=CONNECTION)
    return scene


def lived_through(scene: Scene, rounds: list[list[Happening]], telling: Telling | None) -> State:
    """What is at Upflow after `rounds`, each followed by a run; the first round happens before the first run's read."""
    assert scene.http.post(f"{scene.url}/_sandbox/reset").status_code == 204
    for path in scene.folder.glob("duebridge.db*"):
        path.unlink()
    seeded = places(scene)
    for number, happenings in enumerate(rounds):
        told = places(scene)
        happen(scene, happenings)
        if number == 0:
            scene.synced()  # a first run crawls; what it has seen may be told to the next one all the same
        if telling is not None:
            telling.disturb(scene, told, seeded)
        scene.synced()
    check_at_rest(scene, scene.synced())
    return everything(scene)


def check_at_rest(scene: Scene, run: Run) -> None:
    """A run after the last one neither reads nor writes anything, and a full crawl finds nothing to mend."""
    assert run.upflow == []
    assert all(kind["read"] == 0 for kind in run.report["kinds"].values())
    assert scene.synced(full=True).writes == []


def compare(scene: Scene, rounds: list[list[Happening]], telling: Telling) -> None:
    """Live through `rounds` twice, told as it should be and by `telling`."""
    seed = telling.random.getrandbits(32)
    undisturbed = lived_through(scene, rounds, None)
    again = replace(telling, random=Random(seed))  # noqa: S311 - nothing secret about it
    assert lived_through(scene, rounds, again) == undisturbed


@FEW
@given(rounds=ROUNDS, telling=TELLINGS)
def test_a_feed_that_tells_twice_late_and_in_another_order_leads_to_the_same_state(
    ledger: Scene, rounds: list[list[Happening]], telling: Telling
) -> None:
    compare(ledger, rounds, telling)


@pytest.mark.proof
def test_hundreds_of_disturbed_feeds_lead_to_the_same_state(ledger: Scene, figure: Figure) -> None:
    met = [0, 0]

    @MANY
    @given(rounds=ROUNDS, telling=TELLINGS)
    def lead(rounds: list[list[Happening]], telling: Telling) -> None:
        compare(ledger, rounds, telling)
        met[0] += 1
        met[1] += sum(map(len, rounds))

    lead()
    figure(
        "change events doubled, late, shuffled, updates after deletions",
        f"same state in {met[0]} of {met[0]} lives, {met[1]} changes in all",
    )


def test_a_deletion_told_again_after_the_row_was_restored_does_not_take_it_away(ledger: Scene) -> None:
    ledger.synced()
    told = places(ledger)["customer_invoices"]
    happen(ledger, [("restore", 0)])
    events = ledger.served.pennylane.state.feeds["customer_invoices"].events
    (deletion,) = (event for event in events[told:] if event.operation == "delete")
    events.append(replace(deletion, processed_at=events[-1].processed_at))

    run = ledger.synced()

    assert [row["path"] for row in run.upflow if row["method"] == "DELETE"] == []
    assert f"pennylane-invoice-{deletion.id}" in ledger.desk("invoices")
    check_at_rest(ledger, ledger.synced())


def test_every_happening_happens(ledger: Scene) -> None:
    ledger.synced()
    for word in HAPPENINGS:
        told = places(ledger)
        happen(ledger, [(word, 1)])
        assert places(ledger) != told, word
