"""Canaries in every secret, products that repeat them, and faults of all kinds: does one come out anywhere?

The stand-ins are asked with the canaries, which are exchanged for the stand-ins' own credentials on the way.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from typer.testing import CliRunner

from duebridge.core.cli import shell
from duebridge.core.edge import logs
from duebridge.core.testing import Fault, faults

from ..acceptance.scene import NAME, SECRETS, OpenScene, Scene
from .canaries import Canaries, canary, spellings
from .conftest import Figure
from .spoiling import WAYS, Hurried
from .test_disk_full import MOMENTS, Disk, run_over

FILE_ADDRESS = "https://files.example.org/canary-file/invoice.pdf?sig=canary-file-signature"
#: One of them fits into the name of a host.
TOKEN, KEY, SECRET = canary("token"), "canary-key-7f3a9c", canary("secret")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check", NAME),
    ("plan", NAME, "--with-stored"),
    ("explain", NAME, "customer", "193957340"),
    ("explain", NAME, "invoice", "2400001"),
    ("records", NAME, "--parts"),
    ("runs", NAME),
    ("reconcile", NAME),
    ("connectors",),
    ("mappings", "upflow"),
)

Echo = Callable[[Request, str], Response | None]


def repeated(request: Request) -> str:
    """The credentials of a request in every spelling, as a careless product would put them into its answers."""
    headers = request.headers
    own = [headers.get("authorization", ""), headers.get("x-api-key", ""), headers.get("x-api-secret", "")]
    values = [part for value in own for part in (value, value.removeprefix("Bearer ")) if part]
    return " | ".join(each for value in values for each in sorted(spellings(value)))


def _upflow(request: Request) -> bool:
    return request.url.path.startswith("/upflow/")


def _writes(request: Request) -> bool:
    return _upflow(request) and request.method != "GET"


def _reads(request: Request) -> bool:
    return request.url.path.startswith("/pennylane/") and not request.url.path.endswith("/me")


def refusing(status: int, where: Callable[[Request], bool], every: int = 1) -> Echo:
    """Refuse every so many requests, repeating the credentials in a body that explains it."""
    met = 0

    def echo(request: Request, said: str) -> Response | None:
        nonlocal met
        if not where(request):
            return None
        met += 1
        body = {"message": f"refused: {said}", "details": [{"field": said, "message": said}], "headers": {"x": said}}
        return JSONResponse(body, status, {"www-authenticate": "Basic"}) if met % every == 0 else None

    return echo


def redirecting(where: Callable[[Request], bool]) -> Echo:
    """Send elsewhere, the credentials in the host, the user part, the path and the query of the address."""

    def echo(request: Request, said: str) -> Response | None:
        if not where(request):
            return None
        value = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        escaped = quote(value, safe="")
        host = f"{value}.example.org" if escaped == value else "elsewhere.example.org"
        return Response(
            status_code=307, headers={"location": f"https://{escaped}:{escaped}@{host}/{escaped}?k={escaped}"}
        )

    return echo


def showing_a_page(where: Callable[[Request], bool]) -> Echo:
    return lambda request, said: HTMLResponse(f"<h1>Hello</h1><p>{said}</p>") if where(request) else None


def with_another_shape(where: Callable[[Request], bool]) -> Echo:
    return lambda request, said: JSONResponse({"items": said, "error": said}) if where(request) else None


def spoilt(way: str, where: Callable[[Request], bool]) -> Echo:
    return lambda request, _: WAYS[way]() if where(request) else None  # type: ignore[return-value]


def _me(request: Request) -> bool:
    return request.url.path.endswith("/me")


SITUATIONS: Mapping[str, Echo] = {
    "nothing wrong": lambda *_: None,
    "writes refused, 400": refusing(400, _writes, every=3),
    "writes refused, 422": refusing(422, _writes, every=2),
    "writes not accepted, 401": refusing(401, _writes, every=20),
    "writes forbidden, 403": refusing(403, _writes, every=20),
    "writes too many, 429": refusing(429, _writes),
    "writes broken, 503": refusing(503, _writes, every=2),
    "reads refused, 422": refusing(422, _reads),
    "reads forbidden, 403": refusing(403, _reads),
    "reads of nothing, 404": refusing(404, _reads),
    "credentials refused, 401": refusing(401, _me),
    "credentials forbidden, 403": refusing(403, _me),
    "reads sent elsewhere": redirecting(_reads),
    "writes sent elsewhere": redirecting(_writes),
    "everything at Upflow sent elsewhere": redirecting(_upflow),
    "a web page for reads": showing_a_page(_reads),
    "a web page for writes": showing_a_page(_writes),
    "another shape of reads": with_another_shape(_reads),
    "another shape at Upflow": with_another_shape(_upflow),
    "reads cut off": spoilt("cut", _reads),
    "writes cut off": spoilt("cut", _writes),
}


@dataclass
class Exchange:
    """Stands before the stand-ins: canaries in, their own credentials on; and `echo` may answer in their place."""

    echo: Echo = SITUATIONS["nothing wrong"]
    seen: set[str] = field(default_factory=set)

    async def between(self, request: Request) -> Response | None:
        """Answer with what a careless product would, or let the stand-in answer."""
        said = repeated(request)
        self.seen |= {value for value in (TOKEN, KEY, SECRET) if value in said}
        if (answer := self.echo(request, said)) is not None:
            return answer
        known = {
            TOKEN: SECRETS["PENNYLANE_TOKEN"],
            KEY: SECRETS["UPFLOW_API_KEY"],
            SECRET: SECRETS["UPFLOW_API_SECRET"],
        }
        request.scope["headers"] = [(name, _exchanged(value, known)) for name, value in request.scope["headers"]]
        return None


def _exchanged(value: bytes, known: Mapping[str, str]) -> bytes:
    for canary_, own in known.items():
        value = value.replace(canary_.encode(), own.encode())
    return value


@dataclass
class Watched:
    """A scene whose every secret is a canary, and everything it says."""

    scene: Scene
    exchange: Exchange
    canaries: Canaries

    def sync(self, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
        """Run the connection, logging everything; return the status."""
        run = self.scene.sync(stopping=Hurried(), **options)
        said = capsys.readouterr()
        self.canaries.check("report", str(run.report))
        self.canaries.check("log", said.err)
        self.canaries.check("stdout", said.out)
        return str(run.report["status"])

    def look(self) -> None:
        """Run every command that looks, for people and as JSON."""
        for words in COMMANDS:
            for json in ((), ("--json",)):
                given = ("--config", str(self.scene.yaml), *words, *json)
                done = CliRunner().invoke(shell.app, given, env=self.scene.environ, catch_exceptions=False)
                self.canaries.check(f"stdout of {words[0]}", done.stdout)
                self.canaries.check(f"stderr of {words[0]}", done.stderr)

    def check_database(self) -> None:
        """Look through the database."""
        self.canaries.check_database(self.scene.folder / "duebridge.db")


@pytest.fixture
def watched(open_scene: OpenScene, capsys: pytest.CaptureFixture[str]) -> Iterator[Watched]:
    """A small scene with records that must be rejected, and public addresses of files."""
    scene = open_scene(customers=6, invoices=40, broken=6)
    for row in scene.ledger("customer_invoices")[:20]:
        scene.change("customer_invoices", row["id"], public_file_url=FILE_ADDRESS)
    (scene.folder / "api-secret").write_text(f"{SECRET}\n")
    text = scene.yaml.read_text(encoding="utf-8").replace("${UPFLOW_API_SECRET}", "${file:api-secret}")
    scene.yaml.write_text(text, encoding="utf-8")
    scene.environ = {"PENNYLANE_TOKEN": TOKEN, "UPFLOW_API_KEY": KEY}
    exchange = Exchange()
    scene.served.interference.between = exchange.between
    logs.configure("debug")
    values = {"token": TOKEN, "key": KEY, "secret": SECRET, "file": FILE_ADDRESS}
    yield Watched(scene, exchange, Canaries(values))
    scene.served.interference.between = None
    logs.configure("info")


#: Those of `make test`; the rest is part of `make faults`.
FAST = ("writes refused, 422", "writes broken, 503", "reads forbidden, 403", "everything at Upflow sent elsewhere")


def _fast_first(names: Iterable[str], fast: Container[str]) -> list[Any]:
    return [name if name in fast else pytest.param(name, marks=pytest.mark.proof) for name in names]


@pytest.mark.parametrize("situation", _fast_first(SITUATIONS, FAST))
def test_no_secret_comes_out(
    watched: Watched, capsys: pytest.CaptureFixture[str], situation: str, figure: Figure
) -> None:
    watched.exchange.echo = SITUATIONS[situation]

    statuses = [watched.sync(capsys) for _ in range(2)]
    watched.look()
    watched.exchange.echo = SITUATIONS["nothing wrong"]
    statuses.append(watched.sync(capsys, full=True))
    watched.look()

    watched.check_database()
    assert watched.exchange.seen == {TOKEN, KEY, SECRET}, "the canaries never flew"
    assert statuses[-1] in ("succeeded", "incomplete")
    figure(f"canaries, {situation}", watched.canaries.figure())


#: Faults as the sandbox does them, one in four requests each, written down by path.
STRUCK = [
    Fault(fault="lost_answer", method="POST", rate=0.25),
    Fault(fault="reset", rate=0.25),
    Fault(fault="truncated", rate=0.25),
    Fault(fault="html", rate=0.25),
    Fault(fault="cut", rate=0.25),
    Fault(fault="status", status=500, rate=0.25),
]


@pytest.mark.parametrize("fault", _fast_first((fault.fault for fault in STRUCK), ("lost_answer",)))
def test_no_secret_comes_out_of_a_run_in_which_one_request_in_four_goes_wrong(
    watched: Watched, capsys: pytest.CaptureFixture[str], fault: str, figure: Figure
) -> None:
    (rule,) = (rule for rule in STRUCK if rule.fault == fault)
    with faults(watched.scene.url, rule, seed=3) as ordered:
        for _ in range(3):
            watched.sync(capsys, full=True)
        assert sum(ordered.struck) > 5
    watched.look()

    watched.check_database()
    figure(f"canaries, {fault} on one request in four", watched.canaries.figure())


def test_no_secret_comes_out_when_the_disk_is_full(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    for words, nth in MOMENTS.values():
        report = run_over(watched.scene, Disk(words, nth))
        watched.canaries.check("report", str(report.as_json()))
        said = capsys.readouterr()
        watched.canaries.check("log", said.out + said.err)
    watched.look()
    watched.check_database()


def test_the_search_finds_a_canary_in_every_spelling_and_every_place(tmp_path: Path) -> None:
    canaries = Canaries({"token": TOKEN})
    for each in spellings(TOKEN):
        assert canaries.found("here", f"before {each} after") == ["token in here"]
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (text TEXT)")
        db.execute("INSERT INTO notes VALUES (?)", (f"said {TOKEN}",))
    db.close()
    with pytest.raises(AssertionError, match=r"token in notes\.text"):
        canaries.check_database(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM notes")
    db.close()
    with pytest.raises(AssertionError, match=r"token in bytes of \.db"):
        canaries.check_database(path)


#: What a broken plugin does with the secret it was given.
CRASHES = {
    "check": "raise RuntimeError(f'no such {self.secret}')",
    "check, refusing": "raise AuthError(f'{self.secret} is not welcome')",
    "check, noting": "self.services.note(f'used {self.secret}'); raise RunError('no')",
    "check, logging": "logging.getLogger('plugin').error('with %s', self.secret); raise RunError('no')",
    "check, chained": "raise RunError('no') from ValueError(self.secret)",
}
PLUGIN = """
import logging
from typing import ClassVar
from pydantic import SecretStr
from duebridge.core.api import Account, AuthError, Customer, RunError, Settings, Source, hookimpl

class CrashingSettings(Settings):
    token: SecretStr

class Crashing(Source):
    name: ClassVar = "crashing"
    title: ClassVar = "Crashing"
    settings: ClassVar = CrashingSettings
    streams: ClassVar = {{"customers": (Customer,)}}
    canonical: ClassVar = {{Customer: Customer.model_validate}}

    def check(self) -> Account:
        self.secret = self.options.token.get_secret_value()
        {crash}

    def fetch(self, stream, since, needs):
        raise AssertionError

@hookimpl
def register_sources():
    return [Crashing]
"""


@pytest.mark.parametrize("crash", _fast_first(CRASHES, ("check",)))
def test_a_plugin_that_crashes_with_its_secret_in_hand_gives_it_to_nobody(
    watched: Watched, tmp_path: Path, crash: str
) -> None:
    plugins = tmp_path / "plugins"
    (plugins / "crashing-1.0.dist-info").mkdir(parents=True)
    (plugins / "crashing.py").write_text(PLUGIN.format(crash=CRASHES[crash]))
    (plugins / "crashing-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: crashing\nVersion: 1.0\n"
    )
    (plugins / "crashing-1.0.dist-info" / "entry_points.txt").write_text("[duebridge]\ncrashing = crashing\n")
    text = watched.scene.yaml.read_text(encoding="utf-8").replace("connector: pennylane,", "connector: crashing,")
    watched.scene.yaml.write_text(text.replace(f", base_url: {watched.scene.url}/pennylane", ""), encoding="utf-8")

    for words in (["sync", NAME, "--json"], ["check", NAME], ["check", NAME, "--json"], ["runs", "--json"]):
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "duebridge.core.cli", "--config", str(watched.scene.yaml), *words],
            env={**os.environ, **watched.scene.environ, "PYTHONPATH": str(plugins)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        watched.canaries.check("stdout", done.stdout)
        watched.canaries.check("stderr", done.stderr)
        assert done.returncode == (0 if words[0] == "runs" else 3 if "AuthError" in CRASHES[crash] else 1), done.stderr
        if words[0] == "sync" and "RuntimeError" in CRASHES[crash]:
            assert "please report" in done.stderr
            assert "crashing.py" in done.stderr
    watched.check_database()


def test_a_base_address_that_holds_a_password_is_refused_without_showing_it(watched: Watched) -> None:
    text = watched.scene.yaml.read_text(encoding="utf-8").replace("//127.0.0.1", "//user:canary-password@127.0.0.1")
    watched.scene.yaml.write_text(text, encoding="utf-8")
    watched.canaries.values["password"] = "canary-password"

    watched.look()

    done = CliRunner().invoke(
        shell.app, ["--config", str(watched.scene.yaml), "sync", NAME, "--json"], env=watched.scene.environ
    )
    watched.canaries.check("sync", done.output)
    assert done.exit_code == 2
