"""What a Harvest block may hold, and what its `domain` stands for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from duebridge.plugins.harvest.settings import HarvestSettings


def settings(**values: object) -> HarvestSettings:
    return HarvestSettings.model_validate({"token": "t", "account_id": "1234"} | values)


@pytest.mark.parametrize(
    ("domain", "address"),
    [
        ("acme", "https://acme.harvestapp.com"),
        (" Acme ", "https://acme.harvestapp.com"),
        ("acme.harvestapp.com", "https://acme.harvestapp.com"),
        ("acme.harvestapp.com/", "https://acme.harvestapp.com"),
        ("https://acme.harvestapp.com", "https://acme.harvestapp.com"),
        ("https://acme.harvestapp.com/settings", "https://acme.harvestapp.com"),
        ("http://acme.harvestapp.com/", "https://acme.harvestapp.com"),
        ("invoices.example.com", "https://invoices.example.com"),
        ("127.0.0.1:9400", "https://127.0.0.1:9400"),
        ("http://127.0.0.1:9400/harvest", "http://127.0.0.1:9400/harvest"),
        ("http://127.0.0.1:9400/harvest/", "http://127.0.0.1:9400/harvest"),
    ],
)
def test_a_domain_is_a_name_a_host_or_an_address(domain: str, address: str) -> None:
    assert settings(domain=domain).domain == address


@pytest.mark.parametrize(
    "domain", ["", "a b", "acme/x", "ftp://acme", "https://u:p@acme.com", "https://a?x=1", "-", "https://"]
)
def test_what_is_no_web_address_is_refused_with_an_example(domain: str) -> None:
    with pytest.raises(ValidationError, match=r"acme\.harvestapp\.com"):
        settings(domain=domain)


def test_without_a_domain_there_is_none_to_begin_with() -> None:
    assert settings().domain is None


def test_an_account_id_may_be_written_as_a_number() -> None:
    assert settings(account_id=1234).account_id == "1234"


@pytest.mark.parametrize("account_id", ["", "12a", True, 1.5, None, -3])
def test_an_account_id_is_a_number_and_nothing_else(account_id: object) -> None:
    with pytest.raises(ValidationError):
        settings(account_id=account_id)


def test_the_token_is_not_shown_and_not_empty() -> None:
    assert "hush" not in repr(settings(token="hush"))
    with pytest.raises(ValidationError):
        settings(token="")
