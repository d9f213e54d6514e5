"""What may Fincome's block hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from duebridge.targets.fincome.settings import FincomeSettings
from duebridge.targets.fincome.target import FincomeTarget
from duebridge.targets.fincome.workbook import FincomeWorkbook


def test_the_mode_chooses_how_fincome_is_reached() -> None:
    assert FincomeTarget.chosen(FincomeSettings(api_key="k")) is FincomeTarget
    assert FincomeTarget.chosen(FincomeSettings(mode="xlsx", directory=Path("out"))) is FincomeWorkbook


@pytest.mark.parametrize(
    "address", ["https://api2.fincome.co", "https://api2.fincome.co/", "https://api2.fincome.co/product"]
)
def test_the_address_is_understood_as_fincome_prints_it(address: str) -> None:
    assert FincomeSettings(api_key="k", base_url=address).base_url == "https://api2.fincome.co"


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ({}, "mode api needs api_key"),
        ({"mode": "xlsx"}, "mode xlsx needs directory"),
        ({"mode": "csv", "api_key": "k"}, "'api' or 'xlsx'"),
        ({"api_key": "k", "timezone": "Mars/Olympus"}, "no such time zone"),
        ({"api_key": "k", "header": "X Key"}, "pattern"),
        ({"api_key": "k", "paths": {"clients": "clients"}}, "Extra inputs"),
        ({"api_key": "k", "paths": {"customers": "/clients"}}, "pattern"),
        ({"api_key": "k", "columns": {"montant": "Montant"}}, "no column montant; there are: type, invoice_id"),
        ({"api_key": "k", "columns": {"status": "date"}}, "a header of its own"),
        ({"api_key": "k", "columns": {"status": " "}}, "a header of its own"),
    ],
)
def test_what_can_not_work_is_refused_with_a_reason(block: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        FincomeSettings(**block)
