"""Carbon's stand-in server: what `duebridge.core.sandbox` plugs in under `/carbon`."""

from duebridge.core.testing.carbon.sandbox.product import TOKEN, CarbonSandbox

__all__ = ["TOKEN", "CarbonSandbox"]
