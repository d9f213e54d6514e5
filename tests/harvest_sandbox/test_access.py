"""Who may ask, how often, and how a refusal is worded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import running_sandbox
from duebridge.plugins.harvest.sandbox import HarvestSandbox

from .conftest import HEADERS, Api


def asked(api: Api, query: dict[str, str] | None = None, **headers: str | None) -> httpx.Response:
    """GET /company with some headers another, or none where None."""
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = httpx.Request("GET", api.base_url.join("/harvest/v2/company"), params=query)
    request.headers.update({name: value for name, value in given.items() if value is not None})
    return api.send(request)


def test_a_request_that_names_no_application_is_a_bad_one(api: Api) -> None:
    assert asked(api, User_Agent=None).status_code == 400
    assert asked(api, User_Agent="").status_code == 400


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer other", "Basic sandbox-harvest", "sandbox-harvest"]
)
def test_another_token_is_not_let_in(api: Api, authorization: str | None) -> None:
    answer = asked(api, Authorization=authorization)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
    assert answer.json()["error_description"]


@pytest.mark.parametrize("account", [None, "", "4321", "12345"])
def test_an_account_the_token_can_not_reach_is_not_found(api: Api, account: str | None) -> None:
    answer = asked(api, Harvest_Account_Id=account)
    assert (answer.status_code, answer.json()) == (404, {"status": 404, "error": "Not Found"})


def test_token_and_account_may_be_parameters(api: Api) -> None:
    none: dict[str, Any] = {"Authorization": None, "Harvest_Account_Id": None}
    query = {"access_token": "sandbox-harvest", "account_id": "1234"}
    assert asked(api, query, **none).status_code == 200
    assert asked(api, query | {"access_token": "x"}, **none).status_code == 401


def test_a_revoked_token_and_a_missing_permission(api: Api) -> None:
    api.switch(token_valid=False)
    assert api.refused("/company")[0] == 401
    api.switch(token_valid=True, permitted=False)
    status, body = api.refused("/invoices")
    assert (status, body["code"]) == (403, 403)
    assert body["message"]


@pytest.mark.parametrize(
    "path", ["/projects", "/invoices/1", "/invoices/x", "/invoices/1/payments", "/clients/-1", "/x/y"]
)
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    assert api.refused(path) == (404, {"status": 404, "error": "Not Found"})


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_the_api_is_read_only_here(api: Api, method: str) -> None:
    before = api.found("/clients")["total_entries"]
    assert api.request(method, "/harvest/v2/clients", json={"name": "x"}).status_code in (404, 405)
    assert api.found("/clients")["total_entries"] == before


def test_a_hundred_requests_go_in_fifteen_seconds_then_one_is_told_how_long_to_wait() -> None:
    now = [datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC)]
    stand_in = HarvestSandbox(SandboxOptions(customers=1, invoices=1), clock=lambda: now[0])
    with running_sandbox([stand_in]) as running, httpx.Client(base_url=running.url, headers=HEADERS) as client:
        statuses = [client.get("/harvest/v2/company").status_code for _ in range(100)]
        refused = client.get("/harvest/v2/company")
        now[0] += timedelta(seconds=int(refused.headers["retry-after"]))
        again = client.get("/harvest/v2/company")
    assert set(statuses) == {200}
    assert (refused.status_code, refused.headers["retry-after"], again.status_code) == (429, "12", 200)


def test_answers_tell_the_stand_ins_own_time(api: Api, clock: Any) -> None:
    clock.ahead = timedelta(days=40)
    told = api.get("/harvest/v2/company").headers.get_list("date")
    assert told == [(clock()).strftime("%a, %d %b %Y %H:%M:%S GMT")]
