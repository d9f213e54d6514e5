"""What does a test of the import from Harvest see? A YAML file, Harvest's stand-in, and what the books' API tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from duebridge.core.app import App
from duebridge.core.cli.shell import app as command_line
from duebridge.core.edge.config import load_configuration
from duebridge.core.edge.limits import without_pace
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.harvest.sandbox import HarvestSandbox
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

from .scene import Clock, adds_up

Row = dict[str, Any]

NAME, DESK = "studio-pennylane", "studio-upflow"
SECRETS = {"HARVEST_TOKEN": "sandbox-harvest", "PENNYLANE_TOKEN": "sandbox-pennylane"}
CONFIGURATION = """\
database: sqlite:///duebridge.db
connections:
  studio-pennylane:
    company: Studio Aurore SARL
    source:
      connector: harvest
      token: "${{HARVEST_TOKEN}}"
      account_id: {account}
      base_url: {url}/harvest
{source}    target:
      connector: pennylane
      token: "${{PENNYLANE_TOKEN}}"
      base_url: {url}/pennylane
{target}{connection}  studio-upflow:
    source: {{connector: harvest, token: "${{HARVEST_TOKEN}}", account_id: 1234, base_url: "{url}/harvest"}}
    target:
      connector: upflow
      api_key: sandbox-upflow-key
      api_secret: sandbox-upflow-secret
      base_url: {url}/upflow
"""
#: The whole history unless a test is about how far back it goes; a reason for what is without tax.
CONNECTION, TARGET = "history: all", "zero_rate_code: {default: exempt}"
FRENCH = {"address": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country_alpha2": "FR"}


@dataclass(frozen=True)
class Run:
    """One sync: its report as `sync --json` has it, its exit code, and what was written to the books meanwhile."""

    report: Row
    exit_code: int
    writes: list[tuple[str, str]]


@dataclass
class Scene:
    """The folder, the stand-ins and their clock, and the environment the YAML file takes its tokens from."""

    running: RunningSandbox
    folder: Path
    registry: Registry
    http: httpx.Client
    clock: Clock
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    # --- our side

    @property
    def yaml(self) -> Path:
        return self.folder / "duebridge.yaml"

    @property
    def url(self) -> str:
        return self.running.url

    def configure(
        self, *, source: str = "", target: str = TARGET, connection: str = CONNECTION, account: str = "1234"
    ) -> None:
        """Write the YAML file, with more lines in the blocks of the source, the target and the connection."""
        blocks = {"source": (source, 6), "target": (target, 6), "connection": (connection, 4)}
        lines = {
            name: "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())
            for name, (text, indent) in blocks.items()
        }
        self.yaml.write_text(CONFIGURATION.format(url=self.url, account=account, **lines), encoding="utf-8")

    def app(self) -> App:
        """The application of this YAML file, which waits for nothing; whoever asks closes it."""
        configuration = load_configuration(self.yaml, self.registry, self.environ)
        return App(configuration, self.registry, now=self.clock, sleep=lambda _: None)

    def sync(self, name: str = NAME, **options: bool) -> Run:
        """Run the connection once, as a process of its own would."""
        before = len(self.written())
        app = self.app()
        try:
            report = app.sync(name, **options)
        finally:
            app.close()
        assert adds_up(report.as_json()), report
        return Run(report.as_json(), report.exit_code, self.written()[before:])

    def synced(self, name: str = NAME, **options: bool) -> Run:
        """A sync that must succeed, with nothing rejected or left open."""
        run = self.sync(name, **options)
        assert run.report["status"] == "succeeded", run.report
        assert all(kind["rejected"] == kind["unknown"] == 0 for kind in run.report["kinds"].values()), self.rejected()
        return run

    def rejected(self) -> dict[str, str]:
        """Why, by kind and Harvest's id, for what was rejected."""
        app = self.app()
        try:
            return {f"{row['kind']} {row['id']}": row["why"] for row in app.records(NAME, outcome="rejected")}
        finally:
            app.close()

    def command(self, *arguments: str) -> Result:
        """Run `duebridge --config … ARGUMENTS`."""
        given = ["--config", str(self.yaml), *arguments]
        return CliRunner().invoke(command_line, given, env=self.environ, catch_exceptions=False)

    # --- the account at Harvest

    def client(self, name: str = "Acme SAS", **values: Any) -> int:
        """A client with an address in Paris, unless told otherwise; return its id."""
        return int(self._made("harvest/clients", name=name, **values)["id"])

    def invoice(self, client: int, *lines: Row, **values: Any) -> Row:
        """An invoice of today over these lines, or one of 100.00; 20 % tax on those that are taxed, as lines are."""
        own = [{"taxed": True, **line} for line in lines or ({"quantity": 1, "unit_price": 100},)]
        return self._made("harvest/invoices", **{"client_id": client, "tax": 20, "line_items": own, **values})

    def add(self, collection: str, **values: Any) -> Row:
        """Something else at Harvest."""
        return self._made(f"harvest/{collection}", **values)

    def change(self, collection: str, id: int, **values: Any) -> None:
        """Change something at Harvest."""
        self._json("PATCH", f"/_sandbox/harvest/{collection}/{id}", json=values)

    def switch(self, **values: Any) -> None:
        """Turn switches of Harvest's stand-in."""
        self._json("PUT", "/_sandbox/settings/harvest", json=values)

    def day(self, days: int = 0) -> str:
        """The date so many days from today."""
        return (self.clock.today() + timedelta(days=days)).isoformat()

    # --- the books

    def book(self, collection: str, **values: Any) -> Row:
        """Put something into the books beforehand."""
        return self._made(f"pennylane/{collection}", **values)

    def known(self, **values: Any) -> int:
        """A customer in France who was in the books before; return its id."""
        return int(self.book("customers", **{"billing_address": FRENCH, **values})["id"])

    def customers(self) -> list[Row]:
        """Every customer in the books, by id."""
        return self.listed("/customers")

    def documents(self) -> dict[str, Row]:
        """Every invoice and credit note in the books, by number."""
        rows = self.listed("/customer_invoices")
        numbered = {row["invoice_number"]: row for row in rows}
        assert len(numbered) == len(rows), "a document is in the books twice"
        return numbered

    def lines(self, document: Row) -> list[Row]:
        """A document's lines."""
        return self.listed(f"/customer_invoices/{document['id']}/invoice_lines")

    def entry(self, document: Row) -> Row:
        """The document's entry in the sales journal, with its lines."""
        entries = self.listed("/ledger_entries")
        (found,) = [each for each in entries if each["invoice_number"] == document["invoice_number"]]
        return self.books(f"/ledger_entries/{found['id']}")  # type: ignore[no-any-return]

    def listed(self, path: str) -> list[Row]:
        """Everything the books list at `path`."""
        rows: list[Row] = []
        query: Row = {"limit": 100, "sort": "id"}
        while True:
            page = self.books(path, **query)
            rows += page["items"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def books(self, path: str, **query: Any) -> Any:
        """What Pennylane answers at `path`."""
        headers = {"Authorization": f"Bearer {SECRETS['PENNYLANE_TOKEN']}"}
        return self._json("GET", f"/pennylane/api/external/v2{path}", params=query, headers=headers)

    # --- the desk at Upflow

    def desk(self, collection: str) -> dict[str, Row]:
        """What Upflow lists, by externalId."""
        headers = {"X-Api-Key": "sandbox-upflow-key", "X-Api-Secret": "sandbox-upflow-secret"}
        page = self._json("GET", f"/upflow/v1/{collection}", params={"limit": 500}, headers=headers)
        rows = next(value for value in page.values() if isinstance(value, list))
        assert page["total"] == len(rows)
        return {row["externalId"]: row for row in rows}

    # --- what was asked

    def asked(self, product: str) -> list[Row]:
        """Every request to a product since the reset, oldest first."""
        return [row for row in self._json("GET", "/_sandbox/journal") if row["product"] == product]

    def written(self) -> list[tuple[str, str]]:
        """(method, path) of every write to the books since the reset, in order."""
        rows = [row for row in self.asked("pennylane") if row["method"] != "GET"]
        return [(row["method"], row["path"].partition("/v2")[2]) for row in rows]

    def _made(self, path: str, **values: Any) -> Row:
        return self._json("POST", f"/_sandbox/{path}", content=json.dumps(values))  # type: ignore[no-any-return]

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, self.url + path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


Stage = tuple[RunningSandbox, Clock]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An account at Harvest, the books of a company and a desk at Upflow, all empty, by one clock and without pace."""
    clock, options = Clock(), SandboxOptions(customers=0, invoices=0, limits="off")
    upflow = UpflowSandbox(options)
    upflow.today = clock.today
    products = [HarvestSandbox(options, clock=clock), PennylaneSandbox(options, clock=clock), upflow]
    with running_sandbox(products) as running, without_pace():
        yield running, clock


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, registry: Registry) -> Iterator[Scene]:
    """Nothing at either end; the connection takes the whole history."""
    running, clock = stage
    clock.ahead = timedelta()
    with httpx.Client(timeout=60) as http:
        assert http.post(f"{running.url}/_sandbox/reset").status_code == 204
        scene = Scene(running, tmp_path, registry, http, clock)
        scene.configure()
        yield scene
