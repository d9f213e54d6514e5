"""Did killing a run do any harm? Compared with an undisturbed run over the same data, through the products alone.

`rehearsed` plays a scene undisturbed; `played` plays it with kills and checks everything that must hold afterwards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.config import Config

from duebridge.core.store.database import MIGRATIONS, connect

from ...acceptance.scene import Row, adds_up
from ..desks import Held, difference
from .desks import KilledDesk
from .driver import LIVES, Ended, Kill
from .scenes import Cast, Play, made
from .stage import Moment, Stage

MOST_RUNS = 2


@dataclass(frozen=True)
class Rehearsal:
    """A scene played undisturbed: how it starts, the ledger after the kill, and what must come of it.

    `sent` is everything the desk was ever sent; `number` how often each write was made since the start; `passed` and
    `seconds` are those of the run that is going to be killed.
    """

    play: Play
    start: Moment
    ledger_later: dict[str, Any] | None
    held: Mapping[str, Held]
    contents: dict[tuple[str, str], list[str | None]]
    number: Counter[tuple[str, str, str]]
    passed: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Played:
    """What a scene with kills came to.

    `hits` of the kills came before the run's end, `runs` further ones were needed; `found` counts what is at the desk
    twice, not at all, or otherwise than undisturbed; `repeated` writes were made more often.
    """

    hits: int
    runs: int
    found: Counter[str]
    repeated: int


def rehearsed(stage: Stage, play: Play) -> Rehearsal:
    """Play `play` undisturbed."""
    stage.clear()
    stage.configure({}, play.keys)
    cast = made(stage.scene)
    if play.change is not None:
        _succeeded(stage.sync(LIVES))
        play.change(stage.scene, cast)
    stage.configure(stage.desk.other_options if play.other_options else {}, play.keys)
    if play.revision:
        _downgrade(stage, play.revision)
    start = stage.keep()
    stage.scene.clock.ahead = play.ahead
    run = _succeeded(stage.sync(LIVES))
    later = _change_again(stage, play, cast)
    if later is not None:
        _succeeded(stage.sync(LIVES))
    sent = stage.sent()[len(start.sent) :]
    number = _number(stage.desk, sent)
    contents = _contents(stage.desk, [*start.sent, *sent])
    return Rehearsal(play, start, later, stage.desk.held(stage.scene.url), contents, number, run.passed, run.seconds)


def played(stage: Stage, rehearsal: Rehearsal, kills: Sequence[Kill]) -> Played:
    """Play it with `kills`, a run each, and check that nothing was lost, doubled, or written over by what is older."""
    stage.put_back(rehearsal.start)
    stage.scene.clock.ahead = rehearsal.play.ahead
    hits, excused = 0, Counter[str]()
    for kill in kills:
        hits += stage.sync(kill).killed
        excused.update(_open_intents(stage))
        if rehearsal.ledger_later is not None:
            stage.put_back_ledger(rehearsal.ledger_later)
    runs = _runs_until_done(stage, rehearsal)
    _check_the_database(stage)
    sent = stage.sent()
    _check_a_further_run(stage, len(sent))
    repeated = _check_what_was_sent(stage.desk, rehearsal, sent, excused)
    return Played(hits, runs, difference(stage.desk.held(stage.scene.url), rehearsal.held), repeated)


def _change_again(stage: Stage, play: Play, cast: Cast) -> dict[str, Any] | None:
    if play.later is None:
        return None
    play.later(stage.scene, cast)
    return stage.keep_ledger()


def _downgrade(stage: Stage, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = connect(stage.database.address(stage.folder))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, revision)
    finally:
        engine.dispose()


def _succeeded(run: Ended) -> Ended:
    assert not run.killed
    assert run.code == 0, run.said
    assert run.report["status"] == "succeeded", run.report
    assert adds_up(run.report), run.report
    assert all(kind["rejected"] == kind["unknown"] == 0 for kind in run.report["kinds"].values()), run.report
    return run


def _runs_until_done(stage: Stage, rehearsal: Rehearsal) -> int:
    """How many plain runs it took until the desk held what it must; two at most."""
    runs = 0
    while runs < MOST_RUNS:
        run, runs = stage.sync(LIVES), runs + 1
        held = stage.desk.held(stage.scene.url)
        if run.code == 0 and not difference(held, rehearsal.held):
            break
    _succeeded(run)
    assert held == rehearsal.held, told_apart(held, rehearsal.held)
    return runs


def told_apart(held: Mapping[str, Held], wanted: Mapping[str, Held]) -> str:
    lines = [f"the desk is not as an undisturbed run leaves it: {dict(difference(held, wanted))}"]
    for name, things in wanted.items():
        for reference in things.keys() | held[name].keys():
            here, there = held[name].get(reference, []), things.get(reference, [])
            if here != there:
                lines.append(f"  {name} {reference}: {here}, not {there}")
    return "\n".join(lines)


def _open_intents(stage: Stage) -> set[str]:
    """The references of the writes that may have been under way when the run was killed."""
    return {row[0] for row in stage.ask("SELECT reference FROM records WHERE n IN (SELECT n FROM intents)")}


def _check_the_database(stage: Stage) -> None:
    assert stage.database.damage(stage.folder) == []
    assert stage.ask("SELECT n FROM intents") == []
    assert stage.ask("SELECT key FROM records WHERE due OR uncertain OR outcome IN ('unknown', 'rejected')") == []


def _check_a_further_run(stage: Stage, sent: int) -> None:
    run = _succeeded(stage.sync(LIVES))
    assert stage.sent()[sent:] == []
    assert all(kind["created"] == kind["updated"] == kind["deleted"] == 0 for kind in run.report["kinds"].values())


def _check_what_was_sent(desk: KilledDesk, rehearsal: Rehearsal, sent: list[Row], excused: Counter[str]) -> int:
    """Check every write; return how many were made more often than in an undisturbed run."""
    assert desk.complaints() == []
    more = _number(desk, sent) - rehearsal.number
    for (reference, collection, method), times in more.items():
        explained = excused[reference] if desk.repeats or method != "POST" else 0
        what = f"{method} {collection} {reference}"
        assert times <= explained, f"{what}: {times} more times than undisturbed, {explained} times it was unknown"
    for key, contents in _contents(desk, [*rehearsal.start.sent, *sent]).items():
        _check_order(key, contents, rehearsal.contents.get(key, []))
    return more.total()


def _check_order(key: tuple[str, str], contents: list[str | None], right: list[str | None]) -> None:
    """Check that content never went back to an older one; taking a tie back (None) may be said again."""
    at, order = 0, [content for content in right if content is not None]
    for content in contents:
        if content is None:
            continue
        assert content in order[at:], f"{key} was sent {content} after {order[: at + 1]}; right is {order}"
        at = order.index(content, at)


def _number(desk: KilledDesk, rows: Iterable[Row]) -> Counter[tuple[str, str, str]]:
    """How often each write was made."""
    return Counter((sent.reference, sent.collection, sent.method) for sent in map(desk.as_sent, rows))


def _contents(desk: KilledDesk, rows: Iterable[Row]) -> dict[tuple[str, str], list[str | None]]:
    """What was said of each thing, one after another."""
    found: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for sent in map(desk.as_sent, rows):
        found[sent.reference, sent.collection].append(sent.content)
    return found
