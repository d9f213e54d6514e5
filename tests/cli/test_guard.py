"""What does an operator see of the guard: a sentence, exit code 1, a plan that tells, and an option to go on?"""

from __future__ import annotations

import json

from .conftest import Stage

NAME = "acme-upflow"
GUARD = "guard: {share: 0.3, min: 3}\n"


def exclude_half(stage: Stage) -> None:
    """Exclude five of the ten customers that were sent."""
    ids = [row["id"] for row in stage.json("records", NAME, "--kind", "customer")]
    stage.configure(connection=f"{GUARD}exclude_customers: [{', '.join(ids[:5])}]")


def test_a_stopped_run_says_what_it_saw_and_what_to_do_and_exits_with_1(stage: Stage) -> None:
    stage.configure(connection=GUARD)
    assert stage.run("sync", NAME).exit_code == 0
    written = stage.journal("upflow", writes=True)
    exclude_half(stage)

    told = stage.run("sync", NAME)
    as_json = stage.run("sync", NAME, "--json")

    assert (told.exit_code, as_json.exit_code) == (1, 1)
    assert f"{NAME}: stopped: the guard stopped this run: " in told.stderr
    assert "5 of 10 customers (5 no longer to be sent; ids " in told.stderr
    assert f"`duebridge sync {NAME} --accept-mass-change`" in told.stderr
    report = json.loads(as_json.stdout)
    assert report["status"] == "stopped"
    assert "the guard stopped this run" in report["error"]
    assert stage.journal("upflow", writes=True) == written


def test_a_plan_tells_that_a_sync_would_be_stopped_and_leaves_it_so(stage: Stage) -> None:
    stage.configure(connection=GUARD)
    stage.run("sync", NAME)
    exclude_half(stage)

    for arguments in ((), ("--with-stored",)):
        told = stage.run("plan", NAME, *arguments)
        assert told.exit_code == 0
        words = " ".join(told.stdout.split())
        assert "a sync would be stopped by the guard: " in words
        assert "5 of 10 customers (5 no longer to be sent; ids " in words

    assert stage.run("sync", NAME).exit_code == 1


def test_a_mass_change_that_is_accepted_goes_on_is_logged_and_is_not_asked_about_again(stage: Stage) -> None:
    stage.configure(connection=GUARD)
    stage.run("sync", NAME)
    exclude_half(stage)
    stage.run("sync", NAME)

    accepted = stage.run("sync", NAME, "--accept-mass-change")

    assert accepted.exit_code == 0
    assert "guard overridden" in accepted.stderr
    words = " ".join(accepted.stdout.split())
    assert "accepted by --accept-mass-change: " in words
    assert "5 of 10 customers (5 no longer to be sent; ids " in words
    assert stage.run("sync", NAME).exit_code == 0
