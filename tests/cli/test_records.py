"""records, runs, check, connectors, mappings: what they list."""

from __future__ import annotations

import json

from duebridge.core.engine.listing import OUTCOMES


def test_records_lists_every_record_with_its_outcome(stage) -> None:
    report = stage.json("sync", "acme-upflow")

    rows = stage.json("records", "acme-upflow")

    assert len(rows) == sum(kind["read"] for kind in report["kinds"].values())
    created = stage.json("records", "acme-upflow", "--outcome", "created", "--kind", "invoice")
    assert len(created) == report["kinds"]["invoice"]["created"]
    assert all(row["held"] and row["reference"] == f"pennylane-invoice-{row['id']}" for row in created)


def test_a_skipped_record_is_listed_with_the_reason_of_its_rule(stage) -> None:
    stage.json("sync", "acme-upflow")

    skipped = stage.json("records", "acme-upflow", "--outcome", "skipped", "--kind", "invoice")

    archived = next(row for row in skipped if row["code"] == "archived")
    assert archived["why"].startswith("Archived invoices stay out")


def test_parts_follow_their_record(stage) -> None:
    stage.json("sync", "acme-upflow")

    rows = stage.json("records", "acme-upflow", "--kind", "invoice", "--parts")

    at = next(at for at, row in enumerate(rows) if row.get("part") == "fix")
    assert "part" not in rows[at - 1]
    assert rows[at - 1]["id"] == rows[at]["id"] == rows[at + 1]["id"]
    assert rows[at + 1]["part"] == "fix-link"
    assert rows[at]["reference"] == f"pennylane-invoice-{rows[at]['id']}-fix"


def test_every_outcome_can_be_asked_for(stage) -> None:
    stage.json("sync", "acme-upflow")

    for outcome in OUTCOMES:
        assert all(row["outcome"] == outcome for row in stage.json("records", "acme-upflow", "--outcome", outcome))


def test_gone_lists_what_the_target_still_holds_though_it_is_deleted_or_archived(stage) -> None:
    stage.json("sync", "acme-upflow")
    first, second, *_ = stage.json("records", "acme-upflow", "--kind", "invoice", "--outcome", "created")
    stage.control("DELETE", f"pennylane/customer_invoices/{first['id']}")
    stage.control("PATCH", f"pennylane/customer_invoices/{second['id']}", {"archived_at": "2026-11-01T10:00:00Z"})
    report = stage.json("sync", "acme-upflow")

    gone = stage.json("records", "acme-upflow", "--outcome", "gone")

    assert report["kinds"]["invoice"]["gone"] == 1
    assert {row["id"]: row["code"] for row in gone} == {first["id"]: "deleted", second["id"]: "archived"}
    assert all(row["held"] for row in gone)


def test_hostile_names_move_no_cursor(stage) -> None:
    stage.json("sync", "acme-upflow")
    customer = stage.json("records", "acme-upflow", "--kind", "customer")[0]["id"]
    stage.control("PATCH", f"pennylane/customers/{customer}", {"name": "\x1b[31m[bold]Évil\x07"})
    stage.json("sync", "acme-upflow")

    shown = stage.run("records", "acme-upflow", "--kind", "customer").stdout

    assert "\x1b" not in shown
    assert "[bold]Évil" in shown


def test_runs_are_listed_newest_first(stage) -> None:
    stage.json("sync", "acme-upflow")
    stage.json("sync", "acme-upflow")

    rows = stage.json("runs", "acme-upflow")

    assert [row["run"] for row in rows] == [2, 1]
    assert {row["status"] for row in rows} == {"succeeded"}
    assert rows[1]["report"]["kinds"]["customer"]["created"] == 10
    assert "succeeded" in stage.run("runs").stdout


def test_before_the_first_run_a_listing_says_what_to_do(stage) -> None:
    result = stage.run("records", "acme-upflow")

    assert result.exit_code == 2
    assert "run `duebridge sync acme-upflow` first" in result.stderr
    assert stage.run("runs").stdout.strip() == "Nothing has run yet."


def test_check_tells_who_we_are_at_both_ends(stage) -> None:
    (checked,) = stage.json("check")

    assert checked["ok"]
    assert checked["source"]["name"]
    assert checked["target"]["id"]
    assert stage.journal("upflow", writes=True) == []


def test_connectors_lists_what_each_plugin_offers(stage) -> None:
    rows = {row["name"]: row for row in json.loads(stage.bare("connectors", "--json").stdout)}

    assert rows["upflow"]["status"] == "ok"
    assert "target upflow" in rows["upflow"]["offers"]
    assert "source pennylane" in stage.bare("connectors").stdout


def test_mappings_prints_the_page_of_a_target(stage) -> None:
    assert stage.bare("mappings", "upflow").stdout.startswith("# What Upflow gets")
    described = json.loads(stage.bare("mappings", "upflow", "--json").stdout)
    assert set(described["kinds"]) == {"customer", "invoice", "credit_note"}
    unknown = stage.bare("mappings", "upflo")
    assert unknown.exit_code == 2
    assert "targets:" in unknown.stderr
