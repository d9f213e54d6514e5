"""An invoice's PDF comes from the company's web address, without the token; whatever else is there is refused."""

from __future__ import annotations

from typing import Any

import pytest

from duebridge.core.api import Attachment, RecordError, RunError

from .conftest import Bench, Run
from .fakes import company, pointed_at


def some_invoice(bench: Bench, **settings: Any) -> tuple[Any, Any]:
    source = bench.source(**settings)
    source.check()
    record = next(iter(Run(source, "invoices").records.values()))
    bench.asked()
    return source, record


def test_the_pdf_is_fetched_from_the_address_the_company_tells(usual: Bench) -> None:
    source, record = some_invoice(usual)
    file = source.document(record)
    assert isinstance(file, Attachment)
    assert (file.name, file.content_type) == (f"{record.number}.pdf", "application/pdf")
    assert file.content.startswith(b"%PDF-")
    assert record.number.encode() in file.content
    assert len([row for row in usual.asked() if "/client/invoices/" in row["path"]]) == 1


def test_the_pdf_is_fetched_from_the_domain_of_the_settings(usual: Bench) -> None:
    source, record = some_invoice(usual, domain=f"{usual.url}/harvest")
    assert source.document(record).content.startswith(b"%PDF-")


def test_clients_have_no_file(usual: Bench) -> None:
    source = usual.source()
    customer = next(iter(Run(source, "clients").records.values()))
    assert source.document(customer) is None


def test_no_credentials_go_to_the_web_address(httpserver: Any) -> None:
    seen: list[Any] = []

    def pdf(request: Any) -> Any:
        from werkzeug import Response

        seen.append(dict(request.headers))
        return Response(b"%PDF-1.4\n%%EOF", content_type="application/pdf")

    httpserver.expect_request("/v2/company").respond_with_json(company())
    httpserver.expect_request("/v2/invoices/5").respond_with_json({"id": 5, "client_key": "a/b", "number": "R/1"})
    httpserver.expect_request("/web/client/invoices/a%2Fb.pdf").respond_with_handler(pdf)
    httpserver.expect_request("/web/client/invoices/a/b.pdf").respond_with_handler(pdf)
    source = pointed_at(httpserver, domain=str(httpserver.url_for("/web")))
    file = source._files.of("5")

    assert file is not None
    assert file.name == "R_1.pdf"
    (headers,) = seen
    token = source.options.token.get_secret_value()
    assert not {"authorization", "harvest-account-id"} & {name.lower() for name in headers}
    assert token not in str(headers)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("html", "gives as its PDF is a web page; check that the connection's `domain`"),
        ("missing", "there is no PDF of it at .*, which answers 404; check that the connection's `domain`"),
        ("empty", "is empty; check that the connection's `domain`"),
        ("damaged", "ends early"),
        ("huge", "is larger than 95 MiB"),
    ],
)
def test_what_is_no_pdf_rejects_the_invoice_and_says_what_to_do(usual: Bench, kind: str, told: str) -> None:
    source, record = some_invoice(usual)
    usual.switch(files=kind)
    with pytest.raises(RecordError, match=told) as refused:
        source.document(record)
    assert "client/invoices" not in str(refused.value)


def test_a_wrong_domain_rejects_the_invoice_and_says_what_to_do(usual: Bench) -> None:
    source, record = some_invoice(usual, domain=f"{usual.url}/elsewhere")
    with pytest.raises(RecordError, match="check that the connection's `domain` is the account's web address"):
        source.document(record)


def test_a_domain_nobody_answers_at_ends_the_run_at_the_third_file(usual: Bench, hurried: None) -> None:
    source, record = some_invoice(usual, domain="http://127.0.0.1:9")
    for _ in range(2):
        with pytest.raises(RecordError, match="check the connection's `domain`"):
            source.document(record)
    with pytest.raises(RunError, match="check that the connection's `domain`"):
        source.document(record)


def test_an_invoice_that_is_gone_has_no_file(usual: Bench) -> None:
    source, record = some_invoice(usual)
    usual.remove("invoices", int(record.id))
    with pytest.raises(RecordError, match="no longer in Harvest"):
        source.document(record)


@pytest.mark.parametrize("key", [None, ""])
def test_an_invoice_without_a_key_has_no_file(httpserver: Any, key: Any) -> None:
    httpserver.expect_request("/v2/invoices/5").respond_with_json({"id": 5, "client_key": key})
    assert pointed_at(httpserver, domain="acme")._files.of("5") is None


@pytest.mark.parametrize(
    ("number", "name"),
    [(None, "5.pdf"), ("../../etc/passwd", "etc_passwd.pdf"), ("2026-1", "2026-1.pdf"), (" . ", "invoice.pdf")],
)
def test_a_file_is_named_after_the_invoices_number(httpserver: Any, number: Any, name: str) -> None:
    httpserver.expect_request("/v2/invoices/5").respond_with_json({"id": 5, "client_key": "k", "number": number})
    httpserver.expect_request("/client/invoices/k.pdf").respond_with_data(b"%PDF-1.4 %%EOF")
    file = pointed_at(httpserver, domain=str(httpserver.url_for("")))._files.of("5")
    assert file is not None
    assert file.name == name
