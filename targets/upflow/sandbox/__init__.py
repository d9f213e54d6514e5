"""Upflow's stand-in server: what `duebridge.core.sandbox` plugs in under `/upflow`."""

from duebridge.targets.upflow.sandbox.product import UpflowSandbox

__all__ = ["UpflowSandbox"]
