"""What are our records called at Pennylane (`external_reference`)?

`source` is the source connector with its account, so that several companies of one product stay apart.
"""

from __future__ import annotations

from duebridge.core.api import CreditNote, Customer, Invoice, Record

#: Products whose credit notes are rows of the invoice list, with ids out of the same series: turned from one into the
#: other a document keeps its reference, so that it is never imported a second time.
ONE_SERIES = frozenset({"harvest", "pennylane"})


def reference_of(source: str, record: Record) -> str:
    """Return the reference of a customer, an invoice or a credit note."""
    if isinstance(record, Customer):
        return customer_reference(source, record.id)
    return document_reference(source, record.kind, record.id)


def customer_reference(source: str, id: str) -> str:
    """Return `{source}-client-{id}`."""
    return f"{source}-client-{id}"


def document_reference(source: str, kind: str, id: str) -> str:
    """Return `{source}-invoice-{id}`; `{source}-credit_note-{id}` where credit notes have ids of their own."""
    one_series = source.partition("-")[0] in ONE_SERIES
    return f"{source}-{Invoice.kind if one_series or kind != CreditNote.kind else kind}-{id}"


def is_another_clients(reference: str | None, ours: str) -> bool:
    """Whether a customer's reference says that it was made for another client of the same source as `ours`."""
    prefix, _, _ = ours.rpartition("-client-")
    return reference is not None and reference != ours and reference.startswith(f"{prefix}-client-")
