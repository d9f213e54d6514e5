"""The fixtures of `staging`."""

from __future__ import annotations

from .staging import afakto_scene, afakto_served, empty, installed, usual

__all__ = ["afakto_scene", "afakto_served", "empty", "installed", "usual"]
