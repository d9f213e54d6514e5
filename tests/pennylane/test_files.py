"""A document's file: fetched from a fresh address that is kept nowhere, and taken only when it is a file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug import Request, Response

from duebridge.core.api import Attachment, CreditNote, Customer, Invoice, RecordError, RunError
from duebridge.core.edge.http import HttpFactory
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.plugins.pennylane.files import attachment
from duebridge.plugins.pennylane.sandbox import PennylaneSandbox
from duebridge.plugins.pennylane.source import PennylaneSource

PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
KEY = "hidden-key"


def invoice(id: str = "7", kind: type[Invoice] | type[CreditNote] = Invoice) -> Invoice | CreditNote:
    values = {"currency": "EUR", "amount": "1", "amount_before_tax": "1", "tax": "0", "status": "late"}
    return kind.model_validate({"id": id, "customer_id": "1", "draft": False, "paid": False, **values})


@pytest.fixture
def source(fake: Any, bench: Any) -> PennylaneSource:
    """A source that is not held up by the pauses before a request is made again."""
    found: PennylaneSource = bench.source(fake.base_url, fake.token)
    found.close()
    services = type(found.services)(
        HttpFactory(sleep=lambda _: None), found.services.memory, found.services.note, found.services.now
    )
    made = PennylaneSource(found.options, services)
    bench.opened.append(made)
    return made


@pytest.fixture
def file(fake: Any) -> Callable[..., list[Request]]:
    """Lets invoice 7 have a file at an address of the product's own; returns the requests made there."""

    def serve(answer: Callable[[], Response], **members: Any) -> list[Request]:
        asked: list[Request] = []

        def handle(request: Request) -> Response:
            asked.append(request)
            return answer()

        fake.server.expect_request("/public/invoice/pdf").respond_with_handler(handle)
        row = {"id": 7, "invoice_number": "F-7", "filename": "facture.pdf"}
        address = f"{fake.base_url}/public/invoice/pdf?encrypted_id={KEY}"
        fake.serve("/customer_invoices/7", lambda _: {**row, "public_file_url": address, **members})
        return asked

    return serve


@pytest.mark.parametrize("kind", [Invoice, CreditNote])
def test_a_documents_file_is_fetched_from_a_fresh_address_without_credentials(
    source: PennylaneSource, fake: Any, file: Any, kind: Any
) -> None:
    asked = file(lambda: Response(PDF))
    assert source.document(invoice(kind=kind)) == Attachment("facture.pdf", PDF, "application/pdf")
    assert fake.paths() == ["/customer_invoices/7"]
    assert [request.args["encrypted_id"] for request in asked] == [KEY]
    assert "Authorization" not in asked[0].headers


def test_each_time_it_is_asked_for_the_address_is_asked_for_anew(source: PennylaneSource, fake: Any, file: Any) -> None:
    file(lambda: Response(PDF))
    for _ in range(2):
        source.document(invoice())
    assert fake.paths() == ["/customer_invoices/7"] * 2


def test_a_document_without_a_file_has_none(source: PennylaneSource, file: Any) -> None:
    asked = file(lambda: Response(PDF), public_file_url=None)
    assert source.document(invoice()) is None
    assert asked == []


def test_other_records_have_no_file_and_nothing_is_asked(source: PennylaneSource, fake: Any) -> None:
    assert source.document(Customer(id="1", customer_type="company", name="A")) is None
    assert fake.asked == []


def test_a_document_deleted_since_it_was_read_is_rejected_alone(source: PennylaneSource, fake: Any) -> None:
    fake.serve("/customer_invoices/7", lambda _: (404, '{"error":"Not Found","status":404}'))
    with pytest.raises(RecordError, match="no longer at Pennylane"):
        source.document(invoice())


def test_another_document_than_the_one_asked_for_is_not_taken(source: PennylaneSource, file: Any) -> None:
    asked = file(lambda: Response(PDF), id=8)
    with pytest.raises(RunError, match="something else"):
        source.document(invoice())
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Response("<!DOCTYPE html><html>Connexion</html>"), "is a web page"),
        (Response("\n  <HTML lang=fr>"), "is a web page"),
        (Response(b""), "is empty"),
        (Response(b"%PDF-1.7\n1 0 obj"), "is a PDF without its end"),
        (Response(b"PK\x03\x04"), "is neither a PDF nor an image"),
        (Response(f"<p>{KEY} ran out</p>", status=403), "answers 403 there"),
        (Response(f"<p>{KEY} ran out</p>", status=401), "answers 401 there"),
        (Response(f"<p>{KEY} ran out</p>", status=404), "answers 404 there"),
        (Response(f"<p>{KEY} ran out</p>", status=410), "answers 410 there"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_file_rejects_the_record_and_says_why(
    source: PennylaneSource, file: Any, caplog: Any, answer: Response, why: str
) -> None:
    file(lambda: answer)
    with caplog.at_level(logging.DEBUG), pytest.raises(RecordError, match=why) as caught:
        source.document(invoice())
    assert KEY not in str(caught.value)
    assert not any(KEY in record.getMessage() for record in caplog.records if record.name != "werkzeug")


def test_a_file_nobody_answers_for_is_left_to_a_later_run_and_three_in_a_row_end_the_run(
    source: PennylaneSource, file: Any
) -> None:
    answers = [Response(f"no {KEY}", status=500)] * 12 + [Response(PDF)] + [Response("", status=500)] * 18
    file(lambda: answers.pop(0))
    for _ in range(2):
        with pytest.raises(RecordError, match="a later run tries again") as caught:
            source.document(invoice())
        assert KEY not in str(caught.value)
    assert source.document(invoice()) is not None
    for _ in range(2):
        with pytest.raises(RecordError):
            source.document(invoice())
    with pytest.raises(RunError, match="answered 500"):
        source.document(invoice())


@pytest.mark.parametrize("address", ["ftp://x/hidden-key", "hidden-key", "https://", 7])
def test_an_address_that_is_none_rejects_the_record(source: PennylaneSource, file: Any, address: Any) -> None:
    file(lambda: Response(PDF), public_file_url=address)
    with pytest.raises(RecordError) as caught:
        source.document(invoice())
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("beginning", "media_type", "name"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png", "F-7.png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg", "F-7.jpg"),
        (b"GIF89a", "image/gif", "F-7.gif"),
        (b"II*\0", "image/tiff", "F-7.tif"),
        (b"MM\0*", "image/tiff", "F-7.tif"),
        (b"BM", "image/bmp", "F-7.bmp"),
    ],
)
def test_an_imported_document_may_have_an_image(beginning: bytes, media_type: str, name: str) -> None:
    assert attachment(beginning + b"x", None, "F-7") == Attachment(name, beginning + b"x", media_type)


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("facture é.pdf", "facture é.pdf"),
        ("FACTURE.PDF", "FACTURE.pdf"),
        ("scan.png", "scan.pdf"),
        ("v1.2", "v1.2.pdf"),
        ("../../etc/passwd", "etc_passwd.pdf"),
        ('a\r\nb"c', "a_b_c.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("...", "document.pdf"),
        ("", "F-7.pdf"),
        (None, "F-7.pdf"),
        ("x" * 300, "x" * 150 + ".pdf"),
    ],
)
def test_a_file_has_a_name_nothing_trips_over_that_ends_as_its_content_does(filename: Any, name: str) -> None:
    assert attachment(PDF, filename, "F-7").name == name


@pytest.fixture(scope="module")
def sandbox() -> Any:
    with running_sandbox([PennylaneSandbox(SandboxOptions(limits="off"))]) as running:
        yield running


def test_files_of_the_stand_in_are_fetched(sandbox: RunningSandbox, bench: Any) -> None:
    source = bench.source(sandbox.base("pennylane"))
    found = source.document(invoice("2400001"))
    assert found is not None
    assert found.content_type == "application/pdf"
    assert Path(found.name).suffix == ".pdf"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ("html", "web page"),
        ("missing", "answers 404"),
        ("expired", "answers 403"),
        ("empty", "is empty"),
        ("damaged", "without its end"),
        ("huge", "larger than 95 MiB"),
    ],
)
def test_what_goes_wrong_with_a_file_at_the_stand_in_rejects_the_record(
    sandbox: RunningSandbox, bench: Any, files: str, why: str
) -> None:
    httpx.put(f"{sandbox.url}/_sandbox/settings/pennylane", json={"files": files}).raise_for_status()
    source = bench.source(sandbox.base("pennylane"))
    try:
        with pytest.raises(RecordError, match=why):
            source.document(invoice("2400001"))
    finally:
        httpx.put(f"{sandbox.url}/_sandbox/settings/pennylane", json={"files": "ready"}).raise_for_status()
