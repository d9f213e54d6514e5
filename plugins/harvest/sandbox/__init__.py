"""A stand-in for Harvest's API, and for the web address below which clients find their invoices' files."""

from duebridge.plugins.harvest.sandbox.access import ACCOUNT, TOKEN
from duebridge.plugins.harvest.sandbox.product import HarvestSandbox

__all__ = ["ACCOUNT", "TOKEN", "HarvestSandbox"]
