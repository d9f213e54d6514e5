"""What does a new object look like, where nobody says? Every member of the contract, nulls where Harvest has them."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from duebridge.plugins.harvest.sandbox.state import Data

#: Who works with the account.
CREATOR = {"id": 1782884, "name": "Camille Durand"}


def key(kind: str, id: int) -> str:
    """The word that opens an invoice or a client's page to whoever has it: 40 hexadecimal digits."""
    return sha1(f"sandbox {kind} {id}".encode()).hexdigest()  # noqa: S324 - a made-up key, nothing is signed


def client(id: int, at: str, **given: Any) -> Data:
    """A client."""
    return {
        "id": id,
        "name": f"Client {id}",
        "is_active": True,
        "address": "12 rue de la Paix\r\n75002 Paris\r\nFrance",
        "statement_key": key("client", id),
        "currency": "EUR",
        "created_at": at,
        "updated_at": at,
    } | given


def contact(id: int, at: str, owner: Data, **given: Any) -> Data:
    """A contact of `owner`, a client's id and name."""
    return {
        "id": id,
        "title": None,
        "first_name": "Zoé",
        "last_name": "Martin",
        "email": f"contact-{id}@example.com",
        "phone_office": "",
        "phone_mobile": "",
        "fax": "",
        "created_at": at,
        "updated_at": at,
        "client": owner,
    } | given


def category(id: int, at: str, **given: Any) -> Data:
    """A category of lines."""
    return {
        "id": id,
        "name": f"Category {id}",
        "use_as_service": False,
        "use_as_expense": False,
        "created_at": at,
        "updated_at": at,
    } | given


def line(id: int, **given: Any) -> Data:
    """A line of an invoice; its amount is computed."""
    return {
        "id": id,
        "kind": "Service",
        "description": "Conseil",
        "quantity": 1.0,
        "unit_price": 100.0,
        "amount": 100.0,
        "taxed": False,
        "taxed2": False,
        "project": None,
    } | given


def invoice(id: int, at: str, owner: Data, day: str, **given: Any) -> Data:
    """An invoice of `owner` issued on `day`; its figures are computed."""
    return {
        "id": id,
        "client_key": key("invoice", id),
        "number": str(id - 13150000),
        "purchase_order": "",
        "amount": 0.0,
        "due_amount": 0.0,
        "tax": None,
        "tax_amount": 0.0,
        "tax2": None,
        "tax2_amount": 0.0,
        "discount": None,
        "discount_amount": 0.0,
        "subject": "",
        "notes": "",
        "state": "open",
        "period_start": None,
        "period_end": None,
        "issue_date": day,
        "due_date": day,
        "payment_term": "net 30",
        "payment_options": [],
        "sent_at": at,
        "paid_at": None,
        "paid_date": None,
        "closed_at": None,
        "recurring_invoice_id": None,
        "created_at": at,
        "updated_at": at,
        "currency": "EUR",
        "client": owner,
        "estimate": None,
        "retainer": None,
        "creator": dict(CREATOR),
        "line_items": [],
    } | given


def payment(id: int, at: str, day: str, **given: Any) -> Data:
    """A payment received on `day`."""
    return {
        "id": id,
        "amount": 0.0,
        "paid_at": f"{day}T00:00:00Z",
        "paid_date": day,
        "recorded_by": CREATOR["name"],
        "recorded_by_email": "camille@example.com",
        "notes": "",
        "transaction_id": None,
        "created_at": at,
        "updated_at": at,
        "payment_gateway": {"id": None, "name": None},
    } | given


def company(name: str, web: str, *, invoice_feature: bool) -> Data:
    """The company; `web` is the address below which its pages are."""
    return {
        "base_uri": web,
        "full_domain": web.partition("://")[2],
        "name": name,
        "is_active": True,
        "week_start_day": "Monday",
        "wants_timestamp_timers": False,
        "time_format": "hours_minutes",
        "date_format": "%d/%m/%Y",
        "plan_type": "simple-v4",
        "clock": "24h",
        "currency_code_display": "iso_code_none",
        "currency_symbol_display": "symbol_after",
        "decimal_symbol": ",",
        "thousands_separator": " ",
        "color_scheme": "orange",
        "weekly_capacity": 126000,
        "expense_feature": True,
        "invoice_feature": invoice_feature,
        "estimate_feature": True,
        "approval_feature": False,
        "team_feature": True,
        "currency": "EUR",
    }


def owner(timezone: str) -> Data:
    """Whoever made the token."""
    return {
        "id": CREATOR["id"],
        "first_name": "Camille",
        "last_name": "Durand",
        "email": "camille@example.com",
        "telephone": "",
        "timezone": timezone,
        "has_access_to_all_future_projects": False,
        "is_contractor": False,
        "is_active": True,
        "weekly_capacity": 126000,
        "default_hourly_rate": 100.0,
        "cost_rate": None,
        "roles": ["Direction"],
        "access_roles": ["administrator"],
        "avatar_url": "https://cache.harvestapp.com/assets/profile_images/big_ben.png",
        "created_at": "2020-01-06T08:00:00Z",
        "updated_at": "2020-01-06T08:00:00Z",
    }
