"""What does a complete object of each collection look like, as the API gives it?

Builders take the members that matter and fill in the rest, in the contract's shape; links hold `store.ROOT`. Source:
spec, response schemas.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from duebridge.plugins.pennylane.sandbox.store import API

Data = dict[str, Any]


def link(path: str) -> Data:
    """A link to something below the API's root."""
    return {"url": f"{API}/{path}"}


def reference(collection: str, id: int | None) -> Data | None:
    """An id with its link; None for none."""
    return None if id is None else {"id": id, **link(f"{collection}/{id}")}


def customer(id: int, at: str, **given: Any) -> Data:
    """A customer, company or individual by `customer_type`."""
    company = given.get("customer_type", "company") == "company"
    data: Data = {
        "id": id,
        "name": f"Customer {id}",
        "billing_iban": None,
        "payment_conditions": "30_days",
        "recipient": "",
        "phone": "",
        "reference": None,
        "notes": None,
        **({"vat_number": "", "reg_no": ""} if company else {"first_name": "", "last_name": ""}),
        "ledger_account": None,
        "emails": [],
        "billing_address": address(),
        "delivery_address": address(),
        "customer_type": "company",
        "external_reference": f"customer-{id}",
        "billing_language": "fr_FR",
        "mandates": link(f"gocardless_mandates?customer_id={id}"),
        "pro_account_mandates": link(f"pro_account_mandates?customer_id={id}"),
        "contacts": link(f"customers/{id}/contacts"),
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def address(street: str = "", postal_code: str = "", city: str = "", country: str = "") -> Data:
    """A postal address; what is missing is empty, never null."""
    return {"address": street, "postal_code": postal_code, "city": city, "country_alpha2": country}


def contact(id: int, at: str, **given: Any) -> Data:
    """A person in a customer's address book."""
    names = ("first_name", "last_name", "role", "email", "telephone_number", "mobile_number")
    return {"id": id, **dict.fromkeys(names, ""), "created_at": at, "updated_at": at, **given}


def document(id: int, at: str, **given: Any) -> Data:
    """A row of the invoice list: an invoice, a credit note or what else shares it. Amounts must be given."""
    path = f"customer_invoices/{id}"
    data: Data = {
        "id": id,
        "label": None,
        "invoice_number": "",
        "currency": "EUR",
        "amount": given["currency_amount"],
        "exchange_rate": "1.0",
        "date": None,
        "deadline": None,
        "tax": given["currency_tax"],
        "language": "fr_FR",
        "paid": False,
        "status": "upcoming",
        "discount": no_discount(),
        "ledger_entry": {"id": 700_000_000 + id},
        "public_file_url": None,
        "filename": None,
        "remaining_amount_with_tax": None,
        "remaining_amount_without_tax": None,
        "draft": False,
        "special_mention": None,
        "customer": None,
        "invoice_line_sections": link(f"{path}/invoice_line_sections"),
        "invoice_lines": link(f"{path}/invoice_lines"),
        "custom_header_fields": link(f"{path}/custom_header_fields"),
        "categories": link(f"{path}/categories"),
        "pdf_invoice_free_text": "",
        "pdf_invoice_subject": "",
        "pdf_description": None,
        "billing_subscription": None,
        "credited_invoice": None,
        "customer_invoice_template": None,
        "transaction_reference": None,
        "payments": link(f"{path}/payments"),
        "matched_transactions": link(f"{path}/matched_transactions"),
        "appendices": link(f"{path}/appendices"),
        "quote": None,
        "external_reference": f"invoice-{id}",
        "e_invoicing": None,
        "factur_x": False,
        "schematron_validation_status": None,
        "archived_at": None,
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def difference(total: str, tax: str) -> str:
    """What is left of an amount without its tax, both as text, with the decimals of the finer one."""
    return f"{Decimal(total) - Decimal(tax):f}"


def no_discount() -> Data:
    """How the API says that nothing is taken off."""
    return {"type": "absolute", "value": "0"}


def line(id: int, at: str, **given: Any) -> Data:
    """A line of a document or a subscription. Amounts must be given, those in the document's currency."""
    data: Data = {
        "id": id,
        "label": "Service",
        "unit": "piece",
        "quantity": "1",
        "amount": given["currency_amount"],
        "description": "",
        "product": None,
        "vat_rate": "FR_200",
        "tax": given["currency_tax"],
        "raw_currency_unit_price": given["currency_amount_before_tax"],
        "discount": no_discount(),
        "section_rank": None,
        "imputation_dates": None,
        "substance": "services",
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def payment(id: int, at: str, **given: Any) -> Data:
    """A payment of an invoice; the amount must be given."""
    return {
        "id": id,
        "label": "Payment",
        "currency": "EUR",
        "status": "confirmed",
        "created_at": at,
        "updated_at": at,
        **given,
    }


def transaction(id: int, at: str, **given: Any) -> Data:
    """A bank movement matched with an invoice; `date` and the amount must be given."""
    data: Data = {
        "id": id,
        "label": "VIR SEPA",
        "attachment_required": False,
        "outstanding_balance": "0.00",
        "archived_at": None,
        "currency": "EUR",
        "amount": given["currency_amount"],
        "currency_fee": None,
        "fee": None,
        "journal": {"id": 901},
        "bank_account": reference("bank_accounts", 801),
        "pro_account_expense": None,
        "customer": None,
        "categories": [],
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def product(id: int, at: str, **given: Any) -> Data:
    """Something sold."""
    data: Data = {
        "id": id,
        "label": f"Product {id}",
        "description": "",
        "external_reference": f"product-{id}",
        "price_before_tax": "100.00",
        "vat_rate": "FR_200",
        "price": "120.00",
        "unit": "piece",
        "currency": "EUR",
        "reference": None,
        "substance": "services",
        "ledger_account": None,
        "archived_at": None,
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def ledger_account(id: int, at: str, **given: Any) -> Data:
    """An account of the chart of accounts."""
    data: Data = {
        "id": id,
        "number": f"411{id}",
        "label": f"Account {id}",
        "vat_rate": "any",
        "country_alpha2": "any",
        "enabled": True,
        "type": "customer",
        "letterable": True,
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def subscription(id: int, at: str, **given: Any) -> Data:
    """A recurring invoice; `customer_invoice_data` must be given."""
    data: Data = {
        "id": id,
        "next_occurrence": None,
        "prev_occurrence": None,
        "stopped_at": None,
        "start": None,
        "finish": None,
        "status": "in_progress",
        "mode": "finalized",
        "activated_at": None,
        "payment_conditions": "30_days",
        "payment_method": "offline",
        "label": None,
        "email_settings": None,
        "recurring_rule": recurring("monthly", 1),
        "customer": None,
        "created_at": at,
        "updated_at": at,
    }
    data.update(given)
    return data


def recurring(rule_type: str, interval: int | None, until: str | None = None) -> Data:
    """When a subscription recurs."""
    days = [1] if rule_type == "monthly" else None
    return {
        "day_of_month": days,
        "month_of_year": None,
        "week_start": None,
        "day": None,
        "rule_type": rule_type,
        "interval": interval,
        "count": None,
        "until": until,
    }


def invoice_data(subscription_id: int, **given: Any) -> Data:
    """What a subscription's invoices hold. Amounts must be given."""
    path = f"billing_subscriptions/{subscription_id}"
    data: Data = {
        "label": None,
        "currency": "EUR",
        "amount": given["currency_amount"],
        "exchange_rate": "1.0",
        "language": "fr_FR",
        "customer_invoice_template": None,
        "discount": no_discount(),
        "pdf_invoice_free_text": "",
        "pdf_invoice_subject": "",
        "pdf_description": None,
        "special_mention": None,
        "invoice_line_sections": link(f"{path}/invoice_line_sections"),
        "invoice_lines": link(f"{path}/invoice_lines"),
    }
    data.update(given)
    return data
