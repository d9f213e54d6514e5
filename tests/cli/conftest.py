"""A stage for the command line: both products' stand-ins, a folder with a YAML file, and a way to run commands."""

from __future__ import annotations

import json
import os
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


@dataclass
class Stage:
    """A folder with `duebridge.yaml`, whose connection `acme-upflow` runs between the stand-ins at `url`."""

    url: str
    folder: Path
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

    def journal(self, product: str, *, writes: bool = False) -> list[dict[str, Any]]:
        """Return the requests made to `product`, oldest first; with `writes` only those that are no GETs."""
        rows = [row for row in self.control("GET", "journal") if row["product"] == product]
        return [row for row in rows if row["method"] != "GET"] if writes else rows


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., RunningSandbox]]:
    """Return what serves the stand-ins without limits, once for each set of options."""
    registry = Registry.load()
    running: dict[SandboxOptions, RunningSandbox] = {}
    with ExitStack() as stack:

        def serving(**options: Any) -> RunningSandbox:
            chosen = SandboxOptions(**{"limits": "off"} | options)
            if chosen not in running:
                products = [product(chosen) for product in registry.sandboxes.values()]
                running[chosen] = stack.enter_context(running_sandbox(products))
            return running[chosen]

        yield serving


@pytest.fixture(scope="session")
def make_stage_in(serve: Callable[..., RunningSandbox]) -> Callable[..., Stage]:
    """Return a maker of stages in a folder, with freshly seeded stand-ins."""

    def make(folder: Path, **options: Any) -> Stage:
        stage = Stage(serve(**options).url, folder)
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
    """A stage with the sandbox's usual data, none of which is rejected."""
    return make_stage()


@pytest.fixture
def broken_stage(make_stage: Callable[..., Stage]) -> Stage:
    """A stage whose ledger holds records that must be rejected."""
    return make_stage(broken=16)
