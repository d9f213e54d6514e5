"""What if the search that should settle a lost create fails too, finds two, or is refused? Nothing is sent again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from duebridge.core.testing import Fault

from .desks import CarbonDesk, difference
from .play import Play, playing

Figure = Callable[[str, str], None]

SIZE = {"customers": 20, "invoices": 120}
LOST = Fault(fault="lost_answer", method="POST", rate=0.5)
SEARCH = {"method": "GET", "query": "reference="}
FAILURES = {
    "lost": Fault(fault="lost_answer", **SEARCH),
    "reset": Fault(fault="reset", **SEARCH),
    "unavailable": Fault(fault="status", status=503, **SEARCH),
    "refused": Fault(fault="status", status=400, **SEARCH),
    "a web page": Fault(fault="html", **SEARCH),
    "cut": Fault(fault="cut", **SEARCH),
    "other JSON": Fault(fault="answer", text='{"items": null}', **SEARCH),
    "no ids": Fault(fault="answer", text='{"items": [{"reference": "x"}]}', **SEARCH),
}


def started(play: Play) -> set[str]:
    """A first run that loses half of its answers; return the references of what is unknown."""
    play.order(LOST, seed=5)
    play.bench.sync()
    unknown = play.unknown()
    assert unknown
    return set(unknown)


def posted(play: Play) -> list[str]:
    """The references of every object that was asked for, oldest first."""
    return [row["body"]["reference"] for row in play.writes() if row["method"] == "POST"]


@pytest.mark.parametrize("name", FAILURES)
def test_while_the_search_fails_nothing_is_made_again_and_all_of_it_stays_shown(
    tmp_path: Path, figure: Figure, name: str
) -> None:
    with playing(CarbonDesk(), tmp_path, **SIZE) as play:
        unknown = started(play)
        before = posted(play)
        play.order(FAILURES[name])
        report = play.bench.sync()
        again = unknown & set(posted(play)[len(before) :])
        left = play.unknown().keys()
        play.order()
        reports = play.settle()
        twice = [things for held in play.held().values() for things in held.values() if len(things) > 1]

    assert report.status == "incomplete"
    assert report.error is not None
    assert unknown <= left
    assert not again
    assert len(reports) == 1
    assert not twice
    figure(
        f"every search fails after lost creates ({name})",
        f"{len(unknown)} unknown and shown, {len(again)} sent again; then settled in {len(reports)} run",
    )


def test_half_of_the_searches_failing_too_ends_like_an_undisturbed_run(tmp_path: Path, figure: Figure) -> None:
    (tmp_path / "undisturbed").mkdir()
    with playing(CarbonDesk(), tmp_path / "undisturbed", **SIZE) as play:
        play.settle()
        wanted = play.held()
    with playing(CarbonDesk(), tmp_path, **SIZE) as play:
        play.order(LOST, FAILURES["lost"].model_copy(update={"rate": 0.5}), seed=9)
        reports = play.settle()
        found, (creates, searches) = difference(play.held(), wanted), play.faults.struck

    assert not found
    assert searches > 0
    figure(
        "half of the answers to creates and to searches lost",
        f"{creates} and {searches} lost, {found['duplicates']} duplicates, {found['lost']} lost, {len(reports)} runs",
    )


def test_two_objects_of_one_reference_are_shown_until_a_person_removes_one(tmp_path: Path) -> None:
    with playing(CarbonDesk(), tmp_path, customers=1, invoices=0) as play:
        play.order(LOST.model_copy(update={"rate": 1.0}))
        play.bench.sync()
        ((reference, _),) = play.unknown().items()
        ((made,),) = play.held()["customers"].values()
        typed = {"reference": reference, "name": "typed in by hand"}
        other = play.control("POST", "carbon/customers", typed)

        report = play.bench.sync()
        why = play.unknown()[reference]["why"]
        assert report.status == "incomplete"
        assert other["id"] in why
        assert "remove all but one" in why

        play.control("DELETE", f"carbon/customers/{other['id']}")
        assert play.bench.sync().status == "succeeded"
        assert play.held()["customers"] == {reference: [made]}
        assert posted(play) == [reference]
