"""What connector authors test with: a source and a target in memory, a bench to run them on, faults to order."""

from duebridge.core.sandbox.faults import Fault
from duebridge.core.testing.faults import OrderedFaults, faults
from duebridge.core.testing.ledger import LedgerSource, credit_note, customer, invoice
from duebridge.core.testing.receivables import ReceivablesTarget
from duebridge.core.testing.rig import Rig

__all__ = [
    "Fault",
    "LedgerSource",
    "OrderedFaults",
    "ReceivablesTarget",
    "Rig",
    "credit_note",
    "customer",
    "faults",
    "invoice",
]
