"""An attempt is over by its deadline, however slowly the other side talks."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from duebridge.core.edge import deadline
from duebridge.core.elapsed import elapsed
from duebridge.core.errors import ConfigError, RunError, UnknownOutcome

DEADLINE = 0.4


@contextmanager
def over_in_time(seconds: float = DEADLINE) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert seconds * 0.9 <= time.monotonic() - started < seconds + 1


def dripping(head: bytes, drop: bytes, over: threading.Event) -> Callable[[socket.socket], None]:
    """Send `head`, then `drop` every 30 ms."""

    def drip(sock: socket.socket) -> None:
        sock.sendall(head)
        while not over.wait(0.03):
            sock.sendall(drop)

    return drip


def test_a_server_that_hangs_is_left(edge: Any, server: Any) -> None:
    server.plays(lambda _: server.over.wait(20))
    with over_in_time(), pytest.raises(RunError, match="did not answer in time"):
        edge.to(server.url, deadline=DEADLINE, retries=0).get("/x")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", b"1"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n1\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
)
def test_a_server_that_drips_is_left(edge: Any, server: Any, head: bytes, drop: bytes) -> None:
    server.plays(dripping(head, drop, server.over))
    with over_in_time(), pytest.raises(RunError, match="did not answer in time"):
        edge.to(server.url, deadline=DEADLINE, retries=0).get("/x")


def test_an_error_whose_explanation_drips_is_still_that_error(edge: Any, server: Any) -> None:
    server.plays(dripping(b"HTTP/1.1 401 No\r\ncontent-length: 9999\r\n\r\n", b"x", server.over))
    with over_in_time(), pytest.raises(Exception, match="does not accept our credentials"):
        edge.to(server.url, deadline=DEADLINE, retries=0).get("/x")


def test_a_write_that_hangs_is_unknown(edge: Any, server: Any) -> None:
    server.plays(lambda _: server.over.wait(20))
    with over_in_time(), pytest.raises(UnknownOutcome, match="did not answer in time"):
        edge.to(server.url, deadline=DEADLINE).write("POST", "/x", {}, safety="create_once")


def test_a_server_that_does_not_read_is_left(edge: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        http = edge.to(f"http://127.0.0.1:{deaf.getsockname()[1]}", deadline=DEADLINE)
        with over_in_time(), pytest.raises(UnknownOutcome):
            http.write("POST", "/x", {"pdf": "x" * 30_000_000}, safety="create_once")


def test_every_attempt_has_the_whole_deadline(edge: Any, server: Any) -> None:
    server.plays(lambda _: server.over.wait(20), server.reply(body=b"[1]"))
    assert edge.to(server.url, deadline=DEADLINE).get("/x") == [1]


def test_a_name_that_is_never_found_is_left(edge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(20) and [])
    with over_in_time(), pytest.raises(RunError, match=r"cannot reach slow\.example port 80"):
        edge.to("http://slow.example", deadline=DEADLINE, retries=0).get("/x")
    release.set()


def test_the_second_address_of_a_host_is_tried(edge: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, server.port)) for ip in ("127.0.0.2", "127.0.0.1")]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: answers if host == "two.example" else real(host, *a, **k)
    )
    assert edge.to(f"http://two.example:{server.port}").get("/x") == {}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    """A TLS server: to `/drip` it sends a byte every 30 ms, otherwise `{}`; it keeps connections open."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not over.is_set():
            try:
                sock, _ = listening.accept()
                with context.wrap_socket(sock, server_side=True) as talk:
                    while request := talk.recv(65536):
                        talk.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
                        while b"/drip" in request and not over.wait(0.3):
                            pass
                        talk.sendall(b"{}")
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    yield int(listening.getsockname()[1])
    over.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_a_certificate_nobody_vouches_for_ends_the_run_at_once(edge: Any, tls_port: int) -> None:
    with pytest.raises(RunError, match=rf"the certificate of 127\.0\.0\.1 port {tls_port} is not trusted"):
        edge.to(f"https://127.0.0.1:{tls_port}").get("/x")
    assert edge.waits == []


def test_encrypted_connections_keep_to_the_deadline_and_stay_open(certificate: Path, tls_port: int) -> None:
    pool = deadline.pool("https", "127.0.0.1", ssl.create_default_context(cafile=str(certificate)))

    def get(path: str) -> bytes:
        instant = elapsed() + DEADLINE
        return pool.request(
            "GET", f"https://127.0.0.1:{tls_port}{path}", extensions={"timeout": deadline.until(instant)}
        ).content

    with pool:
        assert get("/x") == get("/x") == b"{}"
        assert len(pool.connections) == 1
        with over_in_time(), pytest.raises(httpcore.ReadTimeout):
            get("/drip")


def test_a_server_that_never_shakes_hands_is_left(edge: Any) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        over_in_time(),
        pytest.raises(RunError, match="cannot reach"),
    ):
        edge.to(f"https://127.0.0.1:{silent.getsockname()[1]}", deadline=DEADLINE, retries=0).get("/x")


@pytest.mark.parametrize(
    ("variable", "host", "expected"),
    [
        ("", "api.upflow.io", None),
        ("http://proxy.acme.lan:3128", "api.upflow.io", ("http://proxy.acme.lan:3128", None)),
        ("proxy.acme.lan", "api.upflow.io", ("http://proxy.acme.lan:80", None)),
        ("http://jo%40acme:p%3Aw@proxy:3128", "api.upflow.io", ("http://proxy:3128", ("jo@acme", "p:w"))),
        ("http://proxy:3128", "127.0.0.1", None),
        ("http://proxy:3128", "localhost", None),
        ("http://proxy:3128", "ledger.acme.lan", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str, host: str, expected: tuple[str, object] | None
) -> None:
    monkeypatch.setenv("https_proxy", variable)
    monkeypatch.setenv("no_proxy", "acme.lan")
    assert deadline.proxy_for("https", host) == expected


def test_a_proxy_that_is_not_http_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://user:hidden@proxy")
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        deadline.proxy_for("https", "api.upflow.io")
    assert "hidden" not in str(caught.value)


def test_requests_go_through_the_proxy(edge: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://jo:pw@127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert edge.to("http://ledger.example").get("/x") == {}
    assert server.seen[0].target == "http://ledger.example/x"
    assert server.seen[0].headers["proxy-authorization"].startswith("Basic ")
