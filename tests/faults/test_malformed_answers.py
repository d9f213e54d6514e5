"""Malformed answers of either product: no traceback, little memory, the reason told, and the next run completes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.testing import Fault, faults

from ..acceptance.comparison import check_what_arrived
from ..acceptance.scene import NAME, SECRETS, OpenScene, Row, Scene
from .commands import Ended, run
from .conftest import Figure
from .malformed import NO_DOCUMENT, NO_PAGE, NO_REPLY, TOLERATED, UNREADABLE, Malformed

#: MB that a malformed answer may cost at the peak.
ALLOWED = 100
LIST = "/pennylane/api/external/v2/customer_invoices"
#: What the write that is answered so would have been answered.
REPLY = b'{"id":"0b5f8c1e","paid":false}'

Kinds = Mapping[str, Malformed]
Spoil = Callable[[Scene, Malformed], Fault]


@pytest.fixture
def scene(open_scene: OpenScene) -> Scene:
    """A ledger with a few of everything common."""
    return open_scene(customers=6, invoices=30)


def on_source(scene: Scene, kind: Malformed) -> Fault:
    """The list of documents is answered so."""
    headers = {"Authorization": f"Bearer {SECRETS['PENNYLANE_TOKEN']}"}
    sound = scene.http.get(f"{scene.url}{LIST}?sort=id&limit=100", headers=headers).content
    return kind.fault(sound, product="pennylane", path=f"{LIST}$")


def on_target(scene: Scene, kind: Malformed) -> Fault:
    """Writes of credit notes, of which there are a few, are answered so; large answers come to many writes at once."""
    collection = "invoices" if kind.large else "credit_notes"
    return kind.fault(REPLY, product="upflow", method="POST", path=f"/v1/{collection}$", act=True)


def reasons(scene: Scene, outcome: str) -> list[str]:
    """Why records have this outcome, as `records` tells it."""
    app = App(load_configuration(scene.yaml, scene.registry, scene.environ), scene.registry, now=scene.clock)
    try:
        return [str(record["why"]) for record in app.records(NAME, outcome=outcome)]
    finally:
        app.close()


def counted(report: Row, outcome: str) -> int:
    """How many records had an outcome."""
    return sum(kind[outcome] for kind in report["kinds"].values())


def check_read_stopped(scene: Scene, report: Row, kind: Malformed) -> None:
    """The page was not taken: nothing was written, and the reason is told."""
    assert report["status"] == "incomplete", report
    assert kind.words in report["error"]
    assert "Pennylane" in report["error"]
    assert scene.desk("invoices") == {}


def check_writes_unknown(scene: Scene, report: Row, kind: Malformed) -> None:
    """Each write so answered is shown as unknown, with the reason."""
    assert report["status"] == "incomplete", report
    why = reasons(scene, "unknown")
    assert len(why) == counted(report, "unknown") > 0
    assert all(kind.words in each and "Upflow" in each for each in why), why


def check_one_rejected(scene: Scene, report: Row, kind: Malformed) -> None:
    """The row is kept back with its reason, the others went."""
    assert (report["status"], counted(report, "rejected")) == ("succeeded", 1), report
    (why,) = reasons(scene, "rejected")
    assert why
    assert scene.desk("invoices")


def check_nothing_happened(scene: Scene, report: Row, kind: Malformed) -> None:
    """As if the answer had been like any other."""
    assert (report["status"], counted(report, "rejected"), counted(report, "unknown")) == ("succeeded", 0, 0), report
    check_what_arrived(scene, "fix")


Check = Callable[[Scene, Row, Malformed], None]

#: What is answered so, which kinds, and what must become of it.
CASES: tuple[tuple[str, Spoil, Kinds, Check], ...] = (
    ("an unreadable page", on_source, UNREADABLE, check_read_stopped),
    ("what is no page", on_source, NO_PAGE, check_read_stopped),
    ("a page with a row that is no document", on_source, NO_DOCUMENT, check_one_rejected),
    ("an odd page", on_source, TOLERATED, check_nothing_happened),
    ("an unreadable answer to a write", on_target, UNREADABLE, check_writes_unknown),
    ("what is no answer to a write", on_target, NO_REPLY, check_writes_unknown),
    ("an odd answer to a write", on_target, TOLERATED, check_nothing_happened),
)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("spoil", "kind", "check"),
    [
        pytest.param(spoil, kind, check, id=f"{title}: {name}")
        for title, spoil, kinds, check in CASES
        for name, kind in kinds.items()
    ],
)
def test_a_malformed_answer_is_turned_away_with_its_reason_and_the_next_run_completes(
    scene: Scene, spoil: Spoil, kind: Malformed, check: Check
) -> None:
    with faults(scene.url, spoil(scene, kind)) as ordered:
        run = scene.sync()
        assert ordered.struck[0] > 0
    check(scene, run.report, kind)

    scene.synced(full=True)

    check_what_arrived(scene, "fix")


# --- as commands, which hold nothing of this process in their memory


def begin_anew(scene: Scene) -> None:
    """Both ends as at the start, and no memory of a run."""
    assert scene.http.post(f"{scene.url}/_sandbox/reset").status_code == 204
    for path in Path(scene.folder).glob("duebridge.db*"):
        path.unlink()


def sync(scene: Scene, fault: Fault) -> Ended:
    """`duebridge sync --json` while answers are so."""
    begin_anew(scene)
    with faults(scene.url, fault) as ordered:
        ended = run(scene, "sync", NAME, "--json")
        assert ordered.struck[0] > 0
    return ended


@pytest.mark.proof
@pytest.mark.parametrize(("title", "spoil", "kinds", "check"), CASES, ids=[case[0] for case in CASES])
def test_commands_that_meet_malformed_answers_end_without_a_traceback_and_with_little_memory(
    scene: Scene, figure: Figure, title: str, spoil: Spoil, kinds: Kinds, check: Check
) -> None:
    usual = run(scene, "sync", NAME)
    assert usual.code == 0, usual.err
    most = 0.0
    for name, kind in kinds.items():
        ended = sync(scene, spoil(scene, kind))
        check(scene, ended.json, kind)
        check_stderr(ended, kind)
        assert ended.peak - usual.peak <= ALLOWED, (name, usual.peak, ended.peak)
        most = max(most, ended.peak - usual.peak)
        scene.synced(full=True)
        check_what_arrived(scene, "fix")
    figure(
        f"{title}, of {len(kinds)} kinds",
        f"0 tracebacks, each with its reason; peak memory {usual.peak:.0f} MB + {most:.0f} MB",
    )


def check_stderr(ended: Ended, kind: Malformed) -> None:
    """What a person reads says what is wrong, and that nothing is lost; `commands.run` has looked for tracebacks."""
    report: dict[str, Any] = json.loads(ended.out)
    if report["error"]:
        assert ended.code == 1
        assert report["error"] in ended.err
        assert "next run" in ended.err
    else:
        assert ended.code == 0
    rejected = counted(report, "rejected")
    assert ("rejected" in ended.err) is (rejected > 0)
