"""What the program says to its operator, and what it never says."""

from __future__ import annotations

import json
import logging
import threading
import timeit
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import structlog
from pydantic import SecretStr

from duebridge.core.edge import logs
from duebridge.core.edge.redaction import redact, redact_text, register_secret

SECRET = "s3cr3t/tok+en=="


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    register_secret(SECRET)
    logs.configure("info", form="json")
    yield
    structlog.contextvars.clear_contextvars()
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not getattr(handler, "duebridge", False)]
    root.setLevel(logging.WARNING)
    logs.configure("info")
    root.handlers[:] = [handler for handler in root.handlers if not getattr(handler, "duebridge", False)]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_lines_are_json_on_stderr_and_stdout_stays_for_data(capsys: pytest.CaptureFixture[str]) -> None:
    logs.logger().info("run finished", status="succeeded", total=Decimal("12.50"), on=date(2024, 1, 31))
    (line,) = lines(capsys)
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo == UTC
    assert line == {
        "event": "run finished",
        "level": "info",
        "status": "succeeded",
        "total": "12.50",
        "on": "2024-01-31",
    }


def test_a_terminal_gets_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(form="console")
    logs.logger().warning("slow", customer="Evil \x1b[2J\nname")
    err = capsys.readouterr().err
    assert "slow" in err
    assert "\x1b[2J" not in err
    assert err.count("\n") == 1


def test_a_logger_follows_later_settings(capsys: pytest.CaptureFixture[str]) -> None:
    log = logs.logger()
    log.debug("one")
    logs.configure("debug", form="json")
    log.debug("two")
    logs.configure("error", form="json")
    log.warning("three")
    log.error("four")
    assert [line["event"] for line in lines(capsys)] == ["two", "four"]


def test_what_is_bound_is_on_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    with logs.bound(connection="acme", run=3):
        logs.logger().info("inside")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(logs.carried(logs.logger().info), "in a pool").result()
    logs.logger().info("outside")
    logs.bind(connection="beta")
    logs.logger().info("later")
    assert [(line["event"], line.get("connection"), line.get("run")) for line in lines(capsys)] == [
        ("inside", "acme", 3),
        ("in a pool", "acme", 3),
        ("outside", None, None),
        ("later", "beta", None),
    ]


def test_tracebacks_carry_neither_secrets_nor_locals(capsys: pytest.CaptureFixture[str]) -> None:
    local_value = "a-local-value"
    try:
        int(f"refused {SECRET} at https://user:pw@host/path?code=1")
    except ValueError:
        logs.logger().exception("boom")
    (line,) = lines(capsys)
    assert "refused *** at https://***@host/path?***" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert SECRET not in str(line)
    assert local_value not in str(line)


def test_an_exception_handed_over_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    logs.logger().error("crashed", exc_info=RuntimeError(SECRET), error=RuntimeError(f"x {SECRET}"))
    assert SECRET not in capsys.readouterr().err


def test_libraries_lines_pass_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    with logs.bound(connection="acme"):
        logging.getLogger("httpx").info("HTTP Request: GET https://host/x?token=abc")
        logging.getLogger("httpx").warning("retrying %s with %s", "https://host/x?token=abc", SECRET)
    (line,) = lines(capsys)
    assert line["event"] == "retrying https://host/x?*** with ***"
    assert (line["logger"], line["connection"], line["level"]) == ("httpx", "acme", "warning")


@dataclass
class Thing:
    token: str
    place: str


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_secrets_are_found_in_nested_values() -> None:
    assert redact(
        {
            "list": [SECRET, {"deep": (SECRET,)}],
            SECRET: 1,
            "thing": Thing("abc", SECRET),
            "wrapped": SecretStr(SECRET),
            "bytes": SECRET.encode(),
            "odd": Odd(),
            "numbers": [1, 2.5, None, True],
        }
    ) == {
        "list": ["***", {"deep": ["***"]}],
        "***": 1,
        "thing": {"token": "***", "place": "***"},
        "wrapped": "SecretStr('**********')",
        "bytes": "b'***'",
        "odd": "<Odd that can't be printed: RuntimeError>",
        "numbers": [1, 2.5, None, True],
    }


def test_a_value_within_itself_ends() -> None:
    endless: list = []
    endless.append(endless)
    assert str(redact(endless)).count("[") == 9 - 1


@pytest.mark.parametrize(
    "key",
    "token access_token refresh-token Authorization api_key API-Key apiKey X-Api-Key client_secret password "
    "Set-Cookie private_key sftp_passphrase credentials tokens".split(),
)
def test_what_stands_under_a_secrets_name_is_masked(key: str) -> None:
    assert redact({key: "short"}) == {key: "***"}
    assert redact({key: 12345}) == {key: "***"}
    assert redact({key: {"a": 1}}) == {key: "***"}


@pytest.mark.parametrize(
    ("key", "value"), [("token", ""), ("token", None), ("has_token", True), ("token_expires_at", "noon"), ("keys", "k")]
)
def test_what_gives_nothing_away_is_shown(key: str, value: object) -> None:
    assert redact({key: value}) == {key: value}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://me:pw@host:80/a/b?c=d#e done", "GET https://***@host:80/a/b?***#e done"),
        ("GET https://host/a/b done", "GET https://host/a/b done"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://***@h/d"),
        ('"GET /callback?code=abc&state=d HTTP/1.1" 200', '"GET /callback?*** HTTP/1.1" 200'),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("headers {'X-Api-Key': 'abc', 'Accept': 'x'}", "headers {'X-Api-Key': \"***\", 'Accept': 'x'}"),
        ('{"access_token":"abc","expires_in":3}', '{"access_token":"***","expires_in":3}'),
        ("grant_type=refresh_token&refresh_token=abc&x=1", "grant_type=refresh_token&refresh_token=***&x=1"),
        ("connections.a.target.token: missing", "connections.a.target.token: missing"),
        ("is this right? a/b = c", "is this right? a/b = c"),
        (f"quoted s3cr3t%2Ftok%2Ben%3D%3D and {SECRET}", "quoted *** and ***"),
    ],
)
def test_text_is_redacted_by_its_shape(text: str, shown: str) -> None:
    assert redact_text(text) == shown


def test_short_and_empty_values_never_become_masks() -> None:
    for value in ("", " ", "a", "abcde", "     \n"):
        register_secret(value)
    assert redact_text("a b  abcde") == "a b  abcde"


def test_each_line_of_a_private_key_is_a_secret() -> None:
    register_secret("-----BEGIN KEY-----\nQUJDREVGR0g\nSUpLTE1OT1A\n-----END KEY-----")
    assert redact_text("it said QUJDREVGR0g") == "it said ***"
    assert redact_text("-----BEGIN KEY-----") == "-----BEGIN KEY-----"


def test_secrets_registered_while_lines_are_written_are_masked_from_then_on() -> None:
    failures: list[str] = []

    def work(thread: int) -> None:
        for number in range(50):
            secret = f"secret-{thread}-{number}-x"
            register_secret(secret)
            if secret in redact_text(f"a {secret} b"):
                failures.append(secret)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_line_below_the_level_costs_next_to_nothing() -> None:
    log = logs.logger()
    rounds = 20_000
    best = min(timeit.repeat(lambda: log.debug("nothing", a=1), number=rounds, repeat=5)) / rounds
    assert best < 2e-6


def test_tens_of_thousands_of_odd_characters_take_no_time() -> None:
    for text in ("x-" * 20_000 + " ", "token-" * 10_000 + " =", "a://" * 10_000, "/?" * 10_000, "'token" * 10_000):
        assert timeit.timeit(lambda text=text: redact_text(text), number=1) < 2
