"""What a connector must have before it is offered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from duebridge.core.api import Customer, Invoice, Schedule, Target, Write
from duebridge.core.contracts import sandbox_faults, source_faults, target_faults


def without(cls: Any, attribute: str) -> Any:
    return type(cls.__name__, (cls,), {attribute: None})


def test_complete_connectors_have_no_faults(toys: SimpleNamespace) -> None:
    assert source_faults(toys.Source) == []
    assert target_faults(toys.Target) == []
    assert sandbox_faults(toys.Sandbox) == []


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("name", "missing name"),
        ("title", "missing title (what people call the product)"),
        ("settings", "missing settings"),
        ("streams", "missing streams (stream name -> the record types its items become)"),
        ("canonical", "missing canonical (record type -> the function that makes it)"),
    ],
)
def test_a_source_without_it_is_told(toys: SimpleNamespace, attribute: str, said: str) -> None:
    assert source_faults(without(toys.Source, attribute)) == [said]


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("name", "missing name"),
        ("settings", "missing settings"),
        ("rules", "missing rules (record type -> its table, in push order)"),
        ("mappings", "missing mappings"),
        ("writes", "missing writes"),
        ("schedule", "missing schedule"),
    ],
)
def test_a_target_without_it_is_told(toys: SimpleNamespace, attribute: str, said: str) -> None:
    assert target_faults(without(toys.Target, attribute)) == [said]


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("name", "Toy Co", "name 'Toy Co' must be lower-case letters, digits, - and _"),
        ("settings", dict, "settings must be a subclass of Settings"),
        ("mappings", {Customer: None}, "mappings has nothing for invoice, which rules decide on"),
        ("writes", {"fix": Write("upsert", 1)}, "writes has nothing for invoice, which rules decide on"),
        ("writes", {Invoice: "upsert"}, "writes must hold Write values"),
        (
            "writes",
            {Invoice: Write("create_once", 1)},
            "missing find, which create_once writes need: a lost create would be made again",
        ),
        (
            "writes",
            {Invoice: Write("upsert", 1, settles_after=-1)},
            "settles_after must be seconds, from 0 to 86400",
        ),
        (
            "writes",
            {Invoice: Write("upsert", 1, settles_after=86401)},
            "settles_after must be seconds, from 0 to 86400",
        ),
        ("schedule", Schedule(), "schedule needs exactly one of every, daily, cron"),
        ("schedule", Schedule(every="1h", daily="06:00"), "schedule needs exactly one of every, daily, cron"),
    ],
)
def test_a_target_with_the_wrong_thing_is_told(toys: SimpleNamespace, attribute: str, value: Any, said: str) -> None:
    assert target_faults(type("Wrong", (toys.Target,), {attribute: value})) == [said]


def test_a_source_without_a_canonical_function_for_a_stream_is_told(toys: SimpleNamespace) -> None:
    wrong = type("Wrong", (toys.Source,), {"streams": {"customers": (Customer,), "invoices": (Invoice,)}})
    assert source_faults(wrong) == ["canonical has nothing for invoice"]
    assert source_faults(type("Wrong", (toys.Source,), {"streams": {"customers": Customer}})) == [
        "stream 'customers' must name record types, in a tuple"
    ]


def test_methods_left_out_are_named(toys: SimpleNamespace) -> None:
    class Half(Target):
        pass

    class HalfSource(toys.Source):
        pass

    HalfSource.__abstractmethods__ = frozenset({"fetch", "check"})
    assert target_faults(Half) == ["it must be a RecordTarget or a SnapshotTarget"]
    assert source_faults(HalfSource) == ["missing check, fetch"]


@pytest.mark.parametrize("thing", [None, 3, int, "upflow", object()])
def test_what_is_no_connector_is_told(thing: object) -> None:
    for faults in (source_faults, target_faults, sandbox_faults):
        assert "not a subclass of" in faults(thing)[0]
