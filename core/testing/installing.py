"""How does a test of the command line get a plugin that is not installed? It lays one out the way an installer does.

environ["PYTHONPATH"] = str(laid_out(folder, "carbon", "duebridge.core.testing.carbon"))
"""

from __future__ import annotations

from pathlib import Path


def laid_out(folder: Path, name: str, module: str, version: str = "1.0") -> Path:
    """Describe a distribution `name` whose plugin is `module`; return the folder to put on Python's path."""
    information = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (information / "entry_points.txt").write_text(f"[duebridge]\n{name} = {module}\n")
    return folder
