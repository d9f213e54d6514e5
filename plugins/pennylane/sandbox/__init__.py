"""Pennylane's stand-in server: what `duebridge.core.sandbox` plugs in under `/pennylane`."""

from duebridge.plugins.pennylane.sandbox.access import TOKEN
from duebridge.plugins.pennylane.sandbox.product import PennylaneSandbox

__all__ = ["TOKEN", "PennylaneSandbox"]
