"""Which columns has the workbook, in which order, and what kind of cell is each?

Source: Fincome's page on file imports: one row for each line, in the groups invoice, credit note, line, subscription,
customer, price, product. The page shows the first nine headers; the others are named after Fincome's data model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Cell = Literal["text", "number", "date"]

COLUMNS: Mapping[str, Cell] = MappingProxyType(
    {
        "type": "text",
        "invoice_id": "text",
        "customer_id": "text",
        "status": "text",
        "date": "date",
        "currency": "text",
        "period_start": "date",
        "period_end": "date",
        "amount_excluding_tax_after_discount": "number",
        "tax_amount": "number",
        "discount_amount": "number",
        "quantity": "number",
        "description": "text",
        "invoice_line_item_id": "text",
        "invoice_number": "text",
        "exchange_rate": "number",
        "credit_note_id": "text",
        "credit_note_number": "text",
        "credit_note_date": "date",
        "subscription_id": "text",
        "subscription_set_id": "text",
        "subscription_status": "text",
        "subscription_start_date": "date",
        "canceled_at": "date",
        "effective_cancellation_date": "date",
        "deal_closed_date": "date",
        "monthly_amount": "number",
        "customer_name": "text",
        "customer_email": "text",
        "customer_country": "text",
        "customer_zip_code": "text",
        "customer_reference": "text",
        "price_id": "text",
        "price_name": "text",
        "price_amount": "number",
        "product_id": "text",
        "product_name": "text",
    }
)
