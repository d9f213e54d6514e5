"""plan --with-stored: what today's rules make of what was last read, and where that can't be told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from duebridge.core.connector import Delivery
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.engine.preview import Preview, preview
from duebridge.core.engine.report import Report
from duebridge.core.errors import ConfigError, RecordError, RunError, UnknownOutcome
from duebridge.core.records import Invoice
from duebridge.core.store.store import Store
from duebridge.core.tables.mapping import Mapping as PayloadMapping
from duebridge.core.tables.rules import Rules, send, skip
from duebridge.core.testing import Rig, customer, invoice


def replay(rig: Rig, folder: Path) -> Preview:
    """Plan a copy of the rig's store, in `folder`, again."""
    copy = Store.open(f"sqlite:///{folder / 'copy.db'}")
    try:
        connection_id = rig.store.copy_connection(rig.connection_id, copy)
        return preview(
            copy,
            connection_id,
            rig.source,
            rig.target,
            rig.policy,
            Report("rig", 0),
            now=rig.now,
            with_stored=True,
            stopping=rig.stopping,
        )
    finally:
        copy.close()


def raising(reference: str, error: Exception) -> Any:
    def hook(delivery: Delivery) -> None:
        if delivery.reference == reference:
            raise error

    return hook


def change_mapping(rig: Rig, monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    mapping = PayloadMapping(Invoice, {**rig.target.mappings[Invoice].fields, **fields})
    monkeypatch.setattr(type(rig.target), "mappings", {**rig.target.mappings, Invoice: mapping})


def test_unchanged_rules_change_nothing(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"), invoice("10", "1"), invoice("11", "1", draft=True))
    rig.run()
    found = replay(rig, tmp_path)
    assert found.changes == []
    assert found.as_json()["answers"] == {"change": 0, "no_change": 3, "cannot_tell": 0}
    assert found.as_json()["kinds"]["invoice"] | {"skipped": {}} == {
        "read": 2,
        "created": 0,
        "updated": 0,
        "unchanged": 1,
        "deleted": 0,
        "gone": 0,
        "rejected": 0,
        "unknown": 0,
        "skipped": {},
    }


def test_a_changed_mapping_shows_each_field_with_both_values(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.source.put(customer("1"), invoice("10", "1", label="Repairs"))
    rig.run()
    change_mapping(rig, monkeypatch, title="label")
    found = replay(rig, tmp_path)
    assert [(each["id"], each["action"], each["fields"]) for each in found.changes] == [
        ("10", "update", {"title": [None, "Repairs"]})
    ]
    assert found.as_json()["answers"] == {"change": 1, "no_change": 1, "cannot_tell": 0}


def test_a_decision_that_would_differ_is_told_although_nothing_would_be_written(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    none = Rules(
        Invoice, skip("too_small", "Not worth it", paid=False), otherwise=send("open", "The rest", reads="open")
    )
    monkeypatch.setattr(type(rig.target), "rules", {**rig.target.rules, Invoice: none})
    found = replay(rig, tmp_path)
    assert found.changes == []
    assert found.as_json()["decisions"] == [{"kind": "invoice", "id": "10", "before": "open", "after": "too_small"}]


def test_an_exclusion_is_a_decision_that_differs(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"))
    rig.run()
    rig.set_policy(decide=ExcludedCustomers({"1"}).decide, excluded=frozenset({"1"}))
    assert [each["after"] for each in replay(rig, tmp_path).as_json()["decisions"]] == ["excluded_customer"]


def test_what_has_an_unknown_outcome_can_not_be_told(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"), customer("2"))
    rig.target.after_push = raising("ledger-customer-2", UnknownOutcome("no answer"))
    rig.run()
    found = replay(rig, tmp_path)
    assert [(each["kind"], each["id"]) for each in found.as_json()["cannot_tell"]] == [("customer", "2")]
    assert found.as_json()["answers"] == {"change": 0, "no_change": 1, "cannot_tell": 1}
    assert found.changes[0]["last_outcome"] == {"outcome": "unknown", "reason": "no answer", "uncertain": True}
    assert found.as_json()["kinds"]["customer"]["unknown"] == 1


def test_what_a_dead_process_was_sending_can_not_be_told(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"))

    def die(delivery: Delivery) -> None:
        raise KeyboardInterrupt

    rig.target.after_push = die
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    assert replay(rig, tmp_path).as_json()["answers"]["cannot_tell"] == 1


def test_what_could_not_be_understood_can_not_be_told(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"), invoice("10", "1", broken="no currency"))
    rig.run()
    assert replay(rig, tmp_path).as_json()["cannot_tell"] == [
        {"kind": "invoice", "id": "10", "why": "it could not be understood when it was last read: no currency"}
    ]


def test_a_field_that_was_never_read_can_not_be_told(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    change_mapping(rig, monkeypatch, title="label")
    assert "invoice.label" in rig.target.mappings[Invoice].needs
    with rig.store.transaction() as db:  # as if the source had been read by the mapping of before
        state = rig.store.stream(rig.connection_id, "documents")
        rig.store.save_stream(db, rig.connection_id, type(state)("documents", cursor=state.cursor, needs=frozenset()))
    told = replay(rig, tmp_path).as_json()
    assert (told["answers"]["cannot_tell"], told["cannot_tell"][0]["id"]) == (1, "10")
    assert "never read from the source: " in told["cannot_tell"][0]["why"]
    assert "invoice.label" in told["cannot_tell"][0]["why"]


def test_a_refused_record_says_what_it_was_refused_with(rig: Rig, tmp_path: Path) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.target.before_push = raising("ledger-customer-1", RecordError("name is taken"))
    rig.run()
    found = replay(rig, tmp_path)
    shown = {each["id"]: each.get("last_outcome") for each in found.changes}
    assert shown == {"1": {"outcome": "rejected", "reason": "name is taken", "uncertain": False}, "10": None}
    assert found.as_json()["decisions"] == []
    assert found.as_json()["kinds"]["customer"]["rejected"] == 1


def test_a_target_that_would_have_to_be_asked_gives_what_the_last_run_found(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Mapping[str, Any] = {"fields": ["a", "b"]}
    monkeypatch.setattr(rig.target, "context", lambda: seen)
    rig.source.put(customer("1"))
    rig.run()

    def ask() -> Any:
        raise RunError("this asks no product anything")

    monkeypatch.setattr(rig.target, "context", ask)
    found = replay(rig, tmp_path)
    assert found.as_json()["answers"]["no_change"] == 1
    assert any("Receivables was not asked" in note for note in found.report.notes)


def test_a_target_never_asked_that_would_have_to_be_is_said(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> Any:
        raise RunError("this asks no product anything")

    monkeypatch.setattr(rig.target, "context", ask)
    with pytest.raises(ConfigError, match="run `duebridge plan rig` without --with-stored"):
        replay(rig, tmp_path)
