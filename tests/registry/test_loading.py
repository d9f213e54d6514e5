"""How plugins are found, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from duebridge.core.errors import ConfigError
from duebridge.core.registry import API_VERSION, PluginInfo, Registry

GOOD = """
from duebridge.core.api import Account, Settings, Source, hookimpl, Customer

class Keys(Settings):
    pass

class Good(Source):
    name, title, settings = "{name}", "Good", Keys
    streams = {{"customers": (Customer,)}}
    canonical = {{Customer: Customer.model_validate}}
    def check(self): return Account("1", "x")
    def fetch(self, stream, since, needs): yield from ()

@hookimpl
def register_sources(): return [Good]
"""


def only(registry: Registry) -> PluginInfo:
    (plugin,) = registry.plugins
    return plugin


def test_the_installed_plugins_offer_their_connectors() -> None:
    registry = Registry.load()
    assert "pennylane" in registry.sources
    assert "upflow" in registry.targets
    assert {plugin.distribution for plugin in registry.plugins if plugin.name in ("pennylane", "upflow")} == {
        "duebridge"
    }


def test_sandboxes_are_imported_when_first_asked_for(toys: SimpleNamespace) -> None:
    asked = []

    class Plugin:
        from duebridge.core.api import hookimpl

        @hookimpl
        def register_sandboxes(self) -> object:
            asked.append(True)
            return [toys.Sandbox]

    registry = Registry()
    registry.register(Plugin(), "lazy")
    assert not asked
    assert registry.sandboxes == {"toy": toys.Sandbox}
    assert registry.sandboxes == {"toy": toys.Sandbox}
    assert asked == [True]
    assert only(registry).offers == ("sandbox toy",)


def test_a_plugin_that_fails_to_import_is_listed_and_the_others_work(installed: Callable[..., list]) -> None:
    installed("broken-one", "import a_module_nobody_has\n")
    found = installed("good-one", GOOD.format(name="good"))
    registry = Registry.load(found=found)
    assert list(registry.sources) == ["good"]
    (broken,) = registry.broken
    assert (broken.distribution, broken.version, broken.name) == ("broken-one", "1.2", "broken_one")
    assert broken.error == "import failed: ModuleNotFoundError: No module named 'a_module_nobody_has'"


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "raise ValueError('line one\\nline two')", "def ("])
def test_whatever_an_import_raises_takes_one_line(installed: Callable[..., list], code: str) -> None:
    registry = Registry.load(found=installed("odd", code))
    assert only(registry).status == "broken"
    assert "\n" not in only(registry).error


def test_a_hook_that_raises_breaks_its_plugin_alone(installed: Callable[..., list]) -> None:
    installed(
        "sour",
        "from duebridge.core.api import hookimpl\n@hookimpl\ndef register_targets(): return [1 / 0]\n"
        "@hookimpl\ndef decide(record, connection): raise RuntimeError('must not be asked')\n",
    )
    registry = Registry.load(found=installed("sweet", GOOD.format(name="sweet")))
    assert list(registry.sources) == ["sweet"]
    assert registry.broken[0].error == "register_targets failed: ZeroDivisionError: division by zero"
    assert registry.hook.decide(record=None, connection="c") is None


def test_a_misspelt_hook_is_told(installed: Callable[..., list]) -> None:
    code = "from duebridge.core.api import hookimpl\n@hookimpl\ndef register_source(): return []\n"
    assert "unknown hook 'register_source'" in only(Registry.load(found=installed("typo", code))).error


def test_a_hook_that_wants_an_argument_we_do_not_pass_is_told(installed: Callable[..., list]) -> None:
    code = "from duebridge.core.api import hookimpl\n@hookimpl\ndef decide(record, weather): return None\n"
    assert "weather" in only(Registry.load(found=installed("eager", code))).error


def test_strict_raises_for_plugin_authors(installed: Callable[..., list], toys: SimpleNamespace) -> None:
    with pytest.raises(ModuleNotFoundError):
        Registry.load(strict=True, found=installed("broken-two", "import a_module_nobody_has\n"))
    with pytest.raises(ConfigError, match=r"odd.*not a subclass of Source"):
        Registry(strict=True).register(toys.offering(sources=[int]), "odd")


def test_one_name_offered_twice_stays_with_the_first_and_names_both(toys: SimpleNamespace) -> None:
    class Other(toys.Source):
        pass

    registry = Registry()
    registry.register(toys.offering(sources=[toys.Source]), "one", distribution="first", version="1")
    second = registry.register(toys.offering(sources=[Other]), "two", distribution="second", version="2")
    assert registry.sources == {"toy": toys.Source}
    assert second.status == "broken"
    assert "one (first 1)" in second.error
    assert "two (second 2)" in second.error


def test_our_own_connectors_come_before_those_of_other_distributions(installed: Callable[..., list]) -> None:
    installed("aaa-first", GOOD.format(name="same"))
    registry = Registry.load(found=installed("duebridge", GOOD.format(name="same")))
    assert [plugin.distribution for plugin in registry.plugins] == ["duebridge", "aaa-first"]
    assert [plugin.status for plugin in registry.plugins] == ["ok", "broken"]


def test_a_source_and_a_target_may_share_a_name(toys: SimpleNamespace) -> None:
    registry = Registry()
    info = registry.register(toys.offering(sources=[toys.Source], targets=[toys.Target]), "both")
    assert info == PluginInfo("both", "local", "", "ok", "", ("source toy", "target toy"))


def test_a_refused_connector_leaves_the_plugins_others(toys: SimpleNamespace) -> None:
    registry = Registry()
    info = registry.register(toys.offering(sources=[toys.Source], targets=[str]), "half")
    assert info.status == "broken"
    assert info.offers == ("source toy",)
    assert list(registry.sources) == ["toy"]


def test_a_sandbox_that_fails_leaves_the_connectors(toys: SimpleNamespace) -> None:
    registry = Registry()
    registry.register(toys.offering(sources=[toys.Source], sandboxes=3), "plugin")
    assert registry.sandboxes == {}
    assert only(registry).status == "broken"
    assert list(registry.sources) == ["toy"]


def test_the_same_plugin_twice_is_refused(toys: SimpleNamespace) -> None:
    registry = Registry()
    plugin = toys.offering(sources=[toys.Source])
    registry.register(plugin, "one")
    assert registry.register(plugin, "one").status == "broken"
    assert list(registry.sources) == ["toy"]


def test_a_plugin_for_another_hook_api_is_refused_with_both_numbers(toys: SimpleNamespace) -> None:
    plugin = toys.offering(sources=[toys.Source])
    plugin.duebridge_api = API_VERSION + 1
    registry = Registry()
    assert registry.register(plugin, "newer").error == (
        f"it is written for hook API {API_VERSION + 1}, this DueBridge speaks {API_VERSION}; upgrade one of them"
    )
    assert registry.sources == {}


def test_hooks_reach_every_plugin(toys: SimpleNamespace) -> None:
    from duebridge.core.api import hookimpl

    heard = []

    class Listener:
        @hookimpl
        def run_finished(self, connection: str, report: object) -> None:
            heard.append((connection, report))

    registry = Registry()
    registry.register(Listener(), "listener")
    registry.hook.run_finished(connection="acme", report="report")
    assert heard == [("acme", "report")]
