"""What a test can change behind Upflow's back."""

from __future__ import annotations

import pytest

from duebridge.core.sandbox.product import UnknownObject

COLLECTIONS = ["customers", "contacts", "invoices", "credit_notes", "payments", "refunds", "custom_fields"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_object_is_created_from_nothing_changed_and_removed(product, collection):
    created = product.create(collection, {})
    changed = product.patch(collection, created["id"], {"externalId": "other"}, event=True)
    assert changed["externalId"] == "other"
    product.delete(collection, "other", event=True)
    with pytest.raises(UnknownObject, match="no "):
        product.delete(collection, created["id"], event=True)


def test_an_unknown_collection_is_named(product):
    with pytest.raises(UnknownObject, match="invoicez"):
        product.create("invoicez", {})


def test_a_contact_is_created_at_a_customer(product, upflow):
    upflow.send_customer("c1")
    product.create("contacts", {"customer": {"externalId": "c1"}, "email": "a@b.example"})
    assert upflow.shown("/customers/external:c1")["contacts"][0]["email"] == "a@b.example"


def test_derived_fields_follow_a_change(product, upflow):
    upflow.send_customer()
    upflow.send_invoice()
    product.patch("invoices", "i1", {"grossAmount": 50000}, event=False)
    assert upflow.shown("/invoices/external:i1")["amountOutstanding"] == 50000


def test_a_derived_field_given_is_shown_until_the_next_write(product, upflow):
    upflow.send_customer()
    upflow.send_invoice()
    product.patch("invoices", "i1", {"state": "VOIDED", "name": "changed by hand"}, event=False)
    shown = upflow.shown("/invoices/external:i1")
    assert (shown["state"], shown["name"]) == ("VOIDED", "changed by hand")
    assert upflow.send_invoice().json()["state"] == "DUE"


def test_removing_an_object_takes_its_links_along(product, upflow):
    upflow.send_customer()
    upflow.send_invoice()
    upflow.send_payment()
    upflow.link(invoices={"i1": 12000}, payments={"p1": 12000})
    product.delete("payments", "p1", event=True)
    assert upflow.shown("/invoices/external:i1")["state"] == "DUE"
    product.delete("customers", "c1", event=True)
    assert upflow.shown("/invoices")["total"] == 0
