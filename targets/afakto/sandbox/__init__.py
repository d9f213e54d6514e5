"""Afakto's stand-in: what reads delivered files as its help pages say, and shows what is held then."""

from duebridge.targets.afakto.sandbox.delivery import read_delivery
from duebridge.targets.afakto.sandbox.product import AfaktoSandbox

__all__ = ["AfaktoSandbox", "read_delivery"]
