"""What a person sees of a mistake: what, where, what next and an exit code; never a traceback or a secret."""

from __future__ import annotations

import socket

import pytest

SECRET = "tk-3f9c1e77b2d84a6fb0"


def told(result, code: int, *words: str) -> None:
    """The result ended with `code` and a message holding `words`, without traceback or secret."""
    assert result.exit_code == code, result.output
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.output
    assert SECRET not in result.output


@pytest.mark.parametrize("side", ["PENNYLANE_TOKEN", "UPFLOW_API_KEY", "UPFLOW_API_SECRET"])
@pytest.mark.parametrize("command", ["sync", "plan"])
def test_a_wrong_credential_asks_someone_to_reconnect(stage, command: str, side: str) -> None:
    product = "Pennylane" if side.startswith("PENNYLANE") else "Upflow"

    told(stage.run(command, "acme-upflow", environ={side: SECRET}), 3, product)


def test_check_names_the_connection_and_the_product_that_refuses(stage) -> None:
    result = stage.run("check", environ={"UPFLOW_API_KEY": SECRET})

    assert result.exit_code == 3
    assert "acme-upflow" in result.stdout
    assert "Upflow" in result.stdout
    assert SECRET not in result.output


@pytest.mark.usefixtures("hurried")
@pytest.mark.slow  # the HTTP edge tries again for twenty seconds before it gives up
def test_an_unreachable_host_ends_the_run_and_says_where(stage) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stage.config.write_text(stage.config.read_text().replace(f"{stage.url}/pennylane", f"http://127.0.0.1:{port}"))

    told(stage.run("sync", "acme-upflow", environ={"PENNYLANE_TOKEN": SECRET}), 1, "Pennylane", f"127.0.0.1:{port}")


def test_a_failed_run_still_tells_its_report_as_json_alone(stage) -> None:
    result = stage.run("sync", "acme-upflow", "--json", environ={"PENNYLANE_TOKEN": SECRET})

    assert result.stdout.startswith("{")
    assert '"status": "failed"' in result.stdout
    assert SECRET not in result.output


@pytest.mark.parametrize(
    "command", [["sync", "acme-upflow"], ["runs"], ["check"], ["explain", "acme-upflow", "invoice", "1"]]
)
def test_an_unknown_key_is_named_with_its_line_and_the_allowed_ones(stage, command: list[str]) -> None:
    stage.configure(target="api_kye: x")

    told(stage.run(*command), 2, "duebridge.yaml:10", "api_kye", "unknown key", "api_key")


def test_a_missing_secret_is_named_by_its_variable(stage) -> None:
    stage.config.write_text(stage.config.read_text().replace("PENNYLANE_TOKEN", "PENNYLANE_TOKEN_NOBODY_SET"))

    told(stage.run("sync", "acme-upflow"), 2, "PENNYLANE_TOKEN_NOBODY_SET", "duebridge.yaml:3", "token")


@pytest.mark.parametrize(
    "text",
    ["connections: [", "connections:\n\tacme: {}\n", "connections:\n  a: {}\n  a: {}\n", "- just a list\n", "\x00"],
)
def test_yaml_that_makes_no_sense_is_told_by_file_and_line(stage, text: str) -> None:
    stage.config.write_text(text)

    told(stage.run("runs"), 2, "duebridge.yaml")


def test_a_missing_file_is_named(stage) -> None:
    told(stage.bare("sync", "acme-upflow", "--config", "/nowhere/duebridge.yaml"), 2, "/nowhere/duebridge.yaml")


def test_a_database_that_cannot_be_opened_is_told(stage) -> None:
    stage.config.write_text("database: sqlite:////nowhere/at/all.db\n" + stage.config.read_text())

    told(stage.run("runs"), 2, "/nowhere/at/all.db", "can't be opened")


def test_an_unknown_connection_is_answered_with_those_there_are(stage) -> None:
    told(stage.run("sync", "acme"), 2, "'acme'", "acme-upflow")


@pytest.mark.parametrize(
    "arguments", [["sync"], ["sync", "a", "b"], ["snyc"], ["sync", "a", "--fast"], ["demo", "--port", "x"]]
)
def test_wrong_usage_exits_2(stage, arguments: list[str]) -> None:
    told(stage.bare(*arguments), 2, "Usage")


def test_records_that_make_no_sense_are_rejected_with_what_is_wrong_and_the_rest_goes(broken_stage) -> None:
    report = broken_stage.json("sync", "acme-upflow")
    rejected = broken_stage.json("records", "acme-upflow", "--outcome", "rejected")

    assert report["status"] == "succeeded"
    assert len(rejected) == sum(kind["rejected"] for kind in report["kinds"].values())
    assert all(row["why"] for row in rejected)
    whys = " ".join(row["why"] for row in rejected)
    assert "no customer" in whys
    assert "status word" in whys
    assert report["kinds"]["invoice"]["created"] > 0


def test_a_ledger_answering_nonsense_ends_the_run_and_loses_nothing(stage) -> None:
    stage.json("sync", "acme-upflow")
    before = stage.json("records", "acme-upflow")
    stage.meddling.begin("GET /pennylane/.*/changelogs", 200, "<html>maintenance</html>")

    result = stage.run("sync", "acme-upflow")

    told(result, 1, "Pennylane")
    assert stage.json("records", "acme-upflow") == before
    stage.meddling.end()
    assert stage.json("sync", "acme-upflow")["status"] == "succeeded"
