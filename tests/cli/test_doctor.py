"""doctor: what it finds well, what it finds wrong, and what it says to do."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duebridge.core import doctor as examining


def findings(stage: Any, level: str) -> list[dict[str, str]]:
    found = json.loads(stage.run("doctor", "--json").stdout)["findings"]
    return [finding for finding in found if finding["level"] == level]


def execute(stage: Any, statement: str, *values: Any) -> None:
    db = sqlite3.connect(stage.folder / "duebridge.db")
    with db:
        db.execute(statement, values)
    db.close()


def test_an_installation_that_is_well_ends_with_exit_code_0_and_its_numbers(stage) -> None:
    stage.run("sync", "acme-upflow")
    requests = len(stage.control("GET", "journal"))

    found = stage.json("doctor")

    assert found["ok"] is True
    assert found["database"]["migration"] == found["database"]["newest_migration"]
    assert found["database"]["megabytes"] > 0
    rows = found["database"]["rows"]
    assert rows["records"] == found["connections"]["acme-upflow"]["records"] > 60
    assert (rows["runs"], rows["intents"]) == (1, 0)
    assert found["connections"]["acme-upflow"]["last_run"]["status"] == "succeeded"
    assert found["connections"]["acme-upflow"]["pruned_at"] is not None
    assert {finding["about"] for finding in found["findings"]} >= {
        "plugins",
        "configuration",
        "database",
        "acme-upflow",
        "retention",
        "disk",
        "clock",
    }
    assert len(stage.control("GET", "journal")) == requests  # no product was asked


def test_it_says_the_same_in_a_table(stage) -> None:
    stage.run("sync", "acme-upflow")

    result = stage.run("doctor")

    assert result.exit_code == 0
    for word in ("plugins", "database", "retention", "disk", "clock", "acme-upflow", "records"):
        assert word in result.stdout


def test_before_the_first_run_nothing_is_wrong_and_nothing_is_made(stage) -> None:
    result = stage.run("doctor", "--json")

    assert result.exit_code == 0
    assert [finding["about"] for finding in json.loads(result.stdout)["findings"] if finding["level"] == "note"] == [
        "database"
    ]
    assert not (stage.folder / "duebridge.db").exists()


def test_rejected_records_are_noted_with_the_command_that_tries_them_again(broken_stage) -> None:
    broken_stage.run("sync", "acme-upflow")

    noted = [finding for finding in findings(broken_stage, "note") if finding["about"] == "acme-upflow"]

    rejected = broken_stage.json("records", "acme-upflow", "--outcome", "rejected")
    assert noted[0]["says"].startswith(f"{len(rejected)} records are rejected")
    assert "`duebridge sync acme-upflow --retry`" in noted[0]["advice"]


@pytest.mark.usefixtures("hurried")
def test_unknown_outcomes_are_noted(stage) -> None:
    stage.meddling.begin("POST /upflow/v1/customers$", 502, "bad gateway")
    stage.run("sync", "acme-upflow")
    stage.meddling.end()

    assert any("have an unknown outcome" in finding["says"] for finding in findings(stage, "note"))


def test_a_configuration_that_can_not_be_read_is_wrong(stage) -> None:
    stage.config.write_text("connections: [")

    result = stage.run("doctor", "--json")

    assert result.exit_code == 1
    assert [finding["about"] for finding in json.loads(result.stdout)["findings"] if finding["level"] == "wrong"] == [
        "configuration"
    ]


def test_one_broken_connection_is_wrong_and_the_others_are_still_looked_at(stage) -> None:
    stage.run("sync", "acme-upflow")
    text = stage.config.read_text()
    stage.config.write_text(f"{text}  other:\n    source: {{connector: nosuch}}\n    target: {{connector: upflow}}\n")

    result = stage.run("doctor", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert any("other" in finding["says"] for finding in found["findings"] if finding["level"] == "wrong")
    assert any("no connection runs until then" in finding["advice"] for finding in found["findings"])
    assert stage.run("sync", "acme-upflow").exit_code == 2
    assert found["connections"]["acme-upflow"]["records"] > 60


def test_a_file_that_is_no_database_is_wrong(stage) -> None:
    (stage.folder / "duebridge.db").write_text("this is a letter, not a database, and quite a long one at that " * 30)

    wrong = findings(stage, "wrong")

    assert [finding["about"] for finding in wrong] == ["database"]
    assert "restore a copy" in wrong[0]["advice"]


def test_a_damaged_database_is_wrong(stage) -> None:
    stage.run("sync", "acme-upflow")
    database = stage.folder / "duebridge.db"
    content = bytearray(database.read_bytes())
    for page in range(8, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 2000] = b"\xff" * 2000
    database.write_bytes(bytes(content))

    result = stage.run("doctor", "--json")

    assert result.exit_code == 1
    wrong = [finding for finding in json.loads(result.stdout)["findings"] if finding["level"] == "wrong"]
    assert [finding["about"] for finding in wrong if "restore a copy" in finding["advice"]]


def test_a_database_of_a_newer_version_is_wrong_and_no_command_touches_it(stage) -> None:
    stage.run("sync", "acme-upflow")
    execute(stage, "UPDATE alembic_version SET version_num = '9999'")

    assert [finding["says"] for finding in findings(stage, "wrong") if "newer version (9999)" in finding["says"]]
    result = stage.run("records", "acme-upflow")
    assert result.exit_code == 2
    assert "was made by a newer version of DueBridge" in result.stderr


def test_a_clock_behind_what_was_written_is_wrong(stage) -> None:
    stage.run("sync", "acme-upflow")
    ahead = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S.000000")
    execute(stage, "UPDATE runs SET ended_at = ?", ahead)

    assert [finding["about"] for finding in findings(stage, "wrong")] == ["clock"]


def test_a_disk_that_is_nearly_full_is_wrong(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "LEAST_FREE", 2**60)

    assert {finding["about"] for finding in findings(stage, "wrong")} == {"disk"}


def test_a_connection_that_is_no_longer_configured_is_noted(stage) -> None:
    stage.run("sync", "acme-upflow")
    stage.config.write_text(stage.config.read_text().replace("acme-upflow:", "renamed:"))

    assert any("acme-upflow is no longer configured" in finding["says"] for finding in findings(stage, "note"))


def test_what_the_next_run_prunes_is_told_and_then_pruned(stage) -> None:
    stage.run("sync", "acme-upflow")
    stage.run("sync", "acme-upflow")
    long_ago = (datetime.now(UTC) - timedelta(days=200)).strftime("%Y-%m-%d %H:%M:%S.000000")
    execute(stage, "UPDATE runs SET began_at = ?, ended_at = ?", long_ago, long_ago)
    assert stage.json("doctor")["connections"]["acme-upflow"]["prunable"]["runs"] == 1

    execute(stage, "DELETE FROM memory WHERE key = 'pruned_at'")
    stage.run("sync", "acme-upflow")

    assert len(stage.json("runs", "acme-upflow")) == 1
    assert stage.json("doctor")["connections"]["acme-upflow"]["prunable"]["runs"] == 0


def test_how_long_is_kept_comes_from_the_configuration(stage) -> None:
    stage.config.write_text(f"keep: 400d\n{stage.config.read_text()}")
    stage.run("sync", "acme-upflow")

    found = [finding for finding in findings(stage, "ok") if finding["about"] == "retention"]
    assert found[0]["says"].startswith("keeps 400 days")


def test_no_secret_is_told(stage) -> None:
    stage.run("sync", "acme-upflow")

    told = stage.run("doctor", "--json").output + stage.run("doctor").output
    assert [secret for secret in stage.environ.values() if secret in told] == []
