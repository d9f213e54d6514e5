"""What does an organization hold before the first import? Custom fields, a user, a bank account, a dunning plan."""

from __future__ import annotations

from typing import Any

from duebridge.targets.upflow.sandbox.refusal import invalid
from duebridge.targets.upflow.sandbox.shapes import CUSTOM_FIELD
from duebridge.targets.upflow.sandbox.state import CustomField, State

#: The custom fields of the product page, "Native fields synced".
SEEDED_FIELDS = (
    ("Customer Type", "SELECT"),
    ("Plan Item", "SELECT"),
    ("Notes", "TEXT"),
    ("Reference", "TEXT"),
    ("Payment conditions", "TEXT"),
    ("Recipient", "TEXT"),
)


class CustomFields:
    """The custom fields customers may have values for."""

    def __init__(self, state: State) -> None:
        """Work on `state`."""
        self._state = state

    def post(self, body: Any) -> tuple[CustomField, bool]:
        """Create a custom field, or update the one with this id or externalId; a name belongs to one of them."""
        checked = CUSTOM_FIELD(body)
        existing = self._state.custom_fields.known(checked)
        self._refuse_taken_name(existing, checked["name"])
        return (self._change(existing, checked) if existing else self._create(checked)), existing is None

    def put(self, field: CustomField, body: Any) -> CustomField:
        """Change the given fields of `field`."""
        checked = CUSTOM_FIELD.given(body) | {"id": field.id}
        self._state.custom_fields.known(checked)
        self._refuse_taken_name(field, checked.get("name", field.values["name"]))
        return self._change(field, checked)

    def delete(self, field: CustomField) -> None:
        """Remove `field`, and customers' values for it."""
        self._state.custom_fields.drop(field)
        for customer in self._state.customers:
            customer.custom_values.pop(field.id, None)

    def _create(self, body: dict[str, Any]) -> CustomField:
        field = CustomField(self._state.new_id(), body.get("externalId"), {"name": body["name"], "type": body["type"]})
        self._state.custom_fields.put(field)
        return field

    def _change(self, field: CustomField, body: dict[str, Any]) -> CustomField:
        field.values |= {name: body[name] for name in ("name", "type") if name in body}
        field.forced = {}
        if "externalId" in body:
            self._state.custom_fields.rename(field, body["externalId"])
        return field

    def _refuse_taken_name(self, field: CustomField | None, name: str) -> None:
        for other in self._state.custom_fields:
            if other is not field and other.values["name"] == name:
                invalid(f"a custom field named {name!r} already exists: {other.id}")


def seed(state: State) -> None:
    """Fill `state` as a new organization is."""
    fields = CustomFields(state)
    for name, type_ in SEEDED_FIELDS:
        fields.post({"name": name, "type": type_})
    user, account, plan = state.new_id(), state.new_id(), state.new_id()
    state.users[user] = {"id": user, "firstName": "Camille", "lastName": "Roux", "email": "camille@sandbox.example"}
    state.bank_accounts[account] = {
        "id": account,
        "name": "Main account",
        "bankName": "Banque du Bac a Sable",
        "iban": "FR7630006000011234567890189",
        "bic": "AGRIFRPP",
        "currency": "EUR",
    }
    state.dunning_plans[plan] = {"id": plan, "name": "Standard reminders", "isDefault": True}
