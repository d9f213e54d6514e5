"""References say where a record is from: the connector, and the company behind it for targets that ask for it."""

from __future__ import annotations

from duebridge.core.connector import Settings
from duebridge.core.testing import ReceivablesTarget, Rig, customer, invoice


class OfManyCompanies(ReceivablesTarget):
    """A target whose references would collide if two companies of one source fed it."""

    @classmethod
    def origin(cls, connector: str, account: str) -> str:
        """Name the company too."""
        return f"{connector}-{account}"


def test_references_name_the_connector(rig: Rig) -> None:
    rig.source.put(customer("1"), invoice("10", "1"))
    rig.run()
    assert set(rig.target.held) == {"ledger-customer-1", "ledger-invoice-10"}


def test_references_name_the_company_when_the_target_asks_for_it(rig: Rig) -> None:
    rig.target = OfManyCompanies(Settings(), rig.services)
    rig.source.put(customer("1"), invoice("10", "1", paid=True))

    rig.run()

    account = rig.source.check().id
    assert set(rig.target.held) == {
        f"ledger-{account}-customer-1",
        f"ledger-{account}-invoice-10",
        f"ledger-{account}-invoice-10-fix",
    }
