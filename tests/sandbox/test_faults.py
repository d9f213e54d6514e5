"""Faults on order: what each looks like from the client's side, and which requests it strikes."""

from __future__ import annotations

import base64
import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from duebridge.core.errors import RecordError, RunError
from duebridge.core.sandbox.faults import Fault, Faults, Orders
from duebridge.core.sandbox.product import SandboxOptions
from duebridge.core.sandbox.running import RunningSandbox, running_sandbox
from duebridge.core.testing import OrderedFaults, faults
from duebridge.plugins.pennylane.sandbox import TOKEN, PennylaneSandbox
from duebridge.targets.upflow.sandbox import UpflowSandbox

OPTIONS = SandboxOptions(customers=5, invoices=20, limits="off")
CUSTOMERS = "/pennylane/api/external/v2/customers"
WRITES = "/upflow/v1/customers"
CREDENTIALS = {
    "Authorization": f"Bearer {TOKEN}",
    "X-Api-Key": "sandbox-upflow-key",
    "X-Api-Secret": "sandbox-upflow-secret",
}
#: Longer than anything here takes; a test that reaches it fails.
PATIENCE = 30.0

Order = Callable[..., OrderedFaults]


class Client(httpx.Client):
    """The products' paths of one sandbox, with credentials for both."""

    def save(self, reference: str) -> httpx.Response:
        """Create a customer at Upflow's stand-in."""
        return self.post(WRITES, json={"name": "Acme", "externalId": reference})

    def saved(self) -> set[str]:
        """The references of the customers there."""
        return {row["externalId"] for row in self.get(WRITES, params={"limit": 500}).json()["customers"]}

    def rows(self) -> list[dict[str, Any]]:
        """The journal."""
        return self.get("/_sandbox/journal").json()  # type: ignore[no-any-return]


@contextmanager
def client_of(sandbox: RunningSandbox) -> Iterator[Client]:
    with Client(base_url=sandbox.url, headers=CREDENTIALS, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox([PennylaneSandbox(OPTIONS), UpflowSandbox(OPTIONS)]) as running:
        yield running


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Client]:
    with client_of(sandbox) as client:
        assert client.post("/_sandbox/reset").status_code == 204
        yield client


@pytest.fixture
def order(sandbox: RunningSandbox) -> Iterator[Order]:
    """Order faults; every test begins and ends without any."""
    with faults(sandbox.url) as ordered:

        def put(*rules: Fault, seed: int = 0) -> OrderedFaults:
            ordered.order(*rules, seed=seed)
            return ordered

        yield put


def raw(sandbox: RunningSandbox, method: str = "GET", path: str = CUSTOMERS) -> socket.socket:
    """A connection that has just asked for something."""
    lines = [f"{method} {path} HTTP/1.1", "host: sandbox"]
    lines += [f"{name}: {value}" for name, value in CREDENTIALS.items()]
    sock = socket.create_connection(("127.0.0.1", sandbox.port), PATIENCE)
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    return sock


def everything(sock: socket.socket) -> bytes:
    """What comes until the other side says that nothing follows."""
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


# --- each fault, as a client meets it


def test_a_lost_answer_is_acted_upon_and_never_sent(sandbox: RunningSandbox, client: Client, order: Order) -> None:
    order(Fault(fault="lost_answer", method="POST"))

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.save("c-1")

    assert client.saved() == {"c-1"}
    with raw(sandbox, "POST", WRITES) as sock:
        assert everything(sock) == b""


def test_a_reset_is_a_tcp_reset_before_the_product_acts_or_after(
    sandbox: RunningSandbox, client: Client, order: Order
) -> None:
    order(Fault(fault="reset", times=1), Fault(fault="reset", act=True, times=2))
    with raw(sandbox) as sock, pytest.raises(ConnectionResetError):
        everything(sock)
    with pytest.raises(httpx.ReadError):
        client.save("c-1")
    with raw(sandbox) as sock, pytest.raises(ConnectionResetError):
        everything(sock)

    assert client.saved() == {"c-1"}
    assert [row["acted"] for row in client.rows()[:3]] == [None, 201, 200]


def test_a_reset_before_acting_leaves_a_write_undone(client: Client, order: Order) -> None:
    order(Fault(fault="reset", times=1))

    with pytest.raises(httpx.ReadError):
        client.save("c-1")

    assert client.saved() == set()


@pytest.mark.parametrize(("act", "done"), [(False, set()), (True, {"c-1"})])
def test_a_hang_answers_nothing_until_the_client_gives_up(
    client: Client, order: Order, act: bool, done: set[str]
) -> None:
    order(Fault(fault="hang", method="POST", act=act))

    with pytest.raises(httpx.ReadTimeout):
        client.post(WRITES, json={"name": "Acme", "externalId": "c-1"}, timeout=0.3)

    assert client.saved() == done


@pytest.mark.parametrize(
    "fault",
    [
        Fault(fault="hang"),
        Fault(fault="drip", seconds=60),
        Fault(fault="drip", seconds=60, at="head"),
        Fault(fault="cut", at="head"),
        Fault(fault="huge"),
    ],
    ids=["hang", "drip", "drip-head", "half-closed", "huge"],
)
def test_a_client_that_never_gives_up_does_not_keep_the_sandbox_from_stopping(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    with running_sandbox([PennylaneSandbox(OPTIONS)]) as own, faults(own.url) as ordered:
        ordered.order(fault)
        sock = raw(own)
        with client_of(own) as client:
            wait_until(lambda: len(client.rows()) == 1)
        stopped = time.monotonic()
    with sock:
        assert time.monotonic() - stopped < 8
        drained(sock)
    assert caplog.records == []


def test_the_sandbox_as_a_process_of_its_own_does_the_same_and_stops_though_clients_hang() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "duebridge.core.cli", "sandbox", "--port", str(port), "--limits", "off"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
    own = RunningSandbox(f"http://127.0.0.1:{port}", port, ())
    try:
        with client_of(own) as client:
            wait_until(lambda: listening(client))
            client.put("/_sandbox/faults", json={"rules": [{"fault": "reset", "times": 1}, {"fault": "hang"}]})
            with pytest.raises(httpx.ReadError):
                client.get(CUSTOMERS)
            hanging = raw(own)
            wait_until(lambda: len(client.rows()) == 2)
        process.send_signal(signal.SIGINT)
        stopped = time.monotonic()
        with hanging:
            drained(hanging)
        out, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
    assert time.monotonic() - stopped < 8
    assert process.returncode == 0
    assert "Traceback" not in out + errors
    assert "Exception" not in out + errors


def listening(client: Client) -> bool:
    """Whether anyone answers."""
    try:
        return client.get("/_sandbox/faults").status_code == 200
    except httpx.ConnectError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once something holds; fails when it does not within thirty seconds."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def drained(sock: socket.socket) -> None:
    """Read to the end, whichever end it is; fails when there is none."""
    try:
        everything(sock)
    except ConnectionResetError:
        return


def test_a_drip_is_one_byte_now_and_then_and_complete_for_who_waits(
    sandbox: RunningSandbox, client: Client, order: Order
) -> None:
    order(Fault(fault="drip", product="pennylane", seconds=0.001))
    assert client.get(CUSTOMERS, params={"limit": 1}).json()["items"]

    order(Fault(fault="drip", seconds=0.05))
    with raw(sandbox) as sock:
        arrived = [sock.recv(65536) for _ in range(5)]
    assert arrived[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert [len(piece) for piece in arrived[1:]] == [1, 1, 1, 1]


def test_a_drip_can_begin_with_the_head(sandbox: RunningSandbox, client: Client, order: Order) -> None:
    order(Fault(fault="drip", at="head", seconds=0.05))
    with raw(sandbox) as sock:
        assert [sock.recv(65536) for _ in range(4)] == [b"H", b"T", b"T", b"P"]
    assert client.rows()[0]["status"] is None


def test_a_cut_promises_more_than_it_sends(sandbox: RunningSandbox, client: Client, order: Order) -> None:
    order(Fault(fault="cut", after_bytes=10))
    with raw(sandbox) as sock:
        head, _, body = everything(sock).partition(b"\r\n\r\n")
    promised = re.search(rb"content-length: (\d+)", head)
    assert promised
    assert int(promised[1]) > 10 == len(body)

    order(Fault(fault="cut", method="POST"))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.save("c-1")
    assert client.saved() == {"c-1"}


def test_a_cut_head_is_followed_by_a_half_closed_connection(sandbox: RunningSandbox, order: Order) -> None:
    order(Fault(fault="cut", at="head", after_bytes=24))
    with raw(sandbox) as sock:
        arrived = everything(sock)
        sock.sendall(b"still listening")  # only one direction is closed: no reset comes back
        assert sock.recv(1) == b""
    assert arrived == b"HTTP/1.1 200 OK\r\ncontent"[:24]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504, 599])
def test_a_status_is_answered_in_the_products_place(client: Client, order: Order, status: int) -> None:
    order(Fault(fault="status", status=status, method="POST"))

    answer = client.save("c-1")

    assert answer.status_code == answer.json()["status"] == status
    assert answer.json()["error"] == answer.json()["message"]
    assert client.saved() == set()


def test_a_status_can_come_after_the_product_acted(client: Client, order: Order) -> None:
    order(Fault(fault="status", status=502, method="POST", act=True))

    assert client.save("c-1").status_code == 502

    assert client.saved() == {"c-1"}
    row = client.rows()[0]
    assert (row["status"], row["fault"], row["acted"]) == (502, "status", 201)


def test_a_status_asks_for_patience_in_seconds_or_by_a_date_never_sooner(client: Client, order: Order) -> None:
    order(
        Fault(fault="status", status=429, retry_after=7, times=1),
        Fault(fault="status", status=503, retry_after=7, retry_after_as="date", headers={"Via": "1.1 gateway"}),
    )
    assert client.get(CUSTOMERS).headers["retry-after"] == "7"
    before = datetime.now(UTC).timestamp()
    told = client.get(CUSTOMERS).headers
    assert before + 7 <= parsedate_to_datetime(told["retry-after"]).timestamp() <= time.time() + 8
    assert told["via"] == "1.1 gateway"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_answered_without_one(client: Client, order: Order, status: int) -> None:
    order(Fault(fault="status", status=status, product="pennylane"))
    assert client.get(CUSTOMERS).content == b""
    assert client.get(CUSTOMERS).status_code == status


def test_html_is_a_web_page_that_says_all_is_well(client: Client, order: Order) -> None:
    order(Fault(fault="html", times=1), Fault(fault="html", status=502, headers={"content-type": "application/json"}))

    page, other = client.get(CUSTOMERS), client.get(CUSTOMERS)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")
    assert (other.status_code, other.headers.get_list("content-type")) == (502, ["application/json"])


@pytest.mark.parametrize("act", [True, False])
@pytest.mark.parametrize("after", [None, 25, 10**6])
def test_truncated_is_json_that_ends_early_in_an_answer_that_is_whole(
    client: Client, order: Order, act: bool, after: int | None
) -> None:
    order(Fault(fault="truncated", act=act, after_bytes=after))

    answer = client.get(CUSTOMERS)

    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(answer.content))
    assert len(answer.content) == after or after != 25
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_huge_is_json_as_large_as_asked_for(client: Client, order: Order) -> None:
    order(Fault(fault="huge", bytes=3_000_000))
    answer = client.get(CUSTOMERS)
    assert len(answer.json()["padding"]) == 3_000_000
    assert "content-length" not in answer.headers


def test_a_gzip_bomb_is_small_sound_gzip_of_as_much_json_as_asked_for(client: Client, order: Order) -> None:
    order(Fault(fault="gzip_bomb", bytes=30_000_000))
    with client.stream("GET", CUSTOMERS) as answer:
        content = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(content) < 60_000
    assert len(json.loads(gzip.decompress(content))["padding"]) == 30_000_000


@pytest.mark.parametrize("fault", [Fault(fault="huge", bytes=2**34), Fault(fault="gzip_bomb", bytes=2**34)])
def test_however_much_is_sent_the_sandbox_holds_little_and_answers_others_meanwhile(
    client: Client, order: Order, fault: Fault
) -> None:
    order(fault.model_copy(update={"product": "pennylane"}))
    tracemalloc.start()
    try:
        with client.stream("GET", CUSTOMERS) as answer:
            taken = 0
            for piece in answer.iter_raw():
                taken += len(piece)
                if taken > (64 * 2**20 if fault.fault == "huge" else 64 * 2**10):
                    break
            assert client.save("c-1").status_code == 201
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_a_plain_answer_is_the_one_that_was_ordered(client: Client, order: Order) -> None:
    damaged = base64.b64encode(b"\x1f\x8b damaged").decode()
    order(
        Fault(fault="answer", times=1),
        Fault(fault="answer", text='{"items": [NaN]}', times=1),
        Fault(fault="answer", base64=damaged, status=201, headers={"Content-Encoding": "gzip"}),
    )
    assert client.get(CUSTOMERS).content == b""
    assert client.get(CUSTOMERS).text == '{"items": [NaN]}'
    with client.stream("GET", CUSTOMERS) as answer:
        assert b"".join(answer.iter_raw()) == b"\x1f\x8b damaged"
    assert (answer.status_code, answer.headers["content-encoding"]) == (201, "gzip")


# --- what the journal and the control calls tell


def test_the_journal_shows_a_struck_request_with_what_was_sent_and_what_was_done(client: Client, order: Order) -> None:
    order(Fault(fault="lost_answer", times=1), Fault(fault="status", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        client.save("c-1")
    client.save("c-2")
    client.save("c-3")

    lost, refused, untouched = client.rows()

    assert (lost["status"], lost["fault"], lost["acted"]) == (None, "lost_answer", 201)
    assert lost["body"]["externalId"] == "c-1"
    assert (refused["status"], refused["fault"], refused["acted"]) == (503, "status", None)
    assert untouched["status"] == 201
    assert "fault" not in untouched


def test_control_calls_are_never_struck(client: Client, order: Order) -> None:
    ordered = order(Fault(fault="reset"))
    assert client.get("/_sandbox/journal").status_code == 200
    assert client.get("/_sandbox/settings/pennylane").status_code == 200
    assert ordered.struck == [0]


def test_what_is_no_products_is_never_struck(client: Client, order: Order) -> None:
    order(Fault(fault="reset"))
    assert client.get("/elsewhere").status_code == 404


def test_the_faults_on_order_are_shown_with_how_often_each_struck(client: Client, order: Order) -> None:
    order(
        Fault(fault="status", product="pennylane", method="GET", path="/customers$", status=500, times=2),
        Fault(fault="html", rate=0.5),
        seed=7,
    )
    for _ in range(3):
        client.get(CUSTOMERS)
    shown = client.get("/_sandbox/faults").json()
    assert shown["seed"] == 7
    first, second = shown["rules"]
    assert first == {
        "product": "pennylane",
        "method": "GET",
        "path": "/customers$",
        "fault": "status",
        "rate": 1.0,
        "times": 2,
        "skip": 0,
        "status": 500,
        "matched": 2,
        "struck": 2,
    }
    assert (second["product"], second["times"], second["matched"]) == (None, None, 1)


@pytest.mark.parametrize("body", [{}, {"rules": []}, {"seed": 3, "rules": []}])
def test_no_rules_clear_them(client: Client, order: Order, body: dict[str, Any]) -> None:
    order(Fault(fault="status"))
    assert client.put("/_sandbox/faults", json=body).json()["rules"] == []
    assert client.get(CUSTOMERS).status_code == 200


def test_a_reset_of_the_sandbox_clears_them(client: Client, order: Order) -> None:
    order(Fault(fault="status"))
    client.post("/_sandbox/reset")
    assert client.get(CUSTOMERS).status_code == 200


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "rules.0.fault: Field required"),
        ({"fault": "explode"}, "rules.0.fault: Input should be 'lost_answer'"),
        ({"fault": "hang", "rate": 1.5}, "rules.0.rate: Input should be less than or equal to 1"),
        ({"fault": "hang", "rate": "0.5"}, "rules.0.rate: Input should be a valid number"),
        ({"fault": "hang", "times": -1}, "rules.0.times: "),
        ({"fault": "hang", "times": True}, "rules.0.times: "),
        ({"fault": "hang", "path": "("}, "rules.0.path: not a regular expression"),
        ({"fault": "hang", "product": "nobody"}, "there are: pennylane, upflow"),
        ({"fault": "hang", "method": "GET POST"}, "rules.0.method: "),
        ({"fault": "status", "status": 99}, "rules.0.status: "),
        ({"fault": "hang", "after_bytes": 3}, "rules.0: after_bytes says nothing about hang"),
        ({"fault": "answer", "text": "", "base64": ""}, "rules.0: give text or base64, not both"),
        ({"fault": "answer", "base64": "?"}, "rules.0.base64: "),
        ({"fault": "status", "headers": {"Retry-After\r\nX": "1"}}, "rules.0.headers."),
        ({"fault": "status", "retry_after": 1.5}, "rules.0.retry_after: "),
        ({"fault": "hang", "sometimes": 1}, "rules.0.sometimes: Extra inputs are not permitted"),
    ],
)
def test_orders_that_can_not_be_used_say_why_and_change_nothing(
    client: Client, order: Order, rule: dict[str, Any], words: str
) -> None:
    order(Fault(fault="status", status=418))
    answer = client.put("/_sandbox/faults", json={"rules": [rule]})
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert client.get(CUSTOMERS).status_code == 418


@pytest.mark.parametrize("body", [b"", b"[]", b'{"rules": 1}', b'{"seed": "x"}', b'{"rules": [1]}', b'{"rule": []}'])
def test_a_body_that_is_no_order_is_refused(client: Client, body: bytes) -> None:
    answer = client.put("/_sandbox/faults", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_the_context_manager_says_what_the_sandbox_can_not_use(sandbox: RunningSandbox) -> None:
    with (
        pytest.raises(RecordError, match="there are: pennylane, upflow"),
        faults(sandbox.url, Fault(fault="hang", product="nobody")),
    ):
        pass


def test_the_context_manager_clears_what_it_ordered_and_needs_a_sandbox(
    sandbox: RunningSandbox, client: Client
) -> None:
    with faults(sandbox.url, Fault(fault="status")) as ordered:
        assert client.get(CUSTOMERS).status_code == 503
        assert ordered.struck == [1]
    assert client.get(CUSTOMERS).status_code == 200
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RunError, match=f"127.0.0.1 port {port}"), faults(f"http://127.0.0.1:{port}"):
        pass


# --- which requests are struck


def struck_places(rate: float, seed: int, requests: int, **rule: Any) -> list[int]:
    rules = Faults()
    rules.order(Orders(seed=seed, rules=[Fault(fault="hang", rate=rate, **rule)]))
    return [place for place in range(requests) if rules.choose("upflow", "POST", "/upflow/v1/customers", "")]


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("seed", [0, 1, 20260301])
def test_the_share_struck_is_the_rate_and_the_seed_decides_which(rate: float, seed: int) -> None:
    places = struck_places(rate, seed, 20_000)
    spread = (20_000 * rate * (1 - rate)) ** 0.5
    assert abs(len(places) - 20_000 * rate) < 4 * spread
    assert places == struck_places(rate, seed, 20_000)
    assert places != struck_places(rate, seed + 1, 20_000)


def test_a_rate_of_nothing_and_of_all_are_exact() -> None:
    assert struck_places(0, 1, 2000) == []
    assert struck_places(1, 1, 2000) == list(range(2000))


def test_times_and_skip_are_exact() -> None:
    assert struck_places(1, 1, 2000, times=3, skip=5) == [5, 6, 7]
    assert struck_places(0.5, 1, 2000, times=0) == []
    assert struck_places(0.5, 1, 2000, times=4) == struck_places(0.5, 1, 2000)[:4]


def test_product_method_path_and_query_choose_among_requests() -> None:
    rules = Faults()
    rules.order(Orders(rules=[Fault(fault="hang", product="a", method="post", path=r"/v\d/x$", query="page=2")]))
    assert rules.choose("a", "POST", "/a/v1/x", "page=2&size=5")
    for asked in [
        ("b", "POST", "/a/v1/x", "page=2"),
        ("a", "GET", "/a/v1/x", "page=2"),
        ("a", "POST", "/a/v1/xy", "page=2"),
        ("a", "POST", "/a/v1/x", "page=3"),
    ]:
        assert rules.choose(*asked) is None
    assert rules.shown()["rules"][0]["matched"] == 1


def test_the_first_rule_that_strikes_is_it_and_the_others_keep_their_chance() -> None:
    rules = Faults()
    first, second = Fault(fault="reset", rate=0.2), Fault(fault="hang", rate=0.5)
    rules.order(Orders(seed=3, rules=[first, second]))
    met = [rules.choose("a", "GET", "/a/x", "") for _ in range(1000)]
    shown = rules.shown()["rules"]
    assert [met.count(first), met.count(second)] == [rule["struck"] for rule in shown]
    assert shown[0]["matched"] == 1000
    assert shown[1]["matched"] == 1000 - shown[0]["struck"]


def test_one_write_in_ten_of_two_thousand_loses_its_answer_and_none_is_lost_itself(
    client: Client, order: Order
) -> None:
    ordered = order(Fault(fault="lost_answer", method="POST", rate=0.1), seed=11)
    lost = []
    for number in range(2000):
        try:
            assert client.save(f"c-{number}").status_code == 201
        except httpx.RemoteProtocolError:
            lost.append(number)

    assert lost == struck_places(0.1, 11, 2000)
    assert ordered.struck == [len(lost)]
    rows = client.rows()
    assert [number for number, row in enumerate(rows) if row["status"] is None] == lost
    assert {row["acted"] for row in rows if row["status"] is None} == {201}


def test_concurrent_requests_are_struck_as_often_and_no_other_is_disturbed(client: Client, order: Order) -> None:
    ordered = order(
        Fault(fault="lost_answer", rate=0.2), Fault(fault="reset", rate=0.2), Fault(fault="cut", rate=0.2), seed=5
    )

    def ask(number: int) -> bool:
        try:
            return client.save(f"c-{number}").status_code == 201
        except httpx.TransportError:
            return False

    with ThreadPoolExecutor(16) as pool:
        answered = list(pool.map(ask, range(400)))

    assert len(answered) - sum(answered) == sum(ordered.struck)
    rows = client.rows()
    assert [sum(row.get("fault") == rule["fault"] for row in rows) for rule in ordered.shown] == ordered.struck
    acted = {row["body"]["externalId"] for row in rows if row.get("acted", row["status"]) == 201}
    order()
    assert client.saved() == acted
    assert len(acted) == 400 - ordered_resets(rows)


def ordered_resets(rows: list[dict[str, Any]]) -> int:
    return sum(row.get("fault") == "reset" for row in rows)


def test_the_connection_is_good_for_more_after_a_fault_that_answers(client: Client, order: Order) -> None:
    order(Fault(fault="html", times=1))
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), PATIENCE) as sock:
        asked = f"GET {CUSTOMERS}?limit=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n"
        sock.sendall(f"{asked}\r\n".encode())
        incoming = sock.makefile("rb")
        length = head_of(incoming)
        assert incoming.read(length).startswith(b"<!DOCTYPE")
        sock.sendall(f"{asked}connection: close\r\n\r\n".encode())
        assert json.loads(incoming.read(head_of(incoming)))["items"]


def head_of(incoming: Any) -> int:
    """Read the head of an answer; the length of its body."""
    length = 0
    while (line := incoming.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length
