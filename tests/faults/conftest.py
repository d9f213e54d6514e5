"""What the proofs need beside figures: scenes of the acceptance tests."""

from __future__ import annotations

from ..acceptance.conftest import open_scene, registry, served_with
from ..conftest import Figure

__all__ = ["Figure", "open_scene", "registry", "served_with"]
