"""The web address: an invoice's page and PDF, for whoever has the key."""

from __future__ import annotations

import httpx
import pytest

from .conftest import Api


def at(api: Api, path: str) -> httpx.Response:
    """GET without any credentials."""
    return httpx.get(api.base_url.join(f"/harvest/client/invoices/{path}"), timeout=30)


def test_a_pdf_needs_nothing_but_its_key(api: Api) -> None:
    row = api.found("/invoices")["invoices"][0]
    answer = at(api, f"{row['client_key']}.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert row["number"].encode() in answer.content
    assert at(api, f"{row['client_key']}.pdf").content == answer.content


def test_without_the_ending_there_is_a_page(api: Api) -> None:
    answer = at(api, api.found("/invoices")["invoices"][0]["client_key"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_another_key_opens_nothing(api: Api) -> None:
    assert at(api, "0" * 40 + ".pdf").status_code == 404


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "size"),
    [
        ("html", 200, "text/html; charset=utf-8", 50),
        ("missing", 404, "text/html; charset=utf-8", 10),
        ("empty", 200, "application/pdf", 0),
        ("damaged", 200, "application/pdf", 100),
        ("huge", 200, "application/pdf", 100_000_000),
    ],
)
def test_what_may_be_wrong_with_a_file(api: Api, kind: str, status: int, content_type: str, size: int) -> None:
    api.switch(files=kind)
    answer = at(api, f"{api.found('/invoices')['invoices'][0]['client_key']}.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert len(answer.content) >= size


def test_one_invoices_file_may_be_wrong_and_the_others_right(api: Api) -> None:
    wrong, right = api.found("/invoices")["invoices"][:2]
    api.switch(files={str(wrong["id"]): "missing"})
    answers = [at(api, f"{row['client_key']}.pdf").status_code for row in (wrong, right)]
    assert answers == [404, 200]


def test_the_company_tells_this_address(api: Api) -> None:
    assert api.found("/company")["base_uri"] == f"{str(api.base_url).rstrip('/')}/harvest"


def test_the_company_may_tell_another_address(api: Api) -> None:
    api.switch(web_address="https://acme.harvestapp.com")
    company = api.found("/company")
    assert (company["base_uri"], company["full_domain"]) == ("https://acme.harvestapp.com", "acme.harvestapp.com")
