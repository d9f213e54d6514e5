"""Secrets come by reference, are masked wherever they turn up, and are never said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from duebridge.core.edge import logs
from duebridge.core.edge.config import describe
from duebridge.core.errors import ConfigError


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("${NOT_SET}", "the environment variable NOT_SET is not set"),
        ("${file:nowhere/key}", "the file nowhere/key can't be read: No such file or directory"),
        ("${file:.}", "the file . can't be read: Is a directory"),
        ("${file:binary}", "the file binary can't be read: it is no UTF-8 text, or its path no path"),
        ("${file:large}", "the file large is larger than 64 KB; this is no secret"),
        ("${NOT A NAME}", "what stands between ${ and } is neither a variable's name nor file:PATH"),
        ("${LEDGER_TOKEN", "a ${ is not closed; write ${NAME}, or $${ for the characters themselves"),
        ("${EMPTY}", "empty; a secret can't be"),
        ("${BLANK}", "empty; a secret can't be"),
        ("", "empty; a secret can't be"),
    ],
)
def test_a_reference_that_stands_for_nothing_is_said_by_name(
    wrong: Callable, example: SimpleNamespace, tmp_path: Path, reference: str, said: str
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00s3cret")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    lines = wrong(example.good.replace("${LEDGER_TOKEN}", reference), EMPTY="", BLANK=" ")
    assert lines == [f"duebridge.yaml:5: connections.acme-desk.source.token: {said}"]


def test_no_message_holds_a_value(load: Callable, example: SimpleNamespace) -> None:
    secret = "s3cret-value-of-mine"
    texts = [
        example.good.replace("${DESK_KEY}", secret).replace("${DESK_SECRET}", secret),
        example.good.replace('"${LEDGER_TOKEN}"', f'"${{LEDGER_TOKEN}}", base_url: {secret}'),
        example.good.replace('token: "${LEDGER_TOKEN}"', f'token: "x", base_url: {secret}'),
        example.target(f"header: crash, codes: {{a: [{secret}]}}"),
        example.target("header: crash").replace("${DESK_KEY}", secret),
        example.target(f"payments: {secret}"),
        example.target(f"sftp: {{host: h, key: [{secret}]}}"),
        example.target(f"requests_per_minute: {secret}"),
        example.connection(schedule=secret),
        example.connection(since=secret),
        example.connection(full_every=secret),
        example.connection(guard=secret),
        f"database: postgresql://u:{secret}@h@@/d\nconnections: 1",
    ]
    for text in texts:
        with pytest.raises(ConfigError) as refused:
            load(text)
        assert secret not in str(refused.value)
        assert secret not in repr(refused.value.__context__)


def test_a_check_of_a_connector_that_crashes_is_its_mistake(wrong: Callable, example: SimpleNamespace) -> None:
    assert wrong(example.target("header: crash")) == [
        "duebridge.yaml:6: connections.acme-desk.target: the connector's own check failed (KeyError); "
        "this is a mistake in the connector"
    ]


def test_a_loaded_configuration_never_prints_a_secret(load: Callable, example: SimpleNamespace) -> None:
    configuration = load(example.target("sftp: {host: h, key: a-private-key}"))
    for secret in (*example.environ.values(), "a-private-key"):
        assert secret not in repr(configuration)
        assert secret not in str(describe(configuration))
        assert logs.redact_text(f"it said {secret}!") == "it said ***!"


def test_a_description_shows_references_by_name(load: Callable, example: SimpleNamespace) -> None:
    text = example.target("sftp: {host: h, key: a-private-key}, codes: {FR: '7'}, tags: [a]")
    text += "    schedule: {every: 10m}\n    since: 30d\n    exclude_customers: [2, 1]\n"
    described = describe(load(f'database: "postgresql://u:${{PW}}@h/d"\n{text}', PW="passw0rd"))
    assert json.loads(json.dumps(described)) == described
    assert described["database"] == "postgresql+psycopg://u:***@h/d"
    assert described["connections"] == {
        "acme-desk": {
            "company": "Acme SAS",
            "source": {
                "connector": "ledger",
                "token": "${LEDGER_TOKEN}",
                "base_url": "https://ledger.example",
                "account_id": "",
            },
            "target": {
                "connector": "desk",
                "api_key": "${DESK_KEY}",
                "api_secret": "${DESK_SECRET}",
                "payments": "fix",
                "create_custom_fields": False,
                "requests_per_minute": 600,
                "sftp": {"host": "h", "port": 22, "key": "set"},
                "codes": {"FR": "7"},
                "header": True,
                "tags": ["a"],
            },
            "schedule": {"every": "10m"},
            "exclude_customers": ["1", "2"],
            "full_every": "1d",
            "refresh_open": "1h",
            "on_delete": "report",
            "since": "30d",
            "history": None,
            "guard": {"share": 0.3, "min": 50},
        }
    }


def test_a_description_of_other_rhythms(load: Callable, example: SimpleNamespace) -> None:
    def described(**keys: str) -> dict:
        return describe(load(example.connection(**keys)))["connections"]["acme-desk"]

    assert described()["schedule"] == {"daily": "05:30", "timezone": "Europe/Paris"}
    assert described(schedule="manual")["schedule"] == "manual"
    assert described(schedule="{cron: '0 6 * * 1'}")["schedule"] == {"cron": "0 6 * * 1", "timezone": "UTC"}
    assert described(since="2024-01-31", full_every="90s")["since"] == "2024-01-31"
    assert described(full_every="90s")["full_every"] == "90s"


def test_a_description_tells_what_is_broken(load: Callable, example: SimpleNamespace) -> None:
    described = describe(load(example.good + "  other: {}\n", tolerant=True))
    assert "connections.other.source: missing" in described["broken"]["other"]


def test_a_secret_between_blanks_is_warned_of(load: Callable, example: SimpleNamespace) -> None:
    (warning,) = load(example.good, LEDGER_TOKEN="pasted-with-newline\n ").warnings
    assert "begins or ends with blanks" in warning
    assert "pasted" not in warning


def test_references_are_read_in_values_only_once(load: Callable, example: SimpleNamespace) -> None:
    config = load(example.good, LEDGER_TOKEN="${DESK_KEY}-literal").connections["acme-desk"]
    assert config.source.token.get_secret_value() == "${DESK_KEY}-literal"
