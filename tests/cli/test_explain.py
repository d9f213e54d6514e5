"""explain: one record of every rule, and where each field came from."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.registry import Registry

RULES = [
    (record.kind, decision.code)
    for record, rules in Registry.load().targets["upflow"].rules.items()
    for _, decision in rules.describe()
]
WHY = {
    (record.kind, decision.code, decision.why): decision.verdict
    for record, rules in Registry.load().targets["upflow"].rules.items()
    for _, decision in rules.describe()
}


@pytest.fixture(scope="module")
def synced(make_stage_in, tmp_path_factory) -> Any:
    """A ledger with a record for every rule, synced."""
    stage = make_stage_in(tmp_path_factory.mktemp("synced"), broken=16, seed=3)
    values = {"status": "teleported", "currency_amount": "-12.00", "currency_amount_before_tax": "-10.00"}
    stage.control("POST", "pennylane/customer_invoices", values | {"currency_tax": "-2.00"})
    stage.json("sync", "acme-upflow")
    return stage


@pytest.mark.parametrize(("kind", "code"), list(dict.fromkeys(RULES)))
def test_a_record_of_every_rule_is_explained_with_its_code_and_reason(synced, kind: str, code: str) -> None:
    rows = synced.json("records", "acme-upflow", "--kind", kind)
    ids = [row["id"] for row in rows if row["code"] == code]
    assert ids, f"the sandbox has no {kind} of rule {code}"

    told = synced.json("explain", "acme-upflow", kind, ids[0])

    assert (told["kind"], told["id"], told["code"]) == (kind, ids[0], code)
    assert WHY[kind, code, told["why"]] == told["verdict"]
    assert bool(told["fields"]) == (told["verdict"] == "sync")
    assert (told["link"] is not None) == (told["verdict"] == "sync")
    assert told["last_outcome"] is not None


def test_fields_are_named_by_payload_path_with_their_origin_and_the_value_sent(stage) -> None:
    stage.json("sync", "acme-upflow")
    invoice = stage.json("records", "acme-upflow", "--kind", "invoice", "--outcome", "created")[0]["id"]

    told = stage.json("explain", "acme-upflow", "invoice", invoice)

    fields = {field["target"]: field for field in told["fields"]}
    (sent,) = [
        row["body"]
        for row in stage.journal("upflow", writes=True)
        if row["path"].endswith("/invoices") and row["body"]["externalId"] == f"pennylane-invoice-{invoice}"
    ]
    assert fields["grossAmount"]["value"] == sent["grossAmount"]
    assert fields["grossAmount"]["from"].startswith("amount, currency")
    assert fields["customer.externalId"]["value"] == sent["customer"]["externalId"]
    assert told["link"]["reference"] == sent["externalId"]
    assert told["link"]["up_to_date"]


def test_a_contact_is_named_by_its_place(stage) -> None:
    stage.json("sync", "acme-upflow")

    customers = [row["id"] for row in stage.json("records", "acme-upflow", "--kind", "customer")]
    told = [stage.json("explain", "acme-upflow", "customer", id) for id in customers[:5]]

    assert any(field["target"] == "contacts.0.email" for each in told for field in each["fields"])


def test_the_fix_and_its_link_are_explained_under_their_invoice(stage) -> None:
    stage.json("sync", "acme-upflow")
    rows = stage.json("records", "acme-upflow", "--kind", "invoice", "--parts")
    fixed = next(row["id"] for row in rows if row.get("part") == "fix")

    told = stage.json("explain", "acme-upflow", "invoice", fixed)

    parts = {part["part"]: part for part in told["parts"]}
    assert set(parts) == {"fix", "fix-link"}
    amount = next(field for field in parts["fix"]["fields"] if field["target"] == "amount")
    assert amount["from"].startswith("amount, remaining, paid")
    assert parts["fix"]["last_outcome"]["outcome"] == "created"
    assert "fix-link" in stage.run("explain", "acme-upflow", "invoice", fixed).stdout


def test_a_record_never_read_and_a_kind_not_taken_are_told_apart(stage) -> None:
    unread = stage.run("explain", "acme-upflow", "invoice", "1")
    assert (unread.exit_code, "run `duebridge sync acme-upflow` first" in unread.stderr) == (2, True)
    stage.json("sync", "acme-upflow")

    unknown = stage.run("explain", "acme-upflow", "invoice", "1")
    other = stage.run("explain", "acme-upflow", "payment", "1")

    assert (unknown.exit_code, "no invoice '1'" in unknown.stderr) == (2, True)
    assert (other.exit_code, "kinds: customer, invoice, credit_note" in other.stderr) == (2, True)


def test_todays_exclusions_are_applied_to_what_was_last_read(stage) -> None:
    stage.json("sync", "acme-upflow")
    row = stage.json("records", "acme-upflow", "--kind", "invoice", "--outcome", "created")[0]
    stage.configure(connection=f"exclude_customers: [{row['customer_id']}]")

    told = stage.json("explain", "acme-upflow", "invoice", row["id"])

    assert (told["verdict"], told["code"]) == ("skip", "excluded_customer")
    assert told["link"] is not None


def test_a_record_that_could_not_be_read_is_explained_by_what_is_wrong(broken_stage) -> None:
    broken_stage.json("sync", "acme-upflow")
    rejected = broken_stage.json("records", "acme-upflow", "--kind", "invoice", "--outcome", "rejected")
    unreadable = next(row for row in rejected if row["code"] == "unreadable")

    told = broken_stage.json("explain", "acme-upflow", "invoice", unreadable["id"])

    assert (told["verdict"], told["code"], told["fields"]) == ("reject", "unreadable", [])
    assert told["why"] == unreadable["why"]
    assert told["last_outcome"]["reason"] == told["why"]


def test_a_record_refused_by_the_target_says_why_and_when_it_is_tried_again(stage) -> None:
    stage.meddling.begin("POST /upflow/v1/invoices$", 400, '{"message": "the month is closed"}')
    stage.run("sync", "acme-upflow")
    stage.meddling.end()
    refused = next(row for row in stage.json("records", "acme-upflow", "--outcome", "rejected") if row["due"])

    found = stage.json("explain", "acme-upflow", refused["kind"], refused["id"])["last_outcome"]
    shown = stage.run("explain", "acme-upflow", refused["kind"], refused["id"]).stdout

    assert (found["outcome"], found["uncertain"]) == ("rejected", False)
    assert "the month is closed" in found["reason"]
    assert found["retry_at"] in shown
    assert "--retry" in shown


@pytest.mark.usefixtures("hurried")
def test_a_record_whose_outcome_is_unknown_says_so_in_explain_and_in_the_plan(stage) -> None:
    stage.meddling.begin("POST /upflow/v1/customers$", 502, "bad gateway")
    stage.run("sync", "acme-upflow")
    stage.meddling.end()
    unknown = stage.json("records", "acme-upflow", "--outcome", "unknown")[0]

    found = stage.json("explain", "acme-upflow", unknown["kind"], unknown["id"])["last_outcome"]
    planned = {(each["kind"], each["id"]): each for each in stage.json("plan", "acme-upflow")["changes"]}

    assert (unknown["uncertain"], found["outcome"], found["uncertain"]) == (True, "unknown", True)
    assert planned[unknown["kind"], unknown["id"]]["last_outcome"]["outcome"] == "unknown"
    assert "is not known" in stage.run("explain", "acme-upflow", unknown["kind"], unknown["id"]).stdout
    assert "(unknown before)" in " ".join(stage.run("plan", "acme-upflow").stdout.split())
