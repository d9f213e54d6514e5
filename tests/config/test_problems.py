"""What is said about a file with mistakes: file, line, key and what would do, never a value."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from duebridge.core.edge.config import load_configuration
from duebridge.core.errors import ConfigError
from duebridge.core.registry import Registry


def test_every_problem_is_said_at_once_by_line(wrong: Callable, example: SimpleNamespace) -> None:
    text = example.good.replace("api_key", "api_kye").replace("${LEDGER_TOKEN}", "${NOT_SET}")
    said = wrong(text + "    full_every: 10 parsecs\n    exclude: 1\n")
    assert [line.split(": ")[:2] for line in said] == [
        ["duebridge.yaml:5", "connections.acme-desk.source.token"],
        ["duebridge.yaml:6", "connections.acme-desk.target.api_key"],
        ["duebridge.yaml:6", "connections.acme-desk.target.api_kye"],
        ["duebridge.yaml:7", "connections.acme-desk.full_every"],
        ["duebridge.yaml:8", "connections.acme-desk.exclude"],
    ]


def test_an_unknown_key_lists_those_allowed_and_the_closest(wrong: Callable, example: SimpleNamespace) -> None:
    assert wrong(example.target("paymets: fix")) == [
        "duebridge.yaml:6: connections.acme-desk.target.paymets: unknown key; allowed: connector, api_key, api_secret, "
        "payments, create_custom_fields, requests_per_minute, sftp, codes, header, tags; did you mean payments?"
    ]
    assert wrong(example.target("sftp: {host: h, prot: 1}")) == [
        "duebridge.yaml:6: connections.acme-desk.target.sftp.prot: unknown key; allowed: host, port, key; "
        "did you mean port?"
    ]
    assert wrong("conections: {}") == [
        "duebridge.yaml:1: conections: unknown key; allowed: database, keep, connections; did you mean connections?"
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("90", "no duration; write a whole number with its unit"),
        ("6d", "shorter than 7d; reasons and reports would be gone before someone has looked"),
        ("[1]", "no duration"),
        ("99999d", "longer than 36500 days"),
    ],
)
def test_how_long_to_keep_must_be_a_duration_of_a_week_or_more(
    wrong: Callable, example: SimpleNamespace, value: str, said: str
) -> None:
    (message,) = wrong(f"keep: {value}\n{example.good}")
    assert message.startswith(f"duebridge.yaml:1: keep: {said}")


def test_a_duplicate_key_names_both_lines(wrong: Callable, example: SimpleNamespace) -> None:
    assert wrong(example.connection(since="30d") + "    since: 60d\n") == [
        "duebridge.yaml:8: connections.acme-desk.since: duplicate key; it is first given on line 7"
    ]
    assert wrong(example.good + "  acme-desk: {}\n")[-1] == (
        "duebridge.yaml:7: connections.acme-desk: duplicate key; it is first given on line 3"
    )
    assert wrong("database: sqlite:///x\ndatabase: sqlite:///y\n") == [
        "duebridge.yaml:2: database: duplicate key; it is first given on line 1"
    ]


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("schedule", "{every: 10}", "schedule.every: no duration"),
        ("schedule", "{every: 0m}", "schedule.every: no duration"),
        ("schedule", "{every: 10m, daily: '06:00'}", "schedule: give exactly one of every, daily and cron"),
        ("schedule", "{timezone: Europe/Paris}", "schedule: give exactly one of every, daily and cron, not none"),
        ("schedule", "{every: 10m, timezone: Europe/Paris}", "schedule.timezone: every has no time zone"),
        ("schedule", "{daily: 25:00}", "schedule.daily: no time of day"),
        ("schedule", "{daily: 06:00, timezone: Europe/Pari}", "schedule.timezone: no time zone of that name"),
        ("schedule", "{daily: 06:00, timezone: 3}", "schedule.timezone: no time zone of that name"),
        ("schedule", "{daily: 06:00, timezone: ../../etc/passwd}", "schedule.timezone: no time zone of that name"),
        ("schedule", "{cron: '0 6 * *'}", "schedule.cron: no cron expression"),
        ("schedule", "{cron: '61 6 * * *'}", "schedule.cron: the cron field for the minute does not fit"),
        ("schedule", "{cron: '0 9-6 * * *'}", "schedule.cron: the cron field for the hour does not fit"),
        ("schedule", "{evry: 10m}", "schedule.evry: unknown key; allowed: every, daily, cron, timezone; did you mean"),
        ("schedule", "hourly", "schedule: write {every: 10m}"),
        ("exclude_customers", "{a: 1}", "exclude_customers: write customer ids"),
        ("exclude_customers", "[1.5]", "exclude_customers: write customer ids"),
        ("exclude_customers", "[true]", "exclude_customers: write customer ids"),
        ("exclude_customers", "[[1]]", "exclude_customers: write customer ids"),
        ("exclude_customers", "[1, '']", "exclude_customers: an empty customer id"),
        ("full_every", "99999d", "full_every: longer than 36500 days"),
        ("on_delete", "remove", "on_delete: write report or delete"),
        ("since", "2024-02-30", "since: no date"),
        ("since", "last week", "since: neither a date such as 2024-01-31 nor a duration such as 30d"),
        ("history", "some", "history: write all"),
        ("guard", "{share: 30}", "guard.share: write a share above 0 and up to 1"),
        ("guard", "{min: -1}", "guard.min: write a number of records"),
        ("guard", "{mim: 1}", "guard.mim: unknown key; allowed: share, min; did you mean min?"),
        ("guard", "strict", "guard: write {share: 0.3, min: 50}"),
    ],
)
def test_a_value_that_does_not_fit_says_what_would(
    wrong: Callable, example: SimpleNamespace, key: str, text: str, said: str
) -> None:
    (line,) = wrong(example.connection(**{key: text}))
    assert line.startswith(f"duebridge.yaml:7: connections.acme-desk.{said}")


def test_since_and_history_exclude_each_other(wrong: Callable, example: SimpleNamespace) -> None:
    assert wrong(example.connection(since="30d", history="all")) == [
        "duebridge.yaml:8: connections.acme-desk.history: give since or history, not both"
    ]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("payments: fixx", "payments: input should be 'fix' or 'balance'"),
        ("requests_per_minute: 0", "requests_per_minute: input should be greater than or equal to 1"),
        ("create_custom_fields: perhaps", "create_custom_fields: input should be a valid boolean"),
        ("sftp: {port: 22}", "sftp.host: missing; it is required"),
        ("codes: {FR: [1]}", "codes.FR: input should be a valid string"),
    ],
)
def test_a_setting_that_does_not_fit_says_what_would(
    wrong: Callable, example: SimpleNamespace, rest: str, said: str
) -> None:
    (line,) = wrong(example.target(rest))
    assert line.startswith(f"duebridge.yaml:6: connections.acme-desk.target.{said}")


def test_an_unknown_connector_lists_the_known_and_the_broken_plugins(
    wrong: Callable, example: SimpleNamespace, registry: Registry
) -> None:
    assert wrong(example.good.replace("connector: ledger", "connector: leger")) == [
        "duebridge.yaml:5: connections.acme-desk.source.connector: no source connector 'leger'; known: ledger; "
        "did you mean ledger?"
    ]
    assert "(desk is a target only)" in wrong(example.good.replace("connector: ledger", "connector: desk"))[0]
    assert (
        "connector: missing; known source connectors: ledger"
        in wrong(example.good.replace("connector: ledger, ", ""))[0]
    )


def test_a_connector_of_a_broken_plugin_says_so(tmp_path: object, example: SimpleNamespace, load: Callable) -> None:
    broken = Registry()
    broken.register(object(), "fine")
    plugin = type("Plugin", (), {"duebridge_api": 99})()
    broken.register(plugin, "harvest", distribution="duebridge-harvest", version="3")
    path = tmp_path / "other.yaml"  # type: ignore[operator]
    path.write_text(example.good)
    with pytest.raises(ConfigError, match=r"known: none; broken plugins: harvest \(duebridge-harvest 3\): .*API 99"):
        load_configuration(path, broken, example.environ)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("connections:\n\tacme: 1\n", 2, "a tab stands where spaces must; indent with spaces (column 1)"),
        ("connections:\n  a: 1\n b: 2\n", 3, "this line's indent does not fit the lines above"),
        ("a: b: c\n", 1, "a second colon, or an indent that does not fit"),
        ("a: [1, 2\n", 2, "a [ is not closed here"),
        ("a: {b: ${C}}\n", 1, "a { is not closed here; in a {…} block put quotes around values"),
        ('a: "open\n', 2, "a quote is not closed"),
        ("a: *tok-s3cret\n", 1, "nothing is anchored under this name; a value that starts with *"),
        ("a: !tok-s3cret x\n", 1, "tags are not used here"),
        ("a: !!python/name:os.system x\n", 1, "tags are not used here"),
        ("a: @tok-s3cret\n", 1, "a value that starts with this character needs quotes"),
        ("a: &x [*x]\n", 1, "nothing is anchored"),
        ("---\na: 1\n---\nb: 1\n", 3, "a second document begins here"),
        ("? [a]\n: 1\n", 1, "a key must be one word"),
        ("a: 1\x07\n", 1, "a character that YAML does not allow"),
        ("[" * 40 + "]" * 40, 1, "nested more than 30 deep"),
        ("- 1\n", 1, "write keys with values; allowed: database, keep, connections"),
        ("just text\n", 1, "write keys with values"),
    ],
)
def test_what_is_no_yaml_is_said_plainly_with_its_line(wrong: Callable, text: str, line: int, said: str) -> None:
    (message,) = wrong(text)
    assert message.startswith(f"duebridge.yaml:{line}: ")
    assert said in message
    assert "s3cret" not in message


def test_bytes_that_are_no_utf8_name_their_line(wrong: Callable) -> None:
    assert wrong(b"a: 1\nb: \xff\n") == ["duebridge.yaml:2: not UTF-8 text; save the file as UTF-8"]


def test_aliases_can_not_grow_without_end(wrong: Callable) -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert any("more than 20000 values" in line for line in wrong("\n".join(lines)))


def test_a_connection_must_be_a_block_with_two_sides(wrong: Callable) -> None:
    assert wrong("connections: {a: 3, b: {company: x}, 'C c': {}}") == [
        "duebridge.yaml:1: connections.C c: a connection's name has lower-case letters, digits, - and _ only",
        "duebridge.yaml:1: connections.C c.source: missing; write a block such as {connector: ledger, …}",
        "duebridge.yaml:1: connections.C c.target: missing; write a block such as {connector: desk, …}",
        "duebridge.yaml:1: connections.a: write a block with a source and a target",
        "duebridge.yaml:1: connections.b.source: missing; write a block such as {connector: ledger, …}",
        "duebridge.yaml:1: connections.b.target: missing; write a block such as {connector: desk, …}",
    ]
    assert wrong("connections: [1]") == [
        "duebridge.yaml:1: connections: write a block for each connection, under its name"
    ]


@pytest.mark.parametrize(
    "text", ["mysql://u:s3cret-pw@h/d", "s3cret-pw", "3", "sqlite://s3cret-pw/x", "[s3cret-pw]", '"${NOT_SET}"', ""]
)
def test_a_database_that_does_not_fit_is_refused_without_quoting_it(wrong: Callable, text: str) -> None:
    (line,) = wrong(f"database: {text}")
    assert line.startswith("duebridge.yaml:1: database: ")
    assert "s3cret" not in line


def test_a_password_that_an_address_can_not_hold_is_refused(wrong: Callable) -> None:
    (line,) = wrong('database: "postgresql://due:${DB_PASSWORD}@db/due"', DB_PASSWORD="p@ss/word")
    assert "write them as %40 and %2F" in line
    assert "ss/word" not in line
