"""Files go to a real SFTP server whole or not at all, and to no other server than the one expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from duebridge.core.api import AuthError, ConfigError, RunError, UnknownOutcome
from duebridge.targets.afakto.files import Parcel
from duebridge.targets.afakto.sandbox import read_delivery
from duebridge.targets.afakto.settings import Sftp
from duebridge.targets.afakto.sftp import SftpServer

from .scene import CODE, Scene
from .sftp_server import PASSWORD, USER, Server, serving_sftp

MADE = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
NAME = "20260302T050000.000000Z_ACME01_invoices.csv"
#: More than one packet of the protocol.
CONTENT = b"A,B\r\n" + b"1,2\r\n" * 50_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving_sftp(tmp_path / "remote") as started:
        yield started


def put(server: Server, content: bytes = CONTENT, **given: Any) -> str:
    """Deliver one file over a connection of its own."""
    place = SftpServer(Sftp.model_validate(server.block(**given)))
    try:
        return place.put(Parcel("ACME01", "invoices", MADE, content, []))
    finally:
        place.close()


def listed(server: Server) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in server.folder.iterdir()}


def failing(operation: str, error: Exception) -> Callable[[str], None]:
    def before(done: str) -> None:
        if done == operation:
            raise error

    return before


# --- delivering


def test_a_file_is_there_whole_under_its_name_alone(server: Server) -> None:
    assert put(server) == NAME
    assert listed(server) == {NAME: CONTENT}
    assert server.behaviour.logins == [USER]


def test_no_file_is_ever_replaced(server: Server) -> None:
    names = [put(server, b"%d\r\n" % n) for n in range(3)]
    assert listed(server) == {name: b"%d\r\n" % n for n, name in enumerate(names)}


def test_what_a_dead_run_left_is_cleared(server: Server) -> None:
    (server.folder / f".{NAME}.part").write_text("half")
    (server.folder / ".20260302T050000.000000Z_OTHER_invoices.csv.part").write_text("another's")
    put(server)
    assert listed(server).keys() == {NAME, ".20260302T050000.000000Z_OTHER_invoices.csv.part"}


def test_a_key_lets_in_as_a_password_does(server: Server) -> None:
    assert put(server, password=None, key=server.client_key) == NAME


def test_a_key_may_have_a_passphrase(server: Server) -> None:
    plain = asyncssh.import_private_key(server.client_key)
    key = plain.export_private_key(passphrase="secret words", rounds=4, ignore_few_rounds=True).decode()
    assert put(server, password=None, key=key, passphrase="secret words") == NAME


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_server_is_known_by_any_kind_of_key(tmp_path: Path, algorithm: str) -> None:
    with serving_sftp(tmp_path / "remote", algorithm) as server:
        assert put(server) == NAME


def test_a_line_of_known_hosts_is_as_good(server: Server, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"# ours\n[127.0.0.1]:{server.port} {server.host_key}\n")
    assert put(server, host_key=None, known_hosts=str(known)) == NAME


def test_a_server_without_the_extension_renames_the_plain_way(server: Server) -> None:
    server.behaviour.posix_rename = False
    assert put(server) == NAME
    assert listed(server) == {NAME: CONTENT}


def test_check_says_where_files_go(server: Server) -> None:
    place = SftpServer(Sftp.model_validate(server.block()))
    try:
        assert place.check() == f"{USER}@127.0.0.1:{server.port}:/incoming"
    finally:
        place.close()


# --- who the server is


def test_a_server_with_another_key_is_told_nothing(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()
    with pytest.raises(AuthError, match=r"not the server expected: it shows ssh-ed25519 SHA256.*ssh-keyscan -p"):
        put(server, host_key=f"{other[0]} {other[1]}")
    assert (server.behaviour.logins, listed(server)) == ([], {})


def test_a_server_with_another_kind_of_key_is_told_nothing(server: Server) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().split()
    with pytest.raises(AuthError, match="not the server expected"):
        put(server, host_key=f"{other[0]} {other[1]}")
    assert server.behaviour.logins == []


def test_a_server_known_hosts_does_not_name_is_told_nothing(server: Server, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"sftp.example {server.host_key}\n")
    with pytest.raises(AuthError, match="neither host_key nor known_hosts names"):
        put(server, host_key=None, known_hosts=str(known))
    assert server.behaviour.logins == []


def test_a_known_hosts_file_that_is_not_there_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing can't be read"):
        put(server, host_key=None, known_hosts=str(tmp_path / "missing"))


@pytest.mark.parametrize("key", ["ssh-ed25519 nonsense", "ssh-ed25519 AAAA", "x y"])
def test_a_host_key_that_is_none_is_refused(server: Server, key: str) -> None:
    with pytest.raises(ConfigError, match=r"sftp.host_key: not a public key"):
        put(server, host_key=key)


# --- what goes wrong


def test_a_wrong_password_pauses_the_connection_and_is_not_in_the_message(server: Server) -> None:
    with pytest.raises(AuthError, match="does not let acme in with this password; correct") as refused:
        put(server, password=PASSWORD + "!")
    assert PASSWORD not in str(refused.value)


def test_a_key_of_somebody_else_pauses_the_connection(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    with pytest.raises(AuthError, match=r"with this key; correct sftp.user or sftp.key"):
        put(server, password=None, key=other)


@pytest.mark.parametrize("key", ["not a key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END-----"])
def test_a_key_that_is_none_is_refused(server: Server, key: str) -> None:
    with pytest.raises(ConfigError, match=r"sftp.key: not a private key"):
        put(server, password=None, key=key)


def test_a_folder_that_is_not_there_is_not_made(server: Server) -> None:
    with pytest.raises(RunError, match="has no folder nowhere; make it there"):
        put(server, path="nowhere")


def test_a_file_in_the_folders_place_is_told(server: Server) -> None:
    (server.folder / "file").write_text("")
    with pytest.raises(RunError, match="Not a directory"):
        put(server, path="incoming/file")


def test_nobody_listening_is_told(server: Server) -> None:
    with serving_sftp(server.folder.parent / "other") as gone:
        pass
    with pytest.raises(RunError, match=r"the invoices file was not delivered to 127.0.0.1.*Connection refused"):
        put(gone)


def test_a_full_disk_leaves_nothing(server: Server) -> None:
    server.behaviour.before = failing("write", asyncssh.SFTPFailure("No space left on device"))
    with pytest.raises(RunError, match=r"the invoices file was not delivered to .*No space left"):
        put(server)
    assert listed(server) == {}


def test_a_file_that_arrived_short_gets_no_name(server: Server) -> None:
    server.behaviour.shown_size = lambda size: size - 1
    with pytest.raises(RunError, match=f"{len(CONTENT) - 1} of {len(CONTENT)} bytes arrived"):
        put(server)
    assert listed(server) == {}


def test_a_connection_lost_while_writing_leaves_no_file_a_reader_takes(server: Server) -> None:
    server.behaviour.before = failing("write", ConnectionResetError())
    with pytest.raises(RunError, match="file was not delivered"):
        put(server)
    assert list(server.folder.glob("*.csv")) == []


@pytest.mark.parametrize(("operation", "there"), [("rename", False), ("renamed", True)])
def test_an_answer_to_the_rename_that_is_lost_leaves_it_unknown(server: Server, operation: str, there: bool) -> None:
    def lose(done: str) -> None:
        if done == operation:
            raise asyncssh.SFTPConnectionLost("gone")

    server.behaviour.before = lose
    with pytest.raises(UnknownOutcome, match=f"{NAME} may or may not be at"):
        put(server)
    assert (server.folder / NAME).exists() is there


# --- a whole run


def test_a_run_delivers_both_files_buyers_first(empty: Scene, server: Server) -> None:
    acme = empty.customer()
    empty.invoice(acme, "F-1")
    empty.environ["SFTP_PASSWORD"] = PASSWORD
    empty.configure(sftp=server.block(password="${SFTP_PASSWORD}"))

    empty.synced()

    assert read_delivery(server.folder).companies[CODE].invoices.keys() == {"F-1"}
    renamed = [done for done in server.behaviour.done if done.startswith("rename")]
    assert [name.rpartition("_")[2] for name in renamed] == ["buyers.csv", "invoices.csv"]


def test_a_run_to_a_stranger_asks_for_somebody(empty: Scene, server: Server) -> None:
    empty.customer()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()
    empty.configure(sftp=server.block(host_key=f"{other[0]} {other[1]}"))

    run = empty.sync()

    assert (run.exit_code, run.report["status"]) == (3, "failed")
    assert "not the server expected" in run.told
