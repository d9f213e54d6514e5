"""A block that can't work is refused before anything runs, and says which key is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from duebridge.targets.afakto.settings import AfaktoSettings

SFTP = {"host": "sftp.example", "user": "acme", "password": "hunter22", "host_key": "ssh-ed25519 AAAA"}


def settings(**given: Any) -> AfaktoSettings:
    return AfaktoSettings.model_validate({"company_code": "ACME01"} | given)


@pytest.mark.parametrize("given", [{"directory": "out"}, {"sftp": SFTP}, {"base_url": "https://x.example/"}])
def test_one_way_is_enough(given: dict[str, Any]) -> None:
    assert settings(**given).company_code == "ACME01"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "one of directory, sftp and base_url"),
        ({"directory": "out", "sftp": SFTP}, "one of directory, sftp and base_url"),
        ({"directory": "out", "base_url": "https://x.example"}, "one of directory"),
        ({"directory": "out", "token": "abcdefgh"}, "token goes with base_url"),
        ({"directory": "out", "company_code": ""}, "company_code"),
        ({"directory": "out", "company_code": "../up"}, "company_code"),
        ({"directory": "out", "company_code": "a/b"}, "company_code"),
        ({"directory": "out", "currency": "euro"}, "currency"),
        ({"directory": "out", "separator": "|"}, "separator"),
        ({"directory": "out", "identifiers": ["duns"]}, "identifiers"),
        ({"directory": "out", "withhold": {"share": 1.5}}, "share"),
        ({"directory": "out", "withhold": {"min": 0}}, "min"),
        ({"directory": "out", "header": {"invoices": {"DATE": "D"}}}, "header.invoices has no column DATE"),
        ({"directory": "out", "header": {"invoices": {"TAX": "AMOUNT"}}}, "one name to two columns"),
        ({"directory": "out", "header": {"bills": {}}}, "header"),
        ({"directory": "out", "literals": {"invoice": ""}}, "literals.invoice"),
        ({"directory": "out", "literals": {"refund": "R"}}, "literals.refund"),
        ({"base_url": "ftp://x.example"}, "base_url"),
        ({"sftp": SFTP | {"key": "x"}}, "one of key and password"),
        ({"sftp": SFTP | {"password": None}}, "one of key and password"),
        ({"sftp": SFTP | {"host_key": None}}, "ssh-keyscan"),
        ({"sftp": SFTP | {"known_hosts": "file"}}, "one of host_key and known_hosts"),
        ({"sftp": SFTP | {"host_key": "AAAA"}}, "host_key"),
        ({"sftp": SFTP | {"port": 0}}, "port"),
    ],
)
def test_what_can_not_work_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**given)
    assert words in str(refused.value)


def test_secrets_show_in_nothing_that_is_printed() -> None:
    given = settings(sftp=SFTP | {"password": "hunter22"})
    assert "hunter22" not in repr(given) + given.model_dump_json()
