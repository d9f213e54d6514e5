"""The demo: what does a newcomer see of a ledger's invoices travelling to a receivables tool, without any account?

stand-ins served in this process -> the packaged demo.yaml -> every connection run -> what went, what stayed, who owes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from duebridge.core.app import App
from duebridge.core.connector import BalanceReader, PayloadReader
from duebridge.core.edge.config import load_configuration
from duebridge.core.edge.limits import without_pace
from duebridge.core.engine.reconcile import Reconciliation
from duebridge.core.engine.report import Report
from duebridge.core.errors import DueBridgeError
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import ProductSandbox, SandboxOptions
from duebridge.core.sandbox.running import running_sandbox, serve_forever

CONFIGURATION = Path(__file__).with_name("demo.yaml")


Tell = Callable[[str], None]
Limits = Literal["real", "off"]


@dataclass(frozen=True, slots=True)
class Scene:
    """The stand-ins to serve: every one the plugins offer, with so much data."""

    registry: Registry
    customers: int = 40
    invoices: int = 200
    seed: int = 1
    limits: Limits = "real"
    broken: int = 0

    def products(self, limits: Limits | None = None) -> list[ProductSandbox]:
        """Return the stand-ins, seeded."""
        options = SandboxOptions(self.customers, self.invoices, self.seed, limits or self.limits, self.broken)
        return [product(options) for product in self.registry.sandboxes.values()]

    def serve(self, port: int, tell: Tell) -> None:
        """Serve until interrupted. Raises `ConfigError` when the port is taken."""
        for name in self.registry.sandboxes:
            tell(f"{name}: http://127.0.0.1:{port}/{name}")
        serve_forever(self.products(), port)


@dataclass(frozen=True, slots=True)
class Performance:
    """What became of one connection of the demo.

    `balances` is None when they could not be compared, and when its target keeps none (`keeps_balances`).
    """

    connection: str
    target: str
    report: Report
    balances: Reconciliation | None
    keeps_balances: bool = True

    @property
    def succeeded(self) -> bool:
        """Whether the run succeeded and every difference is explained."""
        explained = self.balances.explained if self.balances is not None else not self.keeps_balances
        return self.report.status == "succeeded" and explained


def run_once(scene: Scene, port: int, tell: Tell, begun: Callable[[Report], None] | None = None) -> list[Performance]:
    """Run every connection of the demo once against stand-ins without limits (`port` 0: a free one).

    `begun` is given the report of each run as it begins.
    """
    with running_sandbox(scene.products("off"), port) as sandbox, opened(scene, sandbox.url) as app, without_pace():
        tell(f"stand-ins for {', '.join(product.name for product in sandbox.products)} at {sandbox.url}")
        return [_perform(app, name, tell, begun) for name in app.configuration.connections]


def run_until_interrupted(scene: Scene, port: int, tell: Tell) -> int:
    """Serve the stand-ins with real limits and run the connections on their schedule; return the exit code."""
    from duebridge.core.scheduler import serve  # noqa: PLC0415 - its library is for this alone

    with running_sandbox(scene.products("real"), port) as sandbox, opened(scene, sandbox.url) as app:
        for product in sandbox.products:
            tell(f"{product.name}: {sandbox.base(product.name)}")
        tell(f"what was asked of them: {sandbox.url}/_sandbox/journal")
        names = list(app.configuration.connections)
        tell(f"running {', '.join(names)}; Ctrl-C stops. In another terminal:")
        for command in (f"runs {names[0]}", f"records {names[0]}", f"reconcile {names[0]}"):
            tell(f"  duebridge --config {app.configuration.path} {command}")
        return serve(app)


@contextmanager
def opened(scene: Scene, url: str) -> Iterator[App]:
    """Open the demo's application in a folder that is gone afterwards; the stand-ins are served at `url`."""
    with TemporaryDirectory(prefix="duebridge-demo-") as folder:
        path = Path(folder) / "duebridge.yaml"
        path.write_text(_filled_in(CONFIGURATION.read_text(encoding="utf-8"), url, folder), encoding="utf-8")
        app = App(load_configuration(path, scene.registry), scene.registry)
        try:
            yield app
        finally:
            app.close()


def _filled_in(text: str, url: str, folder: str) -> str:
    return text.replace("${SANDBOX}", url).replace("${FOLDER}", folder)


def _perform(app: App, name: str, tell: Tell, begun: Callable[[Report], None] | None) -> Performance:
    tell(f"{name}: running")
    report = app.sync(name, begun=begun)
    target = app.connection(name).target_name
    if not issubclass(app.target_class(name), (BalanceReader, PayloadReader)):
        return Performance(name, target, report, None, keeps_balances=False)
    try:
        balances = app.reconcile(name)
    except DueBridgeError as error:
        tell(f"{name}: the balances can't be compared: {error}")
        balances = None
    return Performance(name, target, report, balances)
