"""Whatever happens in whatever order: an excluded customer is left alone, and nothing is missing in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duebridge.core.engine.exclusions import ExcludedCustomers, Exclusions
from duebridge.core.testing import Rig, credit_note, customer, invoice

CUSTOMERS = ("1", "2", "3")
Held = dict[str, dict[str, Any]]

customers = st.sampled_from(CUSTOMERS)
invoices = st.sampled_from(["10", "11", "12"])
amounts = st.sampled_from(["120.00", "60.00", "75.50"])
events = st.booleans()
changes = st.one_of(
    st.tuples(st.just("customer"), customers, st.sampled_from(["Acme", "Zenith"]), events),
    st.tuples(st.just("invoice"), invoices, customers, amounts, st.booleans(), events),
    st.tuples(st.just("note"), st.sampled_from(["20", "21"]), customers, amounts, st.none() | invoices, events),
    st.tuples(st.just("remove"), st.sampled_from(["10", "11", "12", "20", "21"]), events),
)
steps = st.one_of(
    changes,
    changes,
    st.tuples(st.just("exclude"), customers),
    st.tuples(st.just("include"), customers),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("run"), st.booleans()),
)


@contextmanager
def rig() -> Iterator[Rig]:
    with TemporaryDirectory() as folder:
        made = Rig(f"sqlite:///{Path(folder) / 'rig.db'}")
        made.set_policy(on_delete="delete")
        made.source.put(*map(customer, CUSTOMERS), invoice("10", "1"), credit_note("20", "1", invoice_id="10"))
        yield made
        made.close()


def change(rig: Rig, step: tuple[Any, ...]) -> None:
    match step:
        case ("customer", id, name, event):
            rig.source.put(customer(id, name=name), event=event)
        case ("invoice", id, owner, amount, paid, event):
            rig.source.put(invoice(id, owner, amount, paid=paid), event=event)
        case ("note", id, owner, amount, linked, event):
            rig.source.put(credit_note(id, owner, f"-{amount}", invoice_id=linked), event=event)
        case ("remove", id, event) if id in rig.source.books["documents"]:
            rig.source.remove("documents", id, event=event)


def run(rig: Rig, *, full: bool) -> None:
    excluded = Exclusions(rig.store, "rig", frozenset(), "rig.yaml").customers()
    rig.set_policy(decide=ExcludedCustomers(excluded).decide if excluded else None, excluded=excluded)
    report = rig.run(full=full, accept_mass_change=True)  # documents may all be removed: a person has seen it
    assert report.status == "succeeded", report.as_json()


def held_of(held: Held, owner: str) -> Held:
    """What the target holds of a customer: itself, documents, their fixes, and links at either end of which it is."""
    documents = {reference for reference, values in held.items() if values.get("customer") == owner}
    fixes = {f"{reference}-fix" for reference in documents}
    links = {
        reference
        for reference, values in held.items()
        if "-link-" in reference
        and documents & {f"ledger-invoice-{values['invoice']}", reference.replace("-link-", "-credit_note-")}
    }
    theirs = {f"ledger-customer-{owner}"} | documents | fixes | links
    return {reference: dict(values) for reference, values in held.items() if reference in theirs}


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, min_size=4, max_size=25))
def test_an_excluded_customer_is_left_alone_and_nothing_is_missing_in_the_end(
    given_steps: list[tuple[Any, ...]],
) -> None:
    with rig() as watched, rig() as undisturbed:
        book = Exclusions(watched.store, "rig", frozenset(), "rig.yaml")
        alone: dict[str, Held] = {}
        for step in given_steps:
            if step[0] == "exclude":
                book.exclude([step[1]], watched.now)
                alone.setdefault(step[1], held_of(watched.target.held, step[1]))
            elif step[0] == "include":
                book.include([step[1]])
                alone.pop(step[1], None)
            elif step[0] == "run":
                run(watched, full=step[1])
                run(undisturbed, full=step[1])
                for owner, before in alone.items():
                    assert held_of(watched.target.held, owner) == before
                    assert before.keys().isdisjoint(reference for _, reference in watched.target.log)
            else:
                change(watched, step)
                change(undisturbed, step)

        book.include(CUSTOMERS)
        for each in (watched, undisturbed):
            for full in (True, False, False):  # links between customers follow a run later
                run(each, full=full)
            assert each.target.log == []
        assert watched.target.held == undisturbed.target.held
