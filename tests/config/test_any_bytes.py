"""Whatever a file holds, it is a configuration or a `ConfigError`: never a traceback."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from duebridge.core.edge.config import describe, load_configuration
from duebridge.core.errors import ConfigError
from duebridge.core.registry import Registry

ENVIRON = {"T": "a-token", "E": ""}

words = st.sampled_from(
    """database connections acme-desk source target connector ledger desk token api_key api_secret sftp schedule every
    daily cron timezone guard share min since history exclude_customers on_delete full_every refresh_open company header
    codes payments ${T} ${E} ${X} ${ $${T} ${file:x} 10m 06:00 manual all delete 30d 0.3 -1 1e999 0x1F .inf yes no true
    null ~ 2024-01-31 Europe/Paris sqlite:///x postgresql://u:p@h/d é""".split()
)
signs = st.sampled_from(
    ["\n", "\n  ", "\n    ", "\n      ", ": ", ":", "- ", "{", "}", "[", "]", ", ", '"', "'", "&a ", "*a"]
)
more_signs = st.sampled_from(
    ["!x ", "!!int ", "? ", "| ", "> ", "#", "%YAML 1.1\n", "---\n", "...\n", "\t", "@", "`", "\\x", "<<"]
)
pieces = st.lists(words | signs | words | signs | more_signs, max_size=40).map("".join)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4))
OWN_KEYS = "company schedule exclude_customers full_every since history guard on_delete".split()
connections = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(OWN_KEYS, trees)
    | {
        "source": st.fixed_dictionaries({"connector": st.just("ledger")}, optional={"token": trees, "base_url": trees}),
        "target": st.fixed_dictionaries(
            {"connector": st.just("desk"), "api_key": st.just("k")},
            optional={"api_secret": trees, "sftp": trees, "codes": trees, "header": trees, "tags": trees, "x": trees},
        ),
    },
)


def loaded(content: bytes, registry: Registry, *, tolerant: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_bytes(content)
        try:
            said = describe(load_configuration(path, registry, ENVIRON, tolerant=tolerant))["path"]
        except ConfigError as error:
            said = str(error)
        assert said.startswith(str(path))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_random_bytes(registry: Registry, content: bytes, tolerant: bool) -> None:
    loaded(content, registry, tolerant=tolerant)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=pieces, tolerant=st.booleans())
@example(text="%YAML 1.1\n---\na: 1", tolerant=False)
@example(text="a: |9\n", tolerant=False)
@example(text='a: "\\UFFFFFFFF"', tolerant=False)
@example(text='a: "\\ud800"', tolerant=False)
@example(text="database: .inf\nconnections: {a: {guard: {share: .nan}}}", tolerant=True)
@example(text="a: " + "9" * 5000, tolerant=False)
@example(text="a: 0x" + "f" * 5000, tolerant=False)
@example(text="\ufeff\ufeffa: 1", tolerant=False)
def test_random_yaml(registry: Registry, text: str, tolerant: bool) -> None:
    loaded(text.encode("utf-8", "surrogatepass"), registry, tolerant=tolerant)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(connections, st.booleans())
def test_random_connections(registry: Registry, connection: dict, tolerant: bool) -> None:
    from io import StringIO

    from ruamel.yaml import YAML

    written = StringIO()
    YAML(typ="safe", pure=True).dump({"connections": {"acme-desk": connection}}, written)
    loaded(written.getvalue().encode("utf-8", "surrogatepass"), registry, tolerant=tolerant)
