"""A registry with made-up connectors whose settings use every shape a block may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator

from duebridge.core import secrecy
from duebridge.core.api import (
    Account,
    Ack,
    Invoice,
    Mapping,
    RecordTarget,
    Rules,
    Schedule,
    Settings,
    Source,
    Write,
    hookimpl,
    send,
    skip,
)
from duebridge.core.edge.config import Configuration, load_configuration
from duebridge.core.registry import Registry


class LedgerSettings(Settings):
    """A secret, and a place."""

    token: SecretStr
    base_url: str = "https://ledger.example"
    account_id: str = ""

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not url.startswith("http"):
            raise ValueError(f"{url} is no address")
        return url


class Ledger(Source):
    """A made-up source."""

    name = "ledger"
    title = "Ledger"
    settings = LedgerSettings
    streams: ClassVar[Any] = {"invoices": (Invoice,)}
    canonical: ClassVar[Any] = {Invoice: Invoice.model_validate}

    def check(self) -> Account:
        """Be someone."""
        return Account("1", "Ledger")

    def fetch(self, stream: str, since: Any, needs: frozenset[str]) -> Iterator[Any]:
        """Have nothing."""
        yield from ()


class Sftp(Settings):
    """A nested block."""

    host: str
    port: int = 22
    key: SecretStr | None = None


class DeskSettings(Settings):
    """Every shape."""

    api_key: SecretStr
    api_secret: SecretStr
    payments: Literal["fix", "balance"] = "fix"
    create_custom_fields: bool = False
    requests_per_minute: int = Field(default=600, ge=1)
    sftp: Sftp | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    header: bool | str = True
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _different(self) -> DeskSettings:
        if self.api_key.get_secret_value() == self.api_secret.get_secret_value():
            raise ValueError(f"key and secret are the same: {self.api_key.get_secret_value()}")
        if self.header == "crash":
            raise KeyError(self.api_key.get_secret_value())
        return self


class Desk(RecordTarget):
    """A made-up target."""

    name = "desk"
    title = "Desk"
    settings = DeskSettings
    rules: ClassVar[Any] = {
        Invoice: Rules(Invoice, send("all", "Final", draft=False), otherwise=skip("draft", "Not final"))
    }
    mappings: ClassVar[Any] = {Invoice: Mapping(Invoice, {"number": "number"})}
    writes: ClassVar[Any] = {Invoice: Write("upsert", 1)}
    schedule = Schedule(daily="05:30", timezone="Europe/Paris")

    def check(self) -> Account:
        """Be someone."""
        return Account("1", "Desk")

    def push(self, delivery: Any) -> Ack:
        """Take everything."""
        return Ack(delivery.reference)


class Plugin:
    """Offers both."""

    @hookimpl
    def register_sources(self) -> list[type[Source]]:
        """Offer the ledger."""
        return [Ledger]

    @hookimpl
    def register_targets(self) -> list[type[Any]]:
        """Offer the desk."""
        return [Desk]


GOOD = """
connections:
  acme-desk:
    company: Acme SAS
    source: {connector: ledger, token: "${LEDGER_TOKEN}"}
    target: {connector: desk, api_key: "${DESK_KEY}", api_secret: "${DESK_SECRET}"}
"""
ENVIRON = {"LEDGER_TOKEN": "ledger-token-1", "DESK_KEY": "desk-key-2", "DESK_SECRET": "desk-secret-3"}


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the secrets a test registers: random ones would mask words in other tests' output."""
    monkeypatch.setattr(secrecy, "_known", type(secrecy._known)())


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Return a registry with the made-up connectors."""
    registry = Registry(strict=True)
    registry.register(Plugin(), "made-up")
    return registry


@pytest.fixture
def load(tmp_path: Path, registry: Registry) -> Callable[..., Configuration]:
    """Write a YAML text to a file and load it."""

    def load(text: str | bytes, *, tolerant: bool = False, **environ: str) -> Configuration:
        path = tmp_path / "duebridge.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_configuration(path, registry, ENVIRON | environ, tolerant=tolerant)

    return load


@pytest.fixture
def wrong(load: Callable[..., Configuration], tmp_path: Path) -> Callable[..., list[str]]:
    """Load a YAML text that must be refused; return the lines said, the file's folder taken off."""

    def wrong(text: str | bytes, **environ: str) -> list[str]:
        from duebridge.core.errors import ConfigError

        with pytest.raises(ConfigError) as refused:
            load(text, **environ)
        assert refused.value.__cause__ is None
        return str(refused.value).replace(f"{tmp_path}/", "").splitlines()

    return wrong


@pytest.fixture
def example() -> SimpleNamespace:
    """Return the good file, with the means to change a line of it."""

    def connection(**keys: str) -> str:
        return GOOD + "".join(f"    {key}: {value}\n" for key, value in keys.items())

    def target(rest: str) -> str:
        return GOOD.replace("}\n", "}\n").replace('"${DESK_SECRET}"}', f'"${{DESK_SECRET}}", {rest}}}')

    return SimpleNamespace(good=GOOD, environ=ENVIRON, connection=connection, target=target)
