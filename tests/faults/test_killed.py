"""What if the process is killed, at any point? Nothing is doubled, nothing is lost, and the next runs finish the work.

A kill is a SIGKILL of a real `duebridge sync`. What must hold afterwards is in `kill/oracle.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from random import Random

import pytest

from duebridge.core.testing import carbon, laid_out

from ..postgresql.server import running
from .conftest import Figure
from .kill.databases import PostgresDatabase, SqliteDatabase
from .kill.desks import KilledCarbon, KilledDesk, KilledUpflow
from .kill.driver import Driver, Kill, driving
from .kill.oracle import Played, Rehearsal, played, rehearsed
from .kill.points import DOUBTED, FOUND, GROUPS, LOOKED, UNNAMED, WRITING, committed, not_committed, points
from .kill.scenes import AGAIN, DELETIONS, FIRST, MIGRATED, PLAYS, RELINKS, UPDATES, WITHDRAWN, Play
from .kill.stage import Stage, staged

POSTGRESQL = "upsert, PostgreSQL"
DESKS: dict[str, type[KilledDesk]] = {
    "upsert": KilledUpflow,
    "create_once": KilledCarbon,
    POSTGRESQL: KilledUpflow,
}
#: What a run to each desk is killed at. Reading does not depend on the desk.
EVERYWHERE = [("upsert", play) for play in PLAYS]
WHILE_WRITING = [("create_once", play) for play in (FIRST, UPDATES, RELINKS, DELETIONS, AGAIN)]
ON_POSTGRESQL = [(POSTGRESQL, play) for play in (UPDATES, RELINKS, MIGRATED)]
#: What is killed at random, in blocks of a seed each.
SORTS = ("upsert", "create_once")
BLOCKS, KILLS_OF_A_BLOCK = 10, 20
#: What these proofs promise at least.
NAMED, RANDOM = 20, 200

Kills = list[Kill]
OnStage = Callable[[str, Play], tuple[Stage, Rehearsal]]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A warm process that forks a child for every run."""
    with driving(laid_out(tmp_path_factory.mktemp("plugins"), "carbon", carbon.__name__)) as started:
        yield started


@pytest.fixture(scope="session")
def on_stage(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnStage]:
    """Return the stage of a sort of desk and the rehearsal of a scene there, each made once."""
    with ExitStack() as stack:

        @cache
        def stage(sort: str) -> Stage:
            database = PostgresDatabase(stack.enter_context(running())) if sort == POSTGRESQL else SqliteDatabase()
            return stack.enter_context(staged(driver, DESKS[sort](), database, tmp_path_factory.mktemp(sort)))

        @cache
        def rehearsal(sort: str, play: Play) -> Rehearsal:
            return rehearsed(stage(sort), play)

        yield lambda sort, play: (stage(sort), rehearsal(sort, play))


def harmless(stage: Stage, rehearsal: Rehearsal, kills: Kills) -> Played:
    """Play the scene with these kills; a failure names them."""
    try:
        result = played(stage, rehearsal, kills)
        assert not result.found
    except AssertionError as failure:
        failure.add_note(f"in {rehearsal.play}, killed " + ", then ".join(map(str, kills)))
        raise
    return result


def told(results: Iterable[Played], named: int) -> str:
    """What the figures say of these kills."""
    seen = list(results)
    found: Counter[str] = sum((result.found for result in seen), Counter())
    hits, repeated = sum(result.hits for result in seen), sum(result.repeated for result in seen)
    where = f"{named} points, " if named else ""
    what = f"{found['duplicates']} duplicates, {found['lost']} lost, {found['different']} different"
    return f"{where}{hits} kills: {what}, {repeated} writes repeated, at most {max(r.runs for r in seen)} further run"


def killed_at(stage: Stage, rehearsal: Rehearsal, names: Iterable[str]) -> str:
    """Kill a run at the first and the last passing of each point of a first sync, otherwise at the middle one."""
    results: list[Played] = []
    names = [name for name in names if rehearsal.passed.get(name)]
    for name in names:
        number = rehearsal.passed[name]
        passings = {1, number} if rehearsal.play is FIRST else {(number + 1) // 2}
        for passing in sorted(passings):
            results.append(harmless(stage, rehearsal, [Kill(name, passing)]))
            assert results[-1].hits == 1, f"{name} was not passed {passing} times"
    return told(results, len(names))


@pytest.mark.proof
@pytest.mark.parametrize(("sort", "play"), [*EVERYWHERE, *WHILE_WRITING, *ON_POSTGRESQL], ids=str)
def test_a_run_killed_at_any_named_point_loses_and_doubles_nothing(
    on_stage: OnStage, figure: Figure, sort: str, play: Play
) -> None:
    stage, rehearsal = on_stage(sort, play)
    groups = play.at if sort != "create_once" else (WRITING,)
    figure(f"SIGKILL in {play}, {sort}", killed_at(stage, rehearsal, points(stage.desk.name, groups)))


@pytest.mark.parametrize(("sort", "plays"), [("upsert", EVERYWHERE), ("create_once", WHILE_WRITING)])
@pytest.mark.proof
def test_every_named_point_is_passed_by_one_of_the_scenes_killed_there(
    on_stage: OnStage, figure: Figure, sort: str, plays: list[tuple[str, Play]]
) -> None:
    groups = GROUPS if sort == "upsert" else (WRITING,)
    passed = {play: on_stage(sort, play)[1].passed.keys() for _, play in plays}
    target = on_stage(sort, FIRST)[0].desk.name
    killed = {name for play in passed for name in points(target, set(play.at) & set(groups)) if name in passed[play]}
    assert killed == set(points(target, groups))
    assert not any(name.startswith(UNNAMED) for names in passed.values() for name in names)
    assert sort != "upsert" or len(killed) >= NAMED
    figure(f"named points, {sort}", f"{len(killed)}, each killed at")


AFTERWARDS = [
    ("create_once", FIRST, "earlier attempt to be looked for"),
    ("create_once", FIRST, LOOKED),
    ("create_once", RELINKS, LOOKED),
    ("create_once", WITHDRAWN, not_committed(FOUND)),
    ("create_once", WITHDRAWN, committed(FOUND)),
    ("upsert", UPDATES, not_committed(DOUBTED)),
    ("upsert", UPDATES, committed(DOUBTED)),
    ("create_once", DELETIONS, committed(DOUBTED)),
]


@pytest.mark.parametrize(("sort", "play", "point"), AFTERWARDS, ids=str)
def test_a_run_killed_while_it_settles_what_a_killed_one_left_loses_and_doubles_nothing(
    on_stage: OnStage, sort: str, play: Play, point: str
) -> None:
    stage, rehearsal = on_stage(sort, play)
    first = Kill("write: answered, answer not read", (rehearsal.passed["write: answered, answer not read"] + 1) // 2)
    assert harmless(stage, rehearsal, [first, Kill(point, 1)]).hits == 2


def random_kills(random: Random, rehearsal: Rehearsal) -> Kills:
    """One to three kills, of a run and of those that follow: after a time, or at a passing of any point."""

    def one() -> Kill:
        if random.random() < 0.5:
            return Kill(after=random.uniform(0.0, rehearsal.seconds))
        return Kill("", random.randint(1, sum(rehearsal.passed.values())))

    return [one() for _ in range(random.choices((1, 2, 3), (5, 3, 2))[0])]


def killed_at_random(on_stage: OnStage, seed: int, enough: int) -> list[Played]:
    """Kill runs of any scene until `enough` kills hit: some come after the run has ended by itself."""
    random, results = Random(seed), list[Played]()  # noqa: S311 - a seed that gives the same kills again
    while sum(result.hits for result in results) < enough:
        stage, rehearsal = on_stage(random.choice(SORTS), random.choice(PLAYS))
        results.append(harmless(stage, rehearsal, random_kills(random, rehearsal)))
    return results


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1, BLOCKS + 1))
def test_runs_killed_at_random_and_those_that_follow_lose_and_double_nothing(
    on_stage: OnStage, figure: Figure, seed: int
) -> None:
    figure(f"SIGKILL at random, seed {seed}", told(killed_at_random(on_stage, seed, KILLS_OF_A_BLOCK), 0))


def test_there_are_as_many_random_kills_as_promised() -> None:
    assert BLOCKS * KILLS_OF_A_BLOCK >= RANDOM


HANDFUL = [
    ("upsert", FIRST, "cursor moved, not committed"),
    ("upsert", FIRST, "write: in flight"),
    ("create_once", FIRST, "write: answered, answer not read"),
    ("create_once", RELINKS, "link released, not made again"),
    ("upsert", AGAIN, "batch written, nothing settled"),
]


@pytest.mark.parametrize(("sort", "play", "point"), HANDFUL, ids=str)
def test_a_run_killed_at_the_likeliest_points_loses_and_doubles_nothing(
    on_stage: OnStage, sort: str, play: Play, point: str
) -> None:
    stage, rehearsal = on_stage(sort, play)
    assert harmless(stage, rehearsal, [Kill(point, (rehearsal.passed[point] + 1) // 2)]).hits == 1
