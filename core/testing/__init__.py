"""What connector authors test with: a source and a target in memory, a rig to run them on, faults to order.

`duebridge.core.testing.carbon` is a product whose creates can't be repeated, with its stand-in; `Bench` runs real
connectors between stand-ins.
"""

from duebridge.core.sandbox.faults import Fault
from duebridge.core.testing.bench import Bench
from duebridge.core.testing.faults import OrderedFaults, faults
from duebridge.core.testing.installing import laid_out
from duebridge.core.testing.ledger import LedgerSource, credit_note, customer, invoice
from duebridge.core.testing.receivables import ReceivablesTarget
from duebridge.core.testing.rig import Rig
from duebridge.core.testing.shelf import ShelfTarget

__all__ = [
    "Bench",
    "Fault",
    "LedgerSource",
    "OrderedFaults",
    "ReceivablesTarget",
    "Rig",
    "ShelfTarget",
    "credit_note",
    "customer",
    "faults",
    "invoice",
    "laid_out",
]
