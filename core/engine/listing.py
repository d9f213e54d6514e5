"""Which records has a connection read, and what became of each?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic_core import from_json

from duebridge.core.connector import Target
from duebridge.core.engine.changes import Outcome
from duebridge.core.engine.needed import NOT_NEEDED
from duebridge.core.engine.planning import BEFORE_START, CUSTOMER_NOT_SENT, EXCLUDED, GONE, NO_INVOICE
from duebridge.core.engine.report import UNSENT
from duebridge.core.errors import ConfigError
from duebridge.core.records import CreditNote
from duebridge.core.store.records import listing
from duebridge.core.store.store import Store

Json = dict[str, Any]

#: What `records --outcome` takes; `gone` also holds those no longer to be sent that the target still has.
OUTCOMES: tuple[str, ...] = tuple(outcome for outcome in get_args(Outcome) if outcome)

_ENGINE = {
    decision.code: decision.why for decision in (EXCLUDED, BEFORE_START, CUSTOMER_NOT_SENT, GONE, UNSENT, NOT_NEEDED)
}


def list_records(
    store: Store,
    connection_id: int,
    target: type[Target],
    *,
    kind: str | None = None,
    outcome: str | None = None,
    parts: bool = False,
) -> Iterator[Json]:
    """Yield the records in the order they were first read, under their public names; parts follow their record.

    Raises `ConfigError` for a kind the target doesn't take, or an outcome there is not.
    """
    if outcome is not None and outcome not in OUTCOMES:
        raise ConfigError(f"there is no outcome {outcome!r}; outcomes: {', '.join(OUTCOMES)}")
    kinds = [record.kind for record in target.rules]
    if kind is not None and kind not in kinds:
        raise ConfigError(f"{target.title} takes no {kind!r}; kinds: {', '.join(kinds)}")
    meanings = meanings_of(target)
    wanted = kinds if kind is None else [kind]
    with store.reading() as db:
        for row in listing(db, connection_id, kinds=wanted, outcome=outcome, parts=parts):
            yield _entry(row, meanings)


def meanings_of(target: type[Target]) -> dict[tuple[str, str], str]:
    """Return what each decision code means, by (kind, code): the reason its rule gives, or the engine's own."""
    meanings: dict[tuple[str, str], str] = {}
    for record, rules in target.rules.items():
        meanings |= {(record.kind, code): why for code, why in _ENGINE.items()}
        if record is CreditNote and target.credits_sent_invoices:
            meanings[record.kind, NO_INVOICE.code] = NO_INVOICE.why
        for _, decision in reversed(rules.describe()):
            meanings[record.kind, decision.code] = decision.why
    return meanings


def _entry(row: Mapping[str, Any], meanings: Mapping[tuple[str, str], str]) -> Json:
    return {
        "kind": row["kind"],
        "id": row["id"],
        **({"part": row["part"]} if row["part"] else {"label": _label(row["body"])}),
        "outcome": "unknown" if _unsure(row) else row["outcome"],
        "code": row["code"],
        "why": _why(row, meanings),
        "customer_id": row["customer_id"],
        "reference": row["reference"],
        "target_id": row["target_id"],
        "held": row["accepted_fingerprint"] is not None,
        "due": bool(row["due"]),
        "uncertain": bool(row["uncertain"]),
        "run": row["run"],
        "notes": (row["notes"] or "").splitlines(),
    }


def _unsure(row: Mapping[str, Any]) -> bool:
    """Whether a write of the record, or of this part of it, may have happened."""
    return bool(row["uncertain"] if row["part"] else row["unsure"])


def _why(row: Mapping[str, Any], meanings: Mapping[tuple[str, str], str]) -> str:
    why = str(row["reason"] or meanings.get((row["kind"], row["code"]), ""))
    if row["code"] == EXCLUDED.code and _unsure(row):
        return f"{why}; whether its last write arrived is not known"
    return why


def _label(body: str | None) -> str:
    """What a person knows the record by: its number, or its name."""
    values = from_json(body) if body is not None else {}
    return str(values.get("number") or values.get("label") or values.get("name") or "")
