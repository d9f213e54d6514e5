"""The files of documents: an address that needs no token and runs out, and what goes wrong there on order."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from duebridge.core.sandbox.pdf import one_page

FIRST = 2_400_001


def document(api, id=FIRST):
    return api.found(f"/customer_invoices/{id}")


def fetched(address):
    """The answer of a file's address, asked for without any credentials."""
    return httpx.get(address)


def places(content):
    """Where the table of a PDF says that its objects begin."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
    assert content[start : start + 5] == b"xref\n"
    return [int(place) for place in re.findall(rb"^(\d{10}) 00000 n $", content[start:], re.MULTILINE)]


@pytest.mark.parametrize("lines", [[], ["Facture F-1", "Réglé"], ["(a) \\ (b", "株式会社\n%%EOF"]])
def test_a_made_up_pdf_is_a_pdf_whose_table_leads_to_its_objects(lines):
    content = one_page(lines)
    assert content.startswith(b"%PDF-1.4\n")
    for number, place in enumerate(places(content), start=1):
        assert content[place:].startswith(b"%d 0 obj\n" % number)
    length = int(re.search(rb"/Length (\d+) >>\nstream\n", content)[1])
    stream = content[content.index(b"stream\n") + 7 :]
    assert stream[length:].startswith(b"\nendstream")
    assert content == one_page(lines)


def test_every_finalised_document_has_a_file_and_no_draft_has(api):
    rows = api.every("/customer_invoices", limit=100)
    assert {row["public_file_url"] is None for row in rows if row["draft"]} == {True}
    assert {row["public_file_url"] is None for row in rows if not row["draft"]} == {False}
    assert len({row["public_file_url"] for row in rows if not row["draft"]}) == sum(not row["draft"] for row in rows)


def test_the_file_of_a_document_is_a_pdf_that_names_it_and_needs_no_token(api):
    shown = document(api)
    answer = fetched(shown["public_file_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert shown["invoice_number"].encode() in answer.content
    assert shown["currency_amount"].encode() in answer.content
    assert "ratelimit-limit" not in answer.headers
    assert places(answer.content)


def test_an_address_is_made_anew_for_each_answer_and_runs_out_after_half_an_hour(api, clock):
    first = document(api)["public_file_url"]
    clock.ahead = timedelta(minutes=29)
    assert fetched(first).status_code == 200
    second = document(api)["public_file_url"]
    clock.ahead = timedelta(minutes=31)
    assert (fetched(first).status_code, fetched(second).status_code) == (403, 200)
    assert first != second


def test_lists_name_addresses_that_lead_to_files_too(api):
    row = next(each for each in api.found("/customer_invoices")["items"] if each["public_file_url"])
    assert row["invoice_number"].encode() in fetched(row["public_file_url"]).content


@pytest.mark.parametrize("key", ["", "x", "{}-2400001-{}", "000000000000000000000000-2400001-99999999999"])
def test_an_address_that_was_not_given_out_leads_nowhere(api, key):
    parts = urlsplit(document(api)["public_file_url"])
    assert fetched(f"{parts.scheme}://{parts.netloc}{parts.path}?encrypted_id={key}").status_code == 404


def test_the_address_of_a_deleted_document_leads_nowhere(api):
    address = document(api)["public_file_url"]
    api.delete(f"/_sandbox/pennylane/customer_invoices/{FIRST}")
    assert fetched(address).status_code == 404


def test_a_file_comes_with_finalising_and_can_be_taken_away_or_lie_elsewhere(api):
    draft = api.make("customer_invoices", draft=True)
    assert draft["public_file_url"] is None
    final = api.change("customer_invoices", draft["id"], draft=False)
    assert final["invoice_number"].encode() in fetched(final["public_file_url"]).content
    assert api.change("customer_invoices", draft["id"], label="x")["public_file_url"] is not None
    assert api.change("customer_invoices", draft["id"], public_file_url=None)["public_file_url"] is None
    assert api.make("customer_invoices", public_file_url=None)["public_file_url"] is None
    elsewhere = "https://files.example.org/a.pdf"
    assert api.change("customer_invoices", draft["id"], public_file_url=elsewhere)["public_file_url"] == elsewhere


@pytest.mark.parametrize(
    ("files", "status", "beginning"),
    [
        ("ready", 200, b"%PDF-1.4"),
        ("image", 200, b"\x89PNG"),
        ("html", 200, b"<!DOCTYPE html>"),
        ("missing", 404, b"<!DOCTYPE html>"),
        ("expired", 403, b"<!DOCTYPE html>"),
        ("empty", 200, b""),
        ("damaged", 200, b"%PDF-1.4"),
    ],
)
def test_what_an_address_answers_can_be_switched(api, files, status, beginning):
    assert api.switch(files=files)["files"] == files
    answer = fetched(document(api)["public_file_url"])
    assert answer.status_code == status
    assert answer.content.startswith(beginning)
    assert (b"%%EOF" in answer.content) is (files == "ready")
    assert bool(answer.content) is (files != "empty")


def test_a_huge_file_is_beyond_what_is_ever_fetched(api):
    api.switch(files="huge")
    with httpx.stream("GET", document(api)["public_file_url"]) as answer:
        assert sum(len(piece) for piece in answer.iter_bytes()) > 100 * 10**6
