"""sync and plan: what they do, what they say where, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any

SECONDS = 30.0


def adds_up(kind: dict[str, Any]) -> bool:
    outcomes = ("created", "updated", "unchanged", "rejected", "unknown")
    return kind["read"] == sum(kind[name] for name in outcomes) + sum(kind["skipped"].values())


def test_a_first_sync_sends_what_is_eligible_and_its_counts_add_up(stage) -> None:
    report = stage.json("sync", "acme-upflow")

    assert report["status"] == "succeeded"
    assert list(report["kinds"]) == ["customer", "invoice", "credit_note"]
    assert all(adds_up(kind) for kind in report["kinds"].values())
    assert report["kinds"]["customer"]["created"] == 10
    assert report["kinds"]["invoice"]["read"] + report["kinds"]["credit_note"]["read"] == 60
    assert report["kinds"]["invoice"]["rejected"] == 0
    assert report["requests"]["target"] == len(stage.journal("upflow"))


def test_an_unchanged_sync_writes_nothing(stage) -> None:
    stage.json("sync", "acme-upflow")
    before = len(stage.journal("upflow"))

    report = stage.json("sync", "acme-upflow")

    assert report["status"] == "succeeded"
    assert report["requests"]["source"] <= 4
    assert report["requests"]["target"] == 0
    assert len(stage.journal("upflow")) == before


def test_a_full_sync_reads_everything_again_and_finds_it_unchanged(stage) -> None:
    stage.json("sync", "acme-upflow")

    kinds = stage.json("sync", "acme-upflow", "--full")["kinds"]

    assert kinds["customer"]["unchanged"] == kinds["customer"]["read"] == 10


def test_without_json_a_table_tells_the_counts_and_each_reason(stage) -> None:
    result = stage.run("sync", "acme-upflow")

    assert result.exit_code == 0
    assert result.stderr == ""
    for word in ("customer", "invoice", "credit_note", "succeeded", "requests"):
        assert word in result.stdout
    assert "Archived invoices stay out" in result.stdout
    assert " archived " in result.stdout


def test_rejected_records_are_counted_on_stderr_and_leave_exit_code_0(broken_stage) -> None:
    result = broken_stage.run("sync", "acme-upflow", "--json")

    rejected = sum(kind["rejected"] for kind in json.loads(result.stdout)["kinds"].values())
    assert rejected >= 16
    assert result.exit_code == 0
    assert f"{rejected} records were rejected" in result.stderr


def test_strict_makes_rejected_records_exit_code_1(broken_stage) -> None:
    result = broken_stage.run("sync", "acme-upflow", "--strict")

    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_what_is_still_rejected_from_earlier_runs_is_said_by_each_sync(broken_stage) -> None:
    broken_stage.run("sync", "acme-upflow")

    result = broken_stage.run("sync", "acme-upflow")

    assert result.exit_code == 0
    assert "still rejected from earlier runs; see `duebridge records acme-upflow --outcome rejected`" in result.stderr


def test_config_may_stand_before_or_after_the_command_or_in_the_environment(stage) -> None:
    path = str(stage.config)

    assert stage.bare("--config", path, "runs").exit_code == 0
    assert stage.bare("runs", "--config", path).exit_code == 0
    assert stage.bare("runs", environ={"DUEBRIDGE_CONFIG": path}).exit_code == 0
    assert stage.bare("runs", environ={"DUEBRIDGE_CONFIG": "elsewhere.yaml"}).exit_code == 2


def test_the_named_config_wins_over_the_environment(stage) -> None:
    result = stage.bare("runs", "--config", str(stage.config), environ={"DUEBRIDGE_CONFIG": "elsewhere.yaml"})

    assert result.exit_code == 0


def test_plan_writes_nothing_anywhere_and_foresees_what_sync_does(stage) -> None:
    planned = stage.json("plan", "acme-upflow")

    assert stage.journal("upflow", writes=True) == []
    assert stage.json("runs") == []
    done = stage.json("sync", "acme-upflow")
    assert planned["kinds"] == done["kinds"]
    records = [change for change in planned["changes"] if "part" not in change]
    assert len(records) == sum(kind["created"] for kind in done["kinds"].values())


def test_plan_tells_each_changed_field_with_its_old_and_new_value(stage) -> None:
    stage.json("sync", "acme-upflow")
    customer = stage.json("records", "acme-upflow", "--kind", "customer")[0]["id"]
    stage.control("PATCH", f"pennylane/customers/{customer}", {"vat_number": "FR00123456789"})

    changes = stage.json("plan", "acme-upflow")["changes"]

    assert [(change["kind"], change["id"], change["action"]) for change in changes] == [
        ("customer", customer, "update")
    ]
    assert changes[0]["fields"]["vatNumber"][1] == "FR00123456789"
    shown = stage.run("plan", "acme-upflow")
    assert "FR00123456789" in shown.stdout


def test_plan_with_stored_asks_nobody_anything_and_leaves_the_database_as_it_is(broken_stage) -> None:
    stage = broken_stage
    stage.run("sync", "acme-upflow")
    requests = len(stage.control("GET", "journal"))
    database = stage.folder / "duebridge.db"
    before = database.read_bytes()

    planned = stage.json("plan", "acme-upflow", "--with-stored")

    assert [change.get("last_outcome", {}).get("outcome") for change in planned["changes"]] == ["rejected"] * len(
        planned["changes"]
    )
    read = sum(kind["read"] for kind in planned["kinds"].values())
    assert sum(planned["answers"].values()) == read > 60
    assert planned["answers"]["cannot_tell"] == len(planned["cannot_tell"]) > 0
    assert all(adds_up(kind) for kind in planned["kinds"].values())
    assert len(stage.control("GET", "journal")) == requests
    assert database.read_bytes() == before


def test_plan_with_stored_shows_what_would_differ_and_what_can_not_be_told(broken_stage) -> None:
    broken_stage.run("sync", "acme-upflow")
    broken_stage.configure(target="payments: balance", connection="exclude_customers: [1]")

    shown = broken_stage.run("plan", "acme-upflow", "--with-stored").stdout

    assert "can't be told" in shown
    assert "cannot tell: " in shown


def test_plan_with_stored_before_the_first_run_says_that_nothing_was_read(stage) -> None:
    result = stage.run("plan", "acme-upflow", "--with-stored")

    assert result.exit_code == 2
    assert "acme-upflow has read nothing yet" in result.stderr


def test_a_retry_tries_rejected_records_alone_and_says_what_became_of_them(broken_stage) -> None:
    first = json.loads(broken_stage.run("sync", "acme-upflow", "--json").stdout)
    rejected = sum(kind["rejected"] for kind in first["kinds"].values())
    lists = [row for row in broken_stage.journal("pennylane") if row["path"].endswith("/customer_invoices")]

    result = broken_stage.run("sync", "acme-upflow", "--retry", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert all(adds_up(kind) for kind in report["kinds"].values())
    assert sum(kind["read"] for kind in report["kinds"].values()) == rejected
    assert any(note.startswith(f"tried {rejected} records again: ") for note in report["notes"])
    again = [row for row in broken_stage.journal("pennylane") if row["path"].endswith("/customer_invoices")]
    assert [row for row in again[len(lists) :] if "filter" not in str(row["query"])] == []  # by their ids alone


def test_retry_and_full_exclude_each_other(stage) -> None:
    result = stage.run("sync", "acme-upflow", "--retry", "--full")

    assert result.exit_code == 2
    assert "give one of them" in result.stderr
    assert stage.journal("upflow") == []


def test_an_interrupt_finishes_the_writes_in_flight_and_the_next_run_goes_on(stage) -> None:
    stage.config.write_text(stage.config.read_text().replace("1000000", "600"))
    process = stage.process("sync", "acme-upflow", "--json")
    deadline = time.monotonic() + SECONDS
    while not stage.journal("upflow", writes=True) and time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert json.loads(stdout)["status"] == "stopped"
    assert "stopping: the writes in flight are finished first" in stderr
    assert "Traceback" not in stderr

    halfway = stage.json("reconcile", "acme-upflow")["currencies"]
    assert any("writes_due" in side["explained"] for side in halfway.values())
    stage.configure()
    rest = stage.json("sync", "acme-upflow")
    assert rest["status"] == "succeeded"
    assert stage.json("reconcile", "acme-upflow")["currencies"]["EUR"]["unexplained"] == "0.00"
    sent = [row["body"]["externalId"] for row in stage.journal("upflow", writes=True) if row["status"] < 300]
    assert len(sent) == len(set(sent))


def test_documents_from_before_the_start_are_left_out_with_the_reason(stage) -> None:
    stage.configure(connection="since: 2026-02-01")

    result = stage.run("sync", "acme-upflow")

    assert " before_start " in result.stdout
    assert "Issued before the day" in result.stdout


def test_a_plan_that_shows_its_first_writes_alone_says_how_to_see_all(stage) -> None:
    result = stage.run("plan", "acme-upflow")

    assert "the first 50; `--json` lists all" in result.stdout
