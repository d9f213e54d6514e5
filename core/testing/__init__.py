"""What connector authors test with: an in-memory source and target, a rig that runs a connection between them; Carbon,
a product whose creates can't be repeated, with its stand-in; and a bench that runs real connectors between stand-ins.
"""

from duebridge.core.testing.bench import Bench
from duebridge.core.testing.installing import laid_out
from duebridge.core.testing.ledger import LedgerSource, credit_note, customer, invoice
from duebridge.core.testing.receivables import ReceivablesTarget
from duebridge.core.testing.rig import Rig

__all__ = ["Bench", "LedgerSource", "ReceivablesTarget", "Rig", "credit_note", "customer", "invoice", "laid_out"]
