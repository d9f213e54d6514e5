"""The page about the configuration says what the code reads."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from duebridge.core.edge.configuration_page import printed
from duebridge.core.edge.connection_fields import CONNECTION_KEYS
from duebridge.core.registry import Registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_the_printed_parts_are_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert printed(text, Registry.load()) == text, "print it again: see `printed` in core/edge/configuration_page.py"


def test_every_key_of_a_connection_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [key for key in CONNECTION_KEYS if f"| `{key}` |" not in text] == []


def test_the_example_is_read(load: object, example: SimpleNamespace, tmp_path: Path) -> None:
    from duebridge.core.edge.config import load_configuration

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "upflow").write_text("upflow-secret\n")
    block = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "duebridge.yaml").write_text(block)
    environ = {"PENNYLANE_TOKEN": "pennylane-token", "UPFLOW_API_KEY": "upflow-key"}
    configuration = load_configuration(tmp_path / "duebridge.yaml", Registry.load(), environ)
    assert list(configuration.connections) == ["acme-upflow"]


def test_every_shape_of_a_setting_has_words(registry: Registry) -> None:
    text = printed("<!-- printed: targets -->\n<!-- end -->", registry)
    assert "| `api_key` | a secret | required |" in text
    assert "| `payments` | `fix` or `balance` | `fix` |" in text
    assert "| `create_custom_fields` | `true` or `false` | `false` |" in text
    assert "| `sftp` | a block | - |" in text
    assert "| `sftp.port` | a whole number | `22` |" in text
    assert "| `header` | `true` or `false` or text | `true` |" in text
    assert "| `tags` | a list of text | - |" in text
