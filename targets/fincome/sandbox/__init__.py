"""Fincome's stand-in server: what `duebridge.core.sandbox` plugs in under `/fincome`."""

from duebridge.targets.fincome.sandbox.product import FincomeSandbox

__all__ = ["FincomeSandbox"]
