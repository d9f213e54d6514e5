"""From Harvest into the books: what can't be imported is told with what to do, and all others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from .harvest_scene import NAME, TARGET, Row, Scene, scene, stage

__all__ = ["scene", "stage"]  # fixtures

ADDRESS = "1 rue de la Paix\r\n75002 Paris\r\nFrance"
Make = Callable[[Scene], Row]


def of(address: str, **client: str) -> Make:
    """An invoice of a client with this address."""
    return lambda scene: scene.invoice(scene.client("Wrong", address=address, **client))


def ambiguous(**known: object) -> Make:
    """An invoice of a client whom two customers in the books might be."""

    def make(scene: Scene) -> Row:
        client = scene.client("Wrong")
        scene.add("contacts", client_id=client, email="compta@wrong.example")
        for _ in range(2):
            scene.known(**known)
        return scene.invoice(client)

    return make


def with_file(kind: str) -> Make:
    """An invoice whose PDF is something else."""

    def make(scene: Scene) -> Row:
        made = scene.invoice(scene.client("Wrong"))
        scene.switch(files={str(made["id"]): kind})
        return made

    return make


def with_lines(*lines: Row, **values: object) -> Make:
    """An invoice of these lines."""
    return lambda scene: scene.invoice(scene.client("Wrong"), *lines, **values)


NO_CODE = "and the nearest is not guessed; correct the rate at the source"
WEB_ADDRESS = "check that the connection's `domain` is the account's web address (Harvest > Settings)"
DOCUMENTS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "unknown rate": (with_lines(tax=19.99), ('line 1 ("Conseil")', "no VAT code for 19.99 % in FR", NO_CODE)),
    "another country's rate": (of("Hauptstr. 5\r\n10827 Berlin\r\nAllemagne"), ("20 % in DE", "set `tax_country`")),
    "totals that lines don't make": (with_lines(amount=121.0), ("Harvest totals inconsistent",)),
    "finer than the currency": (with_lines(currency="JPY", amount=120.5), ("JPY",)),
    "no PDF": (with_file("missing"), ("there is no PDF of it at", "answers 404", "`domain`", "opens there")),
    "a web page": (with_file("html"), ("gives as its PDF is a web page", WEB_ADDRESS, "a later run tries again")),
    "half a PDF": (with_file("damaged"), ("gives as its PDF ends early", WEB_ADDRESS)),
    "nothing": (with_file("empty"), ("gives as its PDF is empty", WEB_ADDRESS)),
    "100 MB": (with_file("huge"), ("larger than 95 MiB",)),
}
NEEDS = "Pennylane has no such customer yet, and to add it needs: "
MERGE = "which one is meant is not guessed; merge them there"
CUSTOMERS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "no address": (of(""), (NEEDS, "street", "postal code", "city", "country", "set `default_country`")),
    "no postal code": (of("1 rue de la Paix\r\nFrance"), (NEEDS + "postal code of its address, city of its address",)),
    "no country": (of("1 rue de la Paix\r\n75002 Paris"), (NEEDS + "country of its address", "set `default_country`")),
    "two of its name": (ambiguous(name="Wrong"), ("2 customers with the name Wrong", MERGE)),
    "two of its e-mail": (
        ambiguous(emails=["compta@wrong.example"]),
        ("2 customers with the e-mail address c***@wrong.example", MERGE),
    ),
}


@pytest.mark.parametrize(("make", "says"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_can_not_be_imported_is_told_and_the_others_go_on(
    scene: Scene, make: Make, says: tuple[str, ...]
) -> None:
    wrong = make(scene)
    right = scene.invoice(scene.client())

    run = scene.sync()

    assert (run.report["status"], run.exit_code) == ("succeeded", 0)
    why = scene.rejected()[f"invoice {wrong['id']}"]
    assert all(part in why for part in says), why
    assert list(scene.documents()) == [right["number"]]


@pytest.mark.parametrize(("make", "says"), CUSTOMERS.values(), ids=CUSTOMERS)
def test_a_customer_that_can_not_be_attached_or_added_is_told_and_the_others_go_on(
    scene: Scene, make: Make, says: tuple[str, ...]
) -> None:
    wrong = make(scene)
    before = len(scene.customers())
    right = scene.invoice(scene.client())

    run = scene.sync()

    assert (run.report["status"], run.exit_code) == ("succeeded", 0)
    why = scene.rejected()[f"customer {wrong['client']['id']}"]
    assert all(part in why for part in says), why
    assert run.report["kinds"]["invoice"]["skipped"] == {"customer_not_sent": 1}
    assert list(scene.documents()) == [right["number"]]
    assert len(scene.customers()) == before + 1


def test_what_is_without_tax_needs_a_code_that_says_why(scene: Scene) -> None:
    scene.configure(target="")
    client = scene.client()
    wrong, right = scene.invoice(client, {"taxed": False}), scene.invoice(client)
    scene.sync()
    why = scene.rejected()[f"invoice {wrong['id']}"]
    assert "`zero_rate_code` says neither FR nor default" in why
    assert "set it for the connection" in why
    assert list(scene.documents()) == [right["number"]]


def test_all_that_was_rejected_is_imported_once_it_is_put_right(scene: Scene) -> None:
    client = scene.client("Wrong", address="")
    first, second = scene.invoice(client), scene.invoice(scene.client())
    scene.switch(files={str(second["id"]): "html"})
    scene.sync()
    assert scene.documents() == {}
    scene.clock.ahead += timedelta(hours=2)
    scene.change("clients", client, address=ADDRESS)
    scene.switch(files="ready")
    scene.synced()
    assert set(scene.documents()) == {first["number"], second["number"]}


# --- A token, an account or a web address that is wrong: nobody's invoice is at fault


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_token_harvest_does_not_know_ends_it_and_says_where_tokens_are(scene: Scene, command: str) -> None:
    scene.invoice(scene.client())
    scene.environ["HARVEST_TOKEN"] = "not-the-token"
    result = scene.command(command, NAME)
    assert result.exit_code == 3, result.output
    told = " ".join(result.output.split())
    assert "Check `token` and `account_id`, both are on id.getharvest.com under Developers" in told
    assert "not-the-token" not in told
    assert scene.written() == []


@pytest.mark.parametrize("command", ["check", "sync"])
def test_an_account_the_token_does_not_reach_ends_it_and_is_never_an_empty_read(scene: Scene, command: str) -> None:
    scene.invoice(scene.client())
    scene.configure(account="4321")
    result = scene.command(command, NAME)
    assert result.exit_code == 3, result.output
    told = " ".join(result.output.split())
    assert "Harvest knows no account 4321 that this token may read; check `account_id` and `token`" in told
    assert scene.written() == []


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_token_pennylane_does_not_know_ends_it(scene: Scene, command: str) -> None:
    scene.invoice(scene.client())
    scene.environ["PENNYLANE_TOKEN"] = "not-the-token"
    result = scene.command(command, NAME)
    assert result.exit_code == 3, result.output
    assert "token" in result.output
    assert "not-the-token" not in result.output


@pytest.mark.parametrize("command", ["check", "sync"])
def test_another_companys_domain_ends_it_and_the_right_one_is_named(scene: Scene, command: str) -> None:
    scene.invoice(scene.client())
    scene.switch(web_address="https://studio-aurore.harvestapp.com")
    scene.configure(source="domain: atelier-bleu")
    result = scene.command(command, NAME)
    assert result.exit_code == 2, result.output
    told = " ".join(result.output.split())
    assert "`domain` is atelier-bleu.harvestapp.com, but the web address" in told
    assert "is studio-aurore.harvestapp.com; correct `domain`, or leave it out" in told
    assert scene.written() == []


def test_a_domain_that_has_no_pdfs_rejects_each_invoice_and_imports_none(scene: Scene) -> None:
    scene.configure(source=f"domain: '{scene.url}/elsewhere'")
    made = [scene.invoice(scene.client(f"Client {n}")) for n in range(4)]
    run = scene.sync()
    reasons = scene.rejected()
    assert set(reasons) == {f"invoice {each['id']}" for each in made}
    assert all("answers 404; check that the connection's `domain`" in why for why in reasons.values())
    assert scene.documents() == {}
    assert "/file_attachments" not in {path for _, path in run.writes}


def test_a_domain_where_nobody_answers_ends_the_run_soon(scene: Scene) -> None:
    scene.configure(source="domain: 'http://127.0.0.1:9'")
    for n in range(8):
        scene.invoice(scene.client(f"Client {n}"))
    run = scene.sync()
    assert (run.report["status"], run.exit_code) == ("incomplete", 1)
    assert "check that the connection's `domain` is the account's web address" in run.report["error"]
    assert scene.documents() == {}
    scene.configure(target=TARGET)
    scene.clock.ahead += timedelta(hours=2)
    scene.synced()
    assert len(scene.documents()) == 8
