"""How does a connection keep to an instant, however slowly the other side talks?

httpcore limits each read and write by a duration, so a server that sends one byte now and then is never late. Here the
number httpcore carries as a "timeout" is an instant of `elapsed()`: every read, write, lookup and handshake gets what
is left until then, and a process that was stopped past it sends nothing when it goes on. `until()` makes the timeouts
of a request; only pools made by `pool()` understand them.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import httpcore

from duebridge.core.elapsed import elapsed
from duebridge.core.errors import ConfigError

#: Node closes idle connections after 5 s; staying below avoids writing into one that is just being closed.
KEEP_ALIVE_SECONDS = 4.0
CONNECTIONS = 32


def pool(scheme: str, host: str, security: ssl.SSLContext) -> httpcore.ConnectionPool:
    """A pool for `host`, through the proxy the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), if any."""
    address = proxy_for(scheme, host)
    proxy = httpcore.Proxy(address[0], auth=address[1]) if address else None
    return httpcore.ConnectionPool(
        ssl_context=security,
        proxy=proxy,
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_SECONDS,
        network_backend=Network(),
    )


def until(instant: float) -> dict[str, float]:
    """The `timeout` extension of a request that must be over at `instant`."""
    return {"connect": instant, "read": instant, "write": instant, "pool": max(0.0, instant - elapsed())}


def proxy_for(scheme: str, host: str) -> tuple[str, tuple[str, str] | None] | None:
    """The proxy's address, with its user and password if it has any; none for this machine itself."""
    found = getproxies_environment().get(scheme)
    if not found or _loopback(host) or proxy_bypass(host):
        return None
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"the {scheme.upper()}_PROXY environment variable must be an http:// address, or be unset")
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return f"http://{parts.hostname}:{parts.port or 80}", auth


class Untrusted(httpcore.ConnectError):
    """Nobody we trust vouches for the host's certificate."""


class Network(httpcore.NetworkBackend):
    """Opens connections whose timeouts are instants."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that accepts; an address gets a fair share of what is left."""
        try:
            return Stream(_connect(_addresses(host, port, timeout), port, timeout, local_address, socket_options or ()))
        except TimeoutError as late:
            raise httpcore.ConnectTimeout(str(late)) from late
        except OSError as failed:
            raise httpcore.ConnectError(str(failed)) from failed


class Stream(httpcore.NetworkStream):
    """A socket whose timeouts are instants."""

    def __init__(self, sock: socket.socket) -> None:
        """Own `sock`."""
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived, at most `max_bytes`; empty when the other side has closed."""
        try:
            self._sock.settimeout(_left(timeout))
            return self._sock.recv(max_bytes)
        except TimeoutError as late:
            raise httpcore.ReadTimeout(str(late)) from late
        except OSError as failed:
            raise httpcore.ReadError(str(failed)) from failed

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`."""
        rest = memoryview(buffer)
        try:
            while rest:
                self._sock.settimeout(_left(timeout))
                rest = rest[self._sock.send(rest) :]
        except TimeoutError as late:
            raise httpcore.WriteTimeout(str(late)) from late
        except OSError as failed:
            raise httpcore.WriteError(str(failed)) from failed

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        try:
            self._sock.settimeout(_left(timeout))
            return Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except TimeoutError as late:
            self.close()
            raise httpcore.ConnectTimeout(str(late)) from late
        except OSError as failed:
            self.close()
            kind = Untrusted if isinstance(failed, ssl.SSLCertVerificationError) else httpcore.ConnectError
            raise kind(str(failed)) from failed

    def get_extra_info(self, info: str) -> object:
        """What httpcore asks of a stream: whether it is encrypted, and whether an idle one was closed by the server."""
        if info == "is_readable":
            return _readable(self._sock)
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return self._sock if info == "socket" else None


def _left(instant: float | None) -> float | None:
    if instant is None:
        return None
    left = instant - elapsed()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


def _connect(
    addresses: list[str],
    port: int,
    instant: float | None,
    local_address: str | None,
    options: Iterable[httpcore.SOCKET_OPTION],
) -> socket.socket:
    failure: OSError = OSError("the host has no address")
    for tried, address in enumerate(addresses):
        left = _left(instant)
        share = None if left is None else left / (len(addresses) - tried)
        source = (local_address, 0) if local_address else None
        try:
            sock = socket.create_connection((address, port), share, source)
        except OSError as failed:
            failure = failed
            continue
        for option in [*options, (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]:
            sock.setsockopt(*option)
        return sock
    raise failure


def _addresses(host: str, port: int, instant: float | None) -> list[str]:
    """Every address of `host`. The system's lookup knows no time limit, so it runs in a thread that we can leave."""
    if _literal(host):
        return [host]
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))
        except OSError as failure:
            failed.append(failure)
        except UnicodeError:
            failed.append(OSError("not a host name"))

    thread = threading.Thread(target=look_up, name="dns", daemon=True)
    thread.start()
    thread.join(_left(instant))
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError("the name was not found in time")
    return found


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    return host == "localhost" or (_literal(host) and ip_address(host).is_loopback)


def _readable(sock: socket.socket) -> bool:
    if sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
