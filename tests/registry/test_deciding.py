"""Who decides on a record before the target's rules: the exclusions first, then the plugins."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import Customer, Decision, Record, hookimpl
from duebridge.core.engine.exclusions import ExcludedCustomers
from duebridge.core.registry import Registry

SEND = Decision("sync", "vip", "Always")
SKIP = Decision("skip", "not_today", "Not today")


class Saying:
    """A plugin that decides the same for every record, and notes of which connection."""

    def __init__(self, decision: Decision | None) -> None:
        self.decision = decision
        self.asked: list[str] = []

    @hookimpl
    def decide(self, record: Record, connection: str) -> Decision | None:
        self.asked.append(connection)
        return self.decision


class First(Saying):
    """One that wants to be asked before all others."""

    @hookimpl(tryfirst=True)
    def decide(self, record: Record, connection: str) -> Decision | None:
        return self.decision


def customer(id: str) -> Customer:
    return Customer.model_validate({"id": id, "customer_type": "company", "name": "Acme"})


def registry_of(*plugins: Any) -> Registry:
    registry = Registry(strict=True)
    for number, plugin in enumerate(plugins):
        registry.register(plugin, f"plugin-{number}")
    return registry


def test_without_exclusions_and_plugins_nobody_is_asked() -> None:
    assert registry_of().decider("acme") is None
    assert Registry.load().decider("acme") is None


def test_a_plugin_decides_for_the_connection_and_may_leave_it_to_the_next() -> None:
    silent, saying = Saying(None), Saying(SKIP)
    decide = registry_of(saying, silent).decider("acme")
    assert decide is not None
    assert decide(customer("1")) == SKIP
    assert (silent.asked, saying.asked) == (["acme"], ["acme"])


@pytest.mark.parametrize("plugin", [Saying(SEND), First(SEND)])
def test_no_plugin_lets_an_excluded_customer_in(plugin: Saying) -> None:
    decide = registry_of(plugin).decider("acme", ExcludedCustomers(["1"]))
    assert decide is not None
    assert decide(customer("1")).code == "excluded_customer"  # type: ignore[union-attr]
    assert decide(customer("2")) == SEND


def test_the_exclusions_of_one_connection_take_no_part_in_another() -> None:
    registry = registry_of()
    assert registry.decider("acme", ExcludedCustomers(["1"])) is not None
    assert registry.decider("other") is None
