"""How many requests does the source need, and how well does it use Pennylane's real allowance?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from math import ceil
from typing import Any

import pytest

from duebridge.core.connector import Services
from duebridge.core.edge.http import HttpFactory
from duebridge.plugins.pennylane.settings import PennylaneSettings
from duebridge.plugins.pennylane.source import PennylaneSource

from .scene import SECRETS, OpenScene, Row, Scene

LINES = frozenset({"invoice.lines", "credit_note.lines", "customer.ledger_account"})
REQUESTS, SECONDS = 25, 5.0


class Forgetful:
    """A connector's memory that keeps nothing."""

    def get(self, key: str) -> Any:
        """Return nothing."""

    def put(self, key: str, value: Any) -> None:
        """Keep nothing."""


@contextmanager
def source_of(scene: Scene, notes: list[str]) -> Iterator[PennylaneSource]:
    settings = PennylaneSettings.model_validate(
        {"token": SECRETS["PENNYLANE_TOKEN"], "base_url": f"{scene.url}/pennylane"}
    )
    source = PennylaneSource(settings, Services(HttpFactory(), Forgetful(), notes.append, scene.clock))
    try:
        yield source
    finally:
        source.close()


def crawl(source: PennylaneSource, stream: str, needs: frozenset[str]) -> list[Any]:
    return [item for page in source.fetch(stream, None, needs) for _, item in page.items]


def test_with_lines_a_crawl_takes_no_more_requests_than_without(usual: Scene) -> None:
    shorten_long_documents(usual)
    rows, customers, accounts = (
        len(usual.ledger(name)) for name in ("customer_invoices", "customers", "ledger_accounts")
    )
    before, notes = len(usual.journal()), list[str]()

    with source_of(usual, notes) as source:
        crawl(source, "customers", LINES)
        documents = crawl(source, "customer_invoices", LINES)

    assert len(documents) == rows
    assert all(document["_lines"] for document in documents)
    bound = ceil(rows / 100) + ceil(customers / 100) + ceil(accounts / 1000) + 5
    assert len(usual.journal()) - before <= bound
    assert notes == []


def shorten_long_documents(scene: Scene) -> None:
    """Give every document at most 20 lines: it keeps its total, in one."""
    headers = {"Authorization": f"Bearer {SECRETS['PENNYLANE_TOKEN']}"}
    list_url = f"{scene.url}/pennylane/api/external/v2/customer_invoices"
    for row in scene.ledger("customer_invoices"):
        page = scene.http.get(f"{list_url}/{row['id']}/invoice_lines", params={"limit": 100}, headers=headers).json()
        if len(page["items"]) > 20:
            figures = {name: row[name] for name in ("currency_amount", "currency_amount_before_tax", "currency_tax")}
            scene.change("customer_invoices", row["id"], invoice_lines=[figures])


@pytest.mark.slow
def test_three_hundred_pages_use_the_real_allowance_to_95_percent_and_draw_no_429(open_scene: OpenScene) -> None:
    scene = open_scene(customers=100, invoices=30_000, limits="real")

    with source_of(scene, []) as source:
        read = sum(len(page.items) for page in source.fetch("customer_invoices", None, frozenset()))

    rows = scene.journal()
    assert (read, len(rows)) == (30_000, 300)
    assert {row["status"] for row in rows} == {200}
    in_use = used(rows)
    assert sum(in_use) / (len(in_use) * REQUESTS) >= 0.95, in_use


def used(rows: list[Row]) -> list[int]:
    """How many requests were made in each whole window of 5 s, the first one beginning with the first request."""
    instants = [datetime.fromisoformat(row["at"]).timestamp() for row in rows]
    counts = Counter(int((at - instants[0]) / SECONDS) for at in instants)
    return [counts[window] for window in range(max(counts))]


@pytest.mark.slow
def test_upflows_real_limits_are_kept_by_a_run_that_makes_more_requests_than_a_minute_allows(
    open_scene: OpenScene,
) -> None:
    scene = open_scene(customers=80, invoices=430, limits="real")
    scene.configure(pace="")

    run = scene.synced()

    assert 600 < len(run.upflow) < 800
    assert {row["status"] for row in run.upflow} <= {200, 201}
    assert {row["status"] for row in run.pennylane} == {200}
    assert 55 < run.report["seconds"] < 80
