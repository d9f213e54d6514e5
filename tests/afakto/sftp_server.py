"""A real SFTP server, started by a test in a thread of its own: asyncssh, with a folder as its root."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "acme", "correct horse"


@dataclass
class Behaviour:
    """What the server does with an operation (`write`, `rename`, …) before it does it: nothing, or raise."""

    before: Callable[[str], None] = lambda _: None
    shown_size: Callable[[int], int] = lambda size: size
    posix_rename: bool = True
    logins: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)


@dataclass(frozen=True)
class Server:
    """Where the server is, its public key, its folder, and how it behaves."""

    port: int
    host_key: str
    folder: Path
    behaviour: Behaviour
    client_key: str

    def block(self, **given: Any) -> dict[str, Any]:
        """The `sftp` block of a connection that knows this server."""
        usual = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "host_key": self.host_key,
            "path": "incoming",
        }
        return {name: value for name, value in (usual | given).items() if value is not None}


class _Login(asyncssh.SSHServer):
    def __init__(self, behaviour: Behaviour, key: asyncssh.SSHKey) -> None:
        self._behaviour = behaviour
        self._key = key.convert_to_public()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._behaviour.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._behaviour.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._key


def _files(behaviour: Behaviour, root: Path) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())
            self._channel = channel

        def _meet(self, operation: str, what: bytes = b"") -> None:
            behaviour.done.append(f"{operation} {what.decode()}".strip())
            try:
                behaviour.before(operation)
            except ConnectionError:
                self._channel.get_connection().abort()
                raise

        def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
            self._meet("write")
            return super().write(file_obj, offset, data)

        def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
            if not behaviour.posix_rename:
                raise asyncssh.SFTPOpUnsupported("Unsupported request")
            self._meet("rename", newpath)
            answer = super().posix_rename(oldpath, newpath)
            behaviour.before("renamed")
            return answer

        def rename(self, oldpath: bytes, newpath: bytes) -> Any:
            self._meet("rename", newpath)
            return super().rename(oldpath, newpath)

        def stat(self, path: bytes) -> Any:
            self._meet("stat", path)
            found = super().stat(path)
            if path.endswith((b".csv", b".part")):
                attributes = asyncssh.SFTPAttrs.from_local(found)
                attributes.size = behaviour.shown_size(attributes.size or 0)
                return attributes
            return found

    return Files


@contextmanager
def serving_sftp(root: Path, algorithm: str = "ssh-ed25519") -> Iterator[Server]:
    """Serve `root` (which gets a folder `incoming`) until the block ends."""
    behaviour, host_key = Behaviour(), asyncssh.generate_private_key(algorithm)
    client_key = asyncssh.generate_private_key("ssh-ed25519")
    (root / "incoming").mkdir(parents=True, exist_ok=True)
    loop, ready = asyncio.new_event_loop(), threading.Event()
    started: list[asyncssh.SSHAcceptor] = []

    async def start() -> None:
        started.append(
            await asyncssh.listen(
                "127.0.0.1",
                0,
                server_host_keys=[host_key],
                server_factory=lambda: _Login(behaviour, client_key),
                sftp_factory=_files(behaviour, root),
            )
        )

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        ready.set()
        loop.run_forever()

    async def end() -> None:
        started[0].close()
        await started[0].wait_closed()
        for connection in behaviour.connections:
            connection.abort()
            await connection.wait_closed()
        await asyncio.sleep(0)  # what was aborted is let go of by the loop

    thread = threading.Thread(target=run, name="sftp", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        public = host_key.export_public_key().decode().split()
        yield Server(
            started[0].get_port(),
            f"{public[0]} {public[1]}",
            root / "incoming",
            behaviour,
            client_key.export_private_key().decode(),
        )
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
