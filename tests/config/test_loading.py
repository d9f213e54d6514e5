"""What a configuration file becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from duebridge.core.connector import Schedule
from duebridge.core.edge.config import Guard, Manual, load_configuration, read_connection
from duebridge.core.errors import ConfigError
from duebridge.core.registry import Registry


def test_a_connection_gets_its_two_connectors_and_every_default(load: Callable, example: SimpleNamespace) -> None:
    config = load(example.good).connections["acme-desk"]
    assert (config.name, config.company, config.source_name, config.target_name) == (
        "acme-desk",
        "Acme SAS",
        "ledger",
        "desk",
    )
    assert config.source.token.get_secret_value() == "ledger-token-1"
    assert config.target.api_secret.get_secret_value() == "desk-secret-3"
    assert config.schedule == Schedule(daily="05:30", timezone="Europe/Paris")
    assert (config.full_every, config.refresh_open) == (timedelta(hours=24), timedelta(hours=1))
    assert (config.on_delete, config.since, config.history) == ("report", None, None)
    assert (config.exclude_customers, config.guard) == (frozenset(), Guard(0.3, 50))


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("schedule", "{every: 10m}", Schedule(every="10m")),
        ("schedule", '{daily: "06:00", timezone: Europe/Paris}', Schedule(daily="06:00", timezone="Europe/Paris")),
        ("schedule", "{daily: 06:00}", Schedule(daily="06:00")),
        ("schedule", '{cron: "0 6 * * 1-5"}', Schedule(cron="0 6 * * 1-5")),
        ("schedule", '{cron: "*/15 6-18 1,15 jan MON-fri"}', Schedule(cron="*/15 6-18 1,15 jan mon-fri")),
        ("schedule", "manual", Manual()),
        ("schedule", "", Schedule(daily="05:30", timezone="Europe/Paris")),
        ("exclude_customers", "[193957360]", frozenset({"193957360"})),
        ("exclude_customers", '["a", 00123, b c]', frozenset({"a", "00123", "b c"})),
        ("exclude_customers", "1, 2,3 ,", frozenset({"1", "2", "3"})),
        ("exclude_customers", "193957360", frozenset({"193957360"})),
        ("exclude_customers", "", frozenset()),
        ("exclude_customers", "[]", frozenset()),
        ("exclude_customers", "${EXCLUDED}", frozenset({"7", "8"})),
        ("full_every", "90s", timedelta(seconds=90)),
        ("full_every", "30d", timedelta(days=30)),
        ("refresh_open", "10m", timedelta(minutes=10)),
        ("on_delete", "delete", "delete"),
        ("since", "2024-01-31", date(2024, 1, 31)),
        ("since", "30d", timedelta(days=30)),
        ("history", "all", "all"),
        ("guard", "{share: 0.5}", Guard(0.5, 50)),
        ("guard", "{min: 0, share: 1}", Guard(1.0, 0)),
        ("company", "123", "123"),
        ("company", "yes", "yes"),
    ],
)
def test_each_key_takes_its_shapes(
    load: Callable, example: SimpleNamespace, key: str, text: str, value: object
) -> None:
    good = example.good.replace("    company: Acme SAS\n", "")
    config = load(f"{good}    {key}: {text}\n", EXCLUDED="7,8").connections["acme-desk"]
    assert getattr(config, key) == value


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("payments: balance", "payments", "balance"),
        ("create_custom_fields: true", "create_custom_fields", True),
        ("requests_per_minute: 60", "requests_per_minute", 60),
        ('requests_per_minute: "${SPEED}"', "requests_per_minute", 60),
        ("header: false", "header", False),
        ("header: yes", "header", "yes"),
        ("codes: {FR: 00707, ES: 1.50}", "codes", {"FR": "00707", "ES": "1.50"}),
        ("tags: [007, x]", "tags", ("007", "x")),
    ],
)
def test_connector_settings_take_what_is_written(
    load: Callable, example: SimpleNamespace, text: str, field: str, value: object
) -> None:
    config = load(example.target(text), SPEED="60").connections["acme-desk"]
    assert getattr(config.target, field) == value


def test_numbers_are_taken_as_written_where_text_is_wanted(load: Callable, example: SimpleNamespace) -> None:
    text = example.good.replace('"${LEDGER_TOKEN}"', "0012345678, account_id: 0042")
    source = load(text).connections["acme-desk"].source
    assert source.account_id == "0042"
    assert source.token.get_secret_value() == "0012345678"


def test_references_fill_in_anywhere_in_a_text(load: Callable, example: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("from-a-file\r\n")
    text = example.good.replace("${DESK_KEY}", "pre-${file:secrets/key}-${DESK_KEY}-$${DESK_KEY}")
    config = load(text).connections["acme-desk"]
    assert config.target.api_key.get_secret_value() == "pre-from-a-file-desk-key-2-${DESK_KEY}"
    assert config.references["target.api_key"] == "${file:secrets/key} ${DESK_KEY}"


def test_anchors_may_share_a_block(load: Callable) -> None:
    text = """
connections:
  one:
    source: &ledger {connector: ledger, token: "${LEDGER_TOKEN}"}
    target: {connector: desk, api_key: aaaaaa, api_secret: b}
  two:
    source: *ledger
    target: {connector: desk, api_key: cccccc, api_secret: d}
"""
    connections = load(text).connections
    assert connections["one"].source == connections["two"].source


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "database: sqlite:///x.db\n", "connections:\n", "connections: {}\n"]
)
def test_a_file_without_connections_is_a_configuration(load: Callable, text: str) -> None:
    assert load(text).connections == {}


@pytest.mark.parametrize(
    ("text", "days"), [("", 90), ("keep: 30d\n", 30), ("keep: 240h\n", 10), ("keep:\n", 90), ('keep: "${KEEP}"\n', 45)]
)
def test_how_long_settled_rows_are_kept(load: Callable, example: SimpleNamespace, text: str, days: int) -> None:
    assert load(text + example.good, KEEP="45d").keep == timedelta(days=days)


def test_the_database_counts_from_the_files_folder(load: Callable, tmp_path: Path) -> None:
    assert load("").database == f"sqlite:///{tmp_path}/duebridge.db"
    assert load("database: sqlite:///data/x.db?timeout=5").database == f"sqlite:///{tmp_path}/data/x.db?timeout=5"
    assert load("database: sqlite:////var/x.db").database == "sqlite:////var/x.db"
    assert load('database: "sqlite:///:memory:"').database == "sqlite:///:memory:"


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_postgresql_gets_the_driver_we_ship_with_and_its_password_is_masked(load: Callable, scheme: str) -> None:
    configuration = load(f'database: "{scheme}://due:${{DB_PASSWORD}}@db.example:5432/due"', DB_PASSWORD="pass%40word")
    assert configuration.database == "postgresql+psycopg://due:pass%40word@db.example:5432/due"
    assert configuration.shown_database == "postgresql+psycopg://due:***@db.example:5432/due"
    assert "pass%40word" not in repr(configuration)


def test_tolerant_returns_the_good_connections_and_says_what_broke_the_others(
    load: Callable, example: SimpleNamespace
) -> None:
    text = (
        example.good + "  other:\n    source: {connector: ledger, token: '${NOT_SET}'}\n    target: {connector: desk}\n"
    )
    configuration = load(text, tolerant=True)
    assert list(configuration.connections) == ["acme-desk"]
    assert list(configuration.broken) == ["other"]
    assert "the environment variable NOT_SET is not set" in str(configuration.broken["other"])
    assert "api_key: missing" in str(configuration.broken["other"])
    assert "acme-desk" not in str(configuration.broken["other"])


def test_tolerant_still_refuses_what_concerns_the_whole_file(load: Callable, example: SimpleNamespace) -> None:
    with pytest.raises(ConfigError, match=r"databas: unknown key.*did you mean database"):
        load(f"databas: x\n{example.good}", tolerant=True)


def test_a_missing_file_says_which_and_how_to_make_one(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(ConfigError, match=r"no configuration at .*/nowhere\.yaml; write one .*--config PATH"):
        load_configuration(tmp_path / "nowhere.yaml", registry, {})


def test_a_folder_or_an_odd_path_is_refused_plainly(tmp_path: Path, registry: Registry) -> None:
    for path in (tmp_path, tmp_path / "a\0b"):
        with pytest.raises(ConfigError, match="can't be read"):
            load_configuration(path, registry, {})


def test_secrets_in_clear_text_are_warned_of_by_line(load: Callable, example: SimpleNamespace) -> None:
    (warning,) = load(example.good.replace('"${LEDGER_TOKEN}"', "a-pasted-token")).warnings
    assert ":5: connections.acme-desk.source.token: written in clear text" in warning
    assert "a-pasted-token" not in warning
    assert load(example.good).warnings == ()


def test_the_same_pair_twice_is_warned_of(load: Callable, example: SimpleNamespace) -> None:
    twin = example.good.replace("connections:\n", "").replace("acme-desk", "twin")
    (warning,) = load(example.good + twin).warnings
    assert warning == "connections.twin: same source and target as acme-desk; keep one of them"


def test_one_connection_can_be_checked_from_plain_data(registry: Registry) -> None:
    values = {
        "source": {"connector": "ledger", "token": "${T}", "account_id": 42},
        "target": {"connector": "desk", "api_key": "kkkkkk", "api_secret": "ssssss"},
        "exclude_customers": [12],
    }
    config = read_connection("acme", values, registry, {"T": "ttttttt"})
    assert (config.source.account_id, config.exclude_customers) == ("42", frozenset({"12"}))
    with pytest.raises(ConfigError) as refused:
        read_connection("acme", {**values, "colour": 1}, registry, {})
    assert str(refused.value).splitlines()[0] == (
        "connection acme: connections.acme.colour: unknown key; allowed: company, source, target, schedule, "
        "exclude_customers, full_every, refresh_open, on_delete, since, history, guard"
    )
