"""What plans are made with shows in their hash, in whatever file it is kept."""

from __future__ import annotations

from typing import Any

from duebridge.core.connector import Family
from duebridge.core.engine import needs
from duebridge.core.records import Document
from duebridge.core.testing import Rig, ShelfTarget
from duebridge.core.testing.ledger import invoice as somewhere_else


class Completing(ShelfTarget):
    """Leaves the work to a function of another file."""

    def completed(self, document: Document, family: Family) -> Document:
        somewhere_else(document.id, document.customer_id)
        return document


def test_a_change_in_the_file_a_method_calls_plans_everything_again(rig: Rig, monkeypatch: Any) -> None:
    target = Completing(rig.source.settings(), rig.services)
    before = needs.plan_hash(target, {}, {})
    assert needs.plan_hash(target, {}, {}) == before
    source = needs._source

    def changed(function: Any) -> str:
        return source(function) + ("# changed" if function is somewhere_else else "")

    monkeypatch.setattr(needs, "_source", changed)
    assert needs.plan_hash(target, {}, {}) != before
