"""Billabex's stand-in server: what `duebridge.core.sandbox` plugs in under `/billabex`."""

from duebridge.targets.billabex.sandbox.product import BillabexSandbox

__all__ = ["BillabexSandbox"]
