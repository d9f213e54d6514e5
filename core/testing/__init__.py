"""What connector authors test with: an in-memory source and target, and a bench that runs a connection between them."""

from duebridge.core.testing.ledger import LedgerSource, credit_note, customer, invoice
from duebridge.core.testing.receivables import ReceivablesTarget
from duebridge.core.testing.rig import Rig

__all__ = ["LedgerSource", "ReceivablesTarget", "Rig", "credit_note", "customer", "invoice"]
