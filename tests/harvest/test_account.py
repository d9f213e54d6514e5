"""Who we are connected as; an account that isn't ours is an error, never an empty read."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import AuthError, ConfigError, RecordError, RunError

from .conftest import Bench


def test_the_account_has_its_companys_name_host_and_time_zone(empty: Bench) -> None:
    account = empty.source().check()
    assert (account.id, account.name, account.timezone) == ("1234", "Studio Aurore SARL", "Europe/Paris")
    assert account.detail == f"{empty.url.removeprefix('http://')}"


def test_every_request_names_account_application_and_token(empty: Bench) -> None:
    """The stand-in refuses requests without, so that a read is the proof."""
    source = empty.source()
    source.check()
    list(source.fetch("invoices", None, frozenset()))
    assert {row["status"] for row in empty.asked()} == {200}


def test_a_zone_nobody_knows_is_said_and_days_are_counted_in_utc(empty: Bench) -> None:
    empty.switch(timezone="Middle Earth")
    assert empty.source().check().timezone == ""
    assert empty.notes == [
        "days are counted in UTC, because the time zone Harvest tells is not a known one: 'Middle Earth'"
    ]


@pytest.mark.parametrize(
    ("settings", "switches", "told"),
    [
        ({"account_id": "4321"}, {}, "knows no account 4321 .* check `account_id` and `token`"),
        ({"token": "wrong"}, {}, "access token is unknown.* Check `token` and `account_id`"),
        ({}, {"token_valid": False}, "does not accept our credentials"),
        ({}, {"permitted": False}, "may not read the account 1234; its owner must be an administrator"),
        ({}, {"invoice_feature": False}, "does not have its invoices switched on"),
    ],
)
def test_an_account_that_may_not_be_read_is_an_error_that_says_what_to_do(
    empty: Bench, settings: dict[str, Any], switches: dict[str, Any], told: str
) -> None:
    empty.switch(**switches)
    with pytest.raises(AuthError, match=told) as refused:
        empty.source(**settings).check()
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("stream", ["clients", "invoices", "invoice_item_categories", "payments"])
@pytest.mark.parametrize("wrong", [{"account_id": "4321"}, {"token": "wrong"}])
def test_no_list_of_a_wrong_account_reads_as_empty(empty: Bench, stream: str, wrong: dict[str, str]) -> None:
    with pytest.raises((AuthError, RunError)):
        list(empty.source(**wrong).fetch(stream, None, frozenset()))


def test_a_domain_of_another_company_is_refused_before_anything_is_read(httpserver: Any) -> None:
    from .fakes import company, pointed_at

    httpserver.expect_request("/v2/company").respond_with_json(company(full_domain="acme.harvestapp.com"))
    with pytest.raises(ConfigError, match=r"`domain` is other\.harvestapp\.com, but .* 1234 is acme\.harvestapp\.com"):
        pointed_at(httpserver, domain="other").check()


def test_a_domain_of_ones_own_may_lead_there(httpserver: Any) -> None:
    from .fakes import company, pointed_at

    httpserver.expect_request("/v2/company").respond_with_json(company(full_domain="acme.harvestapp.com"))
    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": "Lima"})
    account = pointed_at(httpserver, domain="https://invoices.acme.example").check()
    assert (account.detail, account.timezone) == ("invoices.acme.example", "America/Lima")


@pytest.mark.parametrize("told", ["{ACCOUNT_SUBDOMAIN}.harvestapp.com", "", None, 7])
def test_a_company_without_a_web_address_needs_the_setting_for_files_alone(httpserver: Any, told: Any) -> None:
    from .fakes import company, pointed_at

    httpserver.expect_request("/v2/company").respond_with_json(company(full_domain=told))
    httpserver.expect_request("/v2/users/me").respond_with_json({"timezone": None})
    httpserver.expect_request("/v2/invoices/5").respond_with_json({"id": 5, "client_key": "k"})
    source = pointed_at(httpserver)
    assert source.check().name == "Acme"
    with pytest.raises(RecordError, match="put it in the connection's `domain`"):
        source._files.of("5")


@pytest.mark.parametrize("answer", [[], {"name": None, "invoice_feature": True}, {"invoice_feature": True}])
def test_an_answer_that_names_no_company_ends_the_run(httpserver: Any, answer: Any) -> None:
    from .fakes import pointed_at

    httpserver.expect_request("/v2/company").respond_with_json(answer)
    with pytest.raises((RunError, AuthError)):
        pointed_at(httpserver).check()
