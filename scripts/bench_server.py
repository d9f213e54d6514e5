"""Serves prepared pages of customers and invoices, in the shape of Pennylane's lists, as fast as a socket allows."""

from __future__ import annotations

import json
import socket
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 100
PREFIX = "/api/external/v2"
STAMP = "2026-03-02T10:08:08.146343Z"


def serve(ready: Connection, customers: int, invoices: int) -> None:
    """Prepare the pages, tell the address through `ready`, and answer one connection after another until killed."""
    pages = {
        "customers": _pages([_customer(n) for n in range(1, customers + 1)]),
        "customer_invoices": _pages([_invoice(n, customers) for n in range(1, invoices + 1)]),
    }
    fixed = {
        "me": _answer(_me()),
        "ledger_accounts": _answer({"items": [_ledger_account()], "has_more": False, "next_cursor": None}),
    }
    listener = socket.create_server(("127.0.0.1", 0))
    ready.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ready.close()
    while True:
        client, _ = listener.accept()
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _converse(client, pages, fixed)


def _converse(client: socket.socket, pages: dict[str, list[bytes]], fixed: dict[str, bytes]) -> None:
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            try:
                received = client.recv(65536)
            except ConnectionError:
                return
            if not received:
                return
            buffer += received
        head, buffer = buffer.split(b"\r\n\r\n", 1)
        url = urlsplit(head.split(b" ", 2)[1].decode())
        name = url.path.removeprefix(PREFIX + "/")
        cursor = int(parse_qs(url.query).get("cursor", ["0"])[0])
        client.sendall(fixed[name] if name in fixed else pages[name][cursor])


def _pages(items: list[dict[str, Any]]) -> list[bytes]:
    starts = range(0, len(items), PAGE)
    last = len(starts) - 1
    return [
        _answer(
            {
                "items": items[start : start + PAGE],
                "has_more": number < last,
                "next_cursor": str(number + 1) if number < last else None,
            }
        )
        for number, start in enumerate(starts)
    ]


def _answer(body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)


def _me() -> dict[str, Any]:
    company = {"id": 1, "name": "Bench SAS", "reg_no": "123456789", "accounting_logic": "FR_PCG"}
    return {"user": None, "company": company, "scopes": ["customers:readonly", "customer_invoices:readonly"]}


def _ledger_account() -> dict[str, Any]:
    return {
        "id": 411,
        "number": "411000",
        "label": "Clients",
        "vat_rate": "any",
        "country_alpha2": "FR",
        "enabled": True,
        "type": "customer",
        "letterable": True,
        "created_at": STAMP,
        "updated_at": STAMP,
    }


def _url(path: str) -> dict[str, str]:
    return {"url": f"https://app.pennylane.com{PREFIX}/{path}"}


def _customer(n: int) -> dict[str, Any]:
    address = {"address": f"{n} rue des Lilas", "postal_code": "75011", "city": "Paris", "country_alpha2": "FR"}
    return {
        "id": n,
        "name": f"Société {n}",
        "billing_iban": None,
        "payment_conditions": "30_days",
        "recipient": "",
        "phone": "",
        "reference": f"C{n:06d}",
        "notes": "",
        "vat_number": "FR40123456824",
        "reg_no": "123456824",
        "ledger_account": {"id": 411},
        "emails": [f"compta{n}@client.example"],
        "billing_address": address,
        "delivery_address": address,
        "created_at": STAMP,
        "updated_at": STAMP,
        "customer_type": "company",
        "external_reference": f"ref-{n}",
        "billing_language": "fr_FR",
        "mandates": _url(f"customers/{n}/mandates"),
        "pro_account_mandates": _url(f"customers/{n}/pro_account_mandates"),
        "contacts": _url(f"customers/{n}/contacts"),
    }


def _invoice(n: int, customers: int) -> dict[str, Any]:
    links = ("invoice_line_sections", "invoice_lines", "custom_header_fields", "categories", "payments")
    links += ("matched_transactions", "appendices")
    return {
        "id": n,
        "label": f"Facture {n}",
        "invoice_number": f"F-2026-{n:06d}",
        "currency": "EUR",
        "amount": "1440.00",
        "currency_amount": "1440.00",
        "currency_amount_before_tax": "1200.00",
        "exchange_rate": "1.0",
        "date": "2026-03-02",
        "deadline": "2026-04-01",
        "currency_tax": "240.00",
        "tax": "240.00",
        "language": "fr_FR",
        "paid": False,
        "status": "late",
        "discount": {"type": "absolute", "value": "0"},
        "ledger_entry": {"id": n},
        "public_file_url": f"https://app.pennylane.com/public/invoice/pdf/{n}",
        "filename": f"F-2026-{n:06d}.pdf",
        "remaining_amount_with_tax": "1440.00",
        "remaining_amount_without_tax": "1200.00",
        "draft": False,
        "special_mention": None,
        "customer": {"id": 1 + n % customers, **_url(f"customers/{1 + n % customers}")},
        **{link: _url(f"customer_invoices/{n}/{link}") for link in links},
        "pdf_invoice_free_text": "",
        "pdf_invoice_subject": "",
        "pdf_description": None,
        "billing_subscription": None,
        "credited_invoice": None,
        "customer_invoice_template": None,
        "transaction_reference": None,
        "quote": None,
        "external_reference": f"inv-{n}",
        "e_invoicing": None,
        "factur_x": False,
        "schematron_validation_status": None,
        "archived_at": None,
        "created_at": STAMP,
        "updated_at": STAMP,
    }
