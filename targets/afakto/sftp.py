"""How does a file get to an SFTP server, whole or not at all? Alone here paramiko is used.

the server's key checked -> written under a hidden name -> its size verified -> renamed -> its size verified again

A server whose key is not the one expected is told nothing: no user name, no password, no file.
"""

from __future__ import annotations

import io
import socket
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko

from duebridge.core.api import AuthError, ConfigError, RunError, UnknownOutcome
from duebridge.targets.afakto.files import Parcel, is_unfinished, unfinished
from duebridge.targets.afakto.settings import Sftp

#: Seconds to connect, to be greeted, to be let in, and for each answer.
PATIENCE = 30.0

#: Bytes: what every server takes in one packet.
_AT_ONCE = 32_768
#: What says that the server, or the way to it, failed us.
_FAILURES = (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError)
_KEYS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SftpServer:
    """A folder on an SFTP server; connected to when first needed."""

    def __init__(self, options: Sftp) -> None:
        """Nothing is asked yet."""
        self._options = options
        self._where = f"{options.host}:{options.port}"
        self._transport: paramiko.Transport | None = None
        self._files: paramiko.SFTPClient | None = None

    def check(self) -> str:
        """Return where files go. Raises `AuthError`, `ConfigError` or `RunError` with what to do."""
        with self._telling("no file can be delivered to"):
            folder = self._connected().normalize(".")
            self._connected().listdir(".")
        return f"{self._options.user}@{self._where}:{folder}"

    def put(self, parcel: Parcel) -> str:
        """Deliver a file; return its name. Raises `RunError` when it isn't there, `UnknownOutcome` when it may be."""
        with self._telling(f"the {parcel.file} file was not delivered to"):
            files = self._connected()
            there = set(files.listdir("."))
            for left in there:
                if is_unfinished(left, parcel.company):
                    files.remove(left)
            name = next(name for name in parcel.names() if name not in there)
            hidden = unfinished(name)
            try:
                self._upload(files, hidden, parcel.content)
            except BaseException:
                with suppress(*_FAILURES):
                    files.remove(hidden)
                raise
        self._rename(files, hidden, name, len(parcel.content))
        return name

    def close(self) -> None:
        """Leave the server."""
        if self._files is not None:
            self._files.close()
        if self._transport is not None:
            self._transport.close()
        self._files = self._transport = None

    def _upload(self, files: paramiko.SFTPClient, hidden: str, content: bytes) -> None:
        with files.open(hidden, "wx") as file:
            for start in range(0, len(content), _AT_ONCE):
                _write_some(file, content[start : start + _AT_ONCE])
        size = files.stat(hidden).st_size
        if size != len(content):
            raise RunError(
                f"{hidden} was not delivered to {self._where}: {size} of {len(content)} bytes arrived; "
                "the next run delivers"
            )

    def _rename(self, files: paramiko.SFTPClient, hidden: str, name: str, size: int) -> None:
        """Give the file its name; from here on an error may come after the deed."""
        try:
            _renamed(files, hidden, name)
            arrived = files.stat(name).st_size
        except _FAILURES as error:
            raise UnknownOutcome(
                f"{name} may or may not be at {self._where}: {_words(error)}; the next run delivers a new file"
            ) from error
        if arrived != size:
            raise UnknownOutcome(f"{name} at {self._where} has {arrived} bytes instead of {size}; look at it there")

    def _connected(self) -> paramiko.SFTPClient:
        if self._files is None:
            expected = _expected(self._options)
            self._transport = transport = self._opened()
            self._meet(transport, expected)
            self._log_in(transport)
            files = paramiko.SFTPClient.from_transport(transport)
            if files is None:
                raise RunError(f"{self._where} opens no SFTP session; the next run tries again")
            channel = files.get_channel()
            if channel is not None:
                channel.settimeout(PATIENCE)
            files.chdir(self._options.path)
            self._files = files
        return self._files

    def _opened(self) -> paramiko.Transport:
        plain = socket.create_connection((self._options.host, self._options.port), timeout=PATIENCE)
        transport = paramiko.Transport(plain)
        transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = PATIENCE
        return transport

    def _meet(self, transport: paramiko.Transport, expected: list[paramiko.PKey]) -> None:
        """Agree on keys, and see that the server is the one expected."""
        if expected:
            known = [kind for key in expected for kind in _algorithms(key)]
            transport.get_security_options().key_types = tuple(
                kind for kind in transport.get_security_options().key_types if kind in known
            )
        try:
            transport.start_client(timeout=PATIENCE)
            shown = transport.get_remote_server_key()
        except paramiko.SSHException as error:
            if expected and "host key" in str(error).lower():
                raise self._stranger("it has no key of the type expected") from error
            raise
        if all(shown.asbytes() != key.asbytes() for key in expected):
            raise self._stranger(f"it shows {shown.get_name()} {shown.fingerprint}")

    def _stranger(self, what: str) -> AuthError:
        return AuthError(
            f"{self._where} is not the server expected: {what}, which neither host_key nor known_hosts names. Nothing "
            "was sent. Ask its owner for the key's fingerprint; if it is the same, put the line `ssh-keyscan "
            f"-p {self._options.port} {self._options.host}` prints (without the name) into sftp.host_key"
        )

    def _log_in(self, transport: paramiko.Transport) -> None:
        options = self._options
        try:
            if options.key is not None:
                passphrase = options.passphrase.get_secret_value() if options.passphrase is not None else None
                transport.auth_publickey(options.user, _private_key(options.key.get_secret_value(), passphrase))
            elif options.password is not None:
                transport.auth_password(options.user, options.password.get_secret_value())
        except paramiko.AuthenticationException as error:
            which = "key" if options.key is not None else "password"
            raise AuthError(
                f"{self._where} does not let {options.user} in with this {which}; correct sftp.user or sftp.{which}"
            ) from error

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise RunError(f"sftp.path: {self._where} has no folder {self._options.path}; make it there") from error
        except _FAILURES as error:
            raise RunError(f"{what} {self._where}: {_words(error)}; mend that, the next run delivers") from error


def _write_some(file: paramiko.SFTPFile, part: bytes) -> None:
    file.write(part)


def _renamed(files: paramiko.SFTPClient, hidden: str, name: str) -> None:
    try:
        files.posix_rename(hidden, name)
    except OSError as error:
        if "unsupported" not in str(error).lower():
            raise
        files.rename(hidden, name)  # SFTP's own, which refuses to replace: the name is free


def _expected(options: Sftp) -> list[paramiko.PKey]:
    """The keys the server may prove itself by. Raises `ConfigError` for what can't be one."""
    if options.host_key is not None:
        return [_public_key(options.host_key)]
    path = Path(options.known_hosts or "").expanduser()
    try:
        known = paramiko.HostKeys(str(path))
    except OSError as error:
        raise ConfigError(f"sftp.known_hosts: {path} can't be read ({error.strerror})") from error
    name = options.host if options.port == paramiko.config.SSH_PORT else f"[{options.host}]:{options.port}"
    return list((known.lookup(name) or {}).values())


def _public_key(text: str) -> paramiko.PKey:
    kind, data, *_ = text.split()
    try:
        return paramiko.PKey.from_type_string(kind, b64decode(data, validate=True))
    except (paramiko.SSHException, NotBase64, ValueError, IndexError) as error:
        raise ConfigError(
            "sftp.host_key: not a public key; write its type and the key, as in `ssh-ed25519 AAAA…`"
        ) from error


def _private_key(text: str, passphrase: str | None) -> paramiko.PKey:
    for kind in _KEYS:
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text), passphrase)
    raise ConfigError(
        "sftp.key: not a private key this program reads (Ed25519, ECDSA or RSA), or its passphrase is another"
    )


def _algorithms(key: paramiko.PKey) -> tuple[str, ...]:
    """The signatures a host key of this kind may be shown with."""
    return ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa") if key.get_name() == "ssh-rsa" else (key.get_name(),)


def _words(error: Any) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
