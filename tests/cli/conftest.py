"""A stage for the command line: both products' stand-ins, a folder with a YAML file, and a way to run commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner, Result

from duebridge.core.cli.shell import app
from duebridge.core.registry import Registry
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox

SECRETS = {
    "PENNYLANE_TOKEN": "sandbox-pennylane",
    "UPFLOW_API_KEY": "sandbox-upflow-key",
    "UPFLOW_API_SECRET": "sandbox-upflow-secret",
}
CONFIGURATION = """\
connections:
  acme-upflow:
    source: {{connector: pennylane, token: "${{PENNYLANE_TOKEN}}", base_url: {url}/pennylane}}
    target:
      connector: upflow
      api_key: "${{UPFLOW_API_KEY}}"
      api_secret: "${{UPFLOW_API_SECRET}}"
      base_url: {url}/upflow
      requests_per_minute: 1000000
{target}    schedule: manual
{connection}"""


class Meddling:
    """Stands between the requests and the stand-ins, and answers some of them itself."""

    def __init__(self) -> None:
        self.path, self.every, self.answer, self._met = "", 1, b"", 0

    def begin(self, path: str, status: int, body: str, *, every: int = 1) -> None:
        """Answer each `every`th request whose path and method match `path` (a pattern) with `status` and `body`."""
        self.path, self.status, self.answer, self.every, self._met = path, status, body.encode(), every, 0

    def end(self) -> None:
        """Let every request through."""
        self.path = ""

    def wrap(self, app: Any) -> Any:
        """Return `app` as it is meddled with."""

        async def meddled(scope: Any, receive: Any, send: Any) -> None:
            if not self._meets(scope):
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": self.answer})

        return meddled

    def _meets(self, scope: Any) -> bool:
        if not self.path or not re.search(self.path, f"{scope['method']} {scope['path']}"):
            return False
        self._met += 1
        return self._met % self.every == 0


@dataclass
class Stage:
    """A folder with `duebridge.yaml`, whose connection `acme-upflow` runs between the stand-ins at `url`."""

    url: str
    folder: Path
    meddling: Meddling
    environ: Mapping[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def config(self) -> Path:
        """The YAML file."""
        return self.folder / "duebridge.yaml"

    def configure(self, *, target: str = "", connection: str = "") -> None:
        """Write the YAML file, with more lines in the target's block and the connection's."""
        text = CONFIGURATION.format(
            url=self.url,
            target="".join(f"      {line}\n" for line in target.splitlines()),
            connection="".join(f"    {line}\n" for line in connection.splitlines()),
        )
        self.config.write_text(text, encoding="utf-8")

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Result:
        """Run `duebridge --config … ARGUMENTS`; what it raises fails the test."""
        return self.bare("--config", str(self.config), *arguments, environ=environ)

    def bare(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Result:
        """Run `duebridge ARGUMENTS`."""
        given = {**self.environ, **(environ or {})}
        return CliRunner().invoke(app, list(arguments), env=given, catch_exceptions=False)

    def json(self, *arguments: str) -> Any:
        """Return what `duebridge ARGUMENTS --json` writes to stdout, which must succeed."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def process(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m duebridge.core.cli --config … ARGUMENTS`."""
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "duebridge.core.cli", "--config", str(self.config), *arguments],
            env={**os.environ, **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's own endpoints."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(  # noqa: S310 - our own server's address
            f"{self.url}/_sandbox/{path}", data, {"content-type": "application/json"}, method=method
        )
        with urlopen(request) as answer:  # noqa: S310 - the same
            text = answer.read()
        return json.loads(text) if text else None

    def upflow(self, path: str) -> Any:
        """Return what Upflow shows under `path`."""
        keys = {"X-Api-Key": SECRETS["UPFLOW_API_KEY"], "X-Api-Secret": SECRETS["UPFLOW_API_SECRET"]}
        with urlopen(Request(f"{self.url}/upflow/v1/{path}", headers=keys)) as answer:  # noqa: S310 - our own server
            return json.loads(answer.read())

    def journal(self, product: str, *, writes: bool = False) -> list[dict[str, Any]]:
        """Return the requests made to `product`, oldest first; with `writes` only those that are no GETs."""
        rows = [row for row in self.control("GET", "journal") if row["product"] == product]
        return [row for row in rows if row["method"] != "GET"] if writes else rows


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., tuple[RunningSandbox, Meddling]]]:
    """Return what serves the stand-ins without limits, once for each set of options."""
    registry = Registry.load()
    running: dict[SandboxOptions, tuple[RunningSandbox, Meddling]] = {}
    with ExitStack() as stack:

        def serving(**options: Any) -> tuple[RunningSandbox, Meddling]:
            chosen = SandboxOptions(**{"limits": "off"} | options)
            if chosen not in running:
                products = [product(chosen) for product in registry.sandboxes.values()]
                meddling = Meddling()
                running[chosen] = stack.enter_context(running_sandbox(products, inside=[meddling.wrap])), meddling
            return running[chosen]

        yield serving


@pytest.fixture(scope="session")
def make_stage_in(serve: Callable[..., tuple[RunningSandbox, Meddling]]) -> Callable[..., Stage]:
    """Return a maker of stages in a folder, with freshly seeded stand-ins."""

    def make(folder: Path, **options: Any) -> Stage:
        sandbox, meddling = serve(**options)
        meddling.end()
        stage = Stage(sandbox.url, folder, meddling)
        stage.control("POST", "reset")
        stage.configure()
        return stage

    return make


@pytest.fixture
def make_stage(make_stage_in: Callable[..., Stage], tmp_path: Path) -> Callable[..., Stage]:
    """Return a maker of stages in the test's own folder."""
    return partial(make_stage_in, tmp_path)


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """A stage with little data, none of which is rejected: 10 customers, 60 rows of the invoice list."""
    return make_stage(customers=10, invoices=60)


@pytest.fixture
def broken_stage(make_stage: Callable[..., Stage]) -> Stage:
    """A stage whose ledger holds records that must be rejected."""
    return make_stage(customers=10, invoices=60, broken=16)
