"""The sandbox M3 over real connections: cut, silent and kept ones, and the processes of `python -m sandbox`."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from connector.children import kill_group
from connector.ports import free_port
from sandbox.m3.app import create_app
from sandbox.serving import SandboxServer, start_in_thread
from tests.harness import ROOT
from tests.integration.webhook_receiver.serving import until

HEAD = {"transaction": "AddBatchHead", "record": {"CUNO": "GUESTDEEUR"}}


class Client:
    """A client that knows only the `.ionapi` file."""

    def __init__(self, url: str) -> None:
        self.url = url
        file = requests.get(f"{url}/_control/ionapi", timeout=60).json()
        form = {"grant_type": "password", "username": file["saak"], "password": file["sask"]}
        token = requests.post(file["pu"] + file["ot"], data=form, auth=(file["ci"], file["cs"]), timeout=60).json()
        self.execute_url = f"{file['iu']}/{file['ti']}/M3/m3api-rest/v2/execute"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"

    def execute(self, *items: dict[str, Any]) -> requests.Response:
        return self.session.post(
            self.execute_url, json={"program": "OIS100MI", "transactions": list(items)}, timeout=60
        )

    def faults(self, **settings: Any) -> None:
        requests.post(f"{self.url}/_control/faults", json=settings, timeout=60).raise_for_status()

    def book(self) -> dict[str, Any]:
        return dict(requests.get(f"{self.url}/_book", timeout=60).json())

    def close(self) -> None:
        self.session.close()


@pytest.fixture
def client() -> Iterator[Client]:
    server = SandboxServer(create_app(seed=1), 0)
    thread = start_in_thread(server)
    client = Client(server.url)
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_answer_lost_after_commit_leaves_the_batch_order(client: Client) -> None:
    client.faults(drop_after_commit=1)

    with pytest.raises(requests.ConnectionError):
        client.execute(HEAD)

    assert [batch["temporary_orno"] for batch in client.book()["batch_orders"]] == ["0010000001"]


def test_connection_lost_before_commit_leaves_nothing(client: Client) -> None:
    client.faults(drop_before_commit=1)

    with pytest.raises(requests.ConnectionError):
        client.execute(HEAD)

    assert client.book()["batch_orders"] == []


def test_hanging_call_is_silent_and_executes_nothing(client: Client) -> None:
    client.faults(hang=1, hang_s=0.2)
    started = time.monotonic()

    with pytest.raises(requests.ConnectionError):
        client.execute(HEAD)

    assert time.monotonic() - started >= 0.2
    assert client.book()["batch_orders"] == []


def test_gateway_cut_over_the_wire_commits_later(client: Client) -> None:
    client.faults(late_answer=1, gateway_cut_s=0.1, late_commit_s=0.1)

    answer = client.execute(HEAD)

    assert (answer.status_code, answer.content) == (504, b"")
    deadline = time.monotonic() + 30
    while not client.book()["batch_orders"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(client.book()["batch_orders"]) == 1


def test_connections_are_kept(client: Client) -> None:
    answers = [client.execute(HEAD) for _ in range(50)]

    assert {answer.headers.get("Connection") for answer in answers} == {None}
    pools = client.session.get_adapter(client.url).poolmanager.pools
    (key,) = pools.keys()
    assert pools[key].num_connections == 1


def test_refused_body_is_not_taken_for_the_next_request(client: Client) -> None:
    client.session.headers["Authorization"] = "Bearer none"

    assert [client.execute(HEAD).status_code for _ in range(3)] == [401, 401, 401]


def test_threads_get_numbers_of_their_own(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.execute(HEAD).json(), range(80)))

    numbers = {answer["results"][0]["records"][0]["ORNO"] for answer in answers}
    assert len(numbers) == len(client.book()["batch_orders"]) == 80


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_sandbox_says_where_it_listens_and_ends_with_its_parent(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--shop-port", "0", "--m3-port", "0", "--seed", "5", "--quiet-start"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": ""}
    ) as process:
        assert process.stdout is not None
        found = re.fullmatch(
            r"sandbox shop (http://127\.0\.0\.1:\d+) m3 (http://127\.0\.0\.1:\d+)\n", process.stdout.readline()
        )
        assert found is not None
        assert Client(found[2]).execute(HEAD).status_code == 200
        assert requests.get(f"{found[1]}/_book", timeout=60).status_code == 200
        process.send_signal(stop)
        status = process.wait(timeout=30)

    assert status == (-9 if stop is signal.SIGKILL else 0)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(_is_listening(url) for url in found.groups()):
        time.sleep(0.05)
    assert not any(_is_listening(url) for url in found.groups())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_service_whose_address_nobody_read_ends_with_its_parent(stop: signal.Signals) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    code = (
        "import signal, sys; from sandbox.services import Service; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); "
        f"service = Service('m3', {port}, 1); signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True)
    try:
        until(lambda: _is_listening(url))
        parent.send_signal(stop)
        parent.wait(timeout=60)

        until(lambda: not _is_listening(url))
    finally:
        kill_group(parent)
        parent.wait()


def _is_listening(url: str) -> bool:
    try:
        requests.get(f"{url}/_book", timeout=1)
    except requests.ConnectionError:
        return False
    except requests.Timeout:
        pass  # it took the connection
    return True
