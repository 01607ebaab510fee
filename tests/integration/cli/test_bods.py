"""`connector bods`: a file is delivered to a running receiver, and what it made due is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from connector.vault.credentials import CredentialName
from tests.integration.cli.conftest import Run, make_run
from tests.integration.webhook_receiver.ion_sender import SAMPLES, IonReceiver, receiving

ITEM = SAMPLES / "06-sync-itemmaster-changed.xml"


@pytest.fixture
def ion(engine: Engine, valkey_url: str, tmp_path: Path) -> Iterator[IonReceiver]:
    """A receiver with the store shop1, and shop2 that nobody may deliver for."""
    with receiving(engine, valkey_url=valkey_url, home=tmp_path) as made:
        yield made


@pytest.fixture
def url(ion: IonReceiver) -> Iterator[str]:
    """Where it listens."""
    server = make_server("127.0.0.1", 0, ion.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def send(ion: IonReceiver, environment: dict[str, str]) -> Run:
    """Runs the command on the installation the receiver belongs to."""
    return make_run({**environment, "CONNECTOR_SECRET_KEYS": ion.runtime.settings.secret_keys[0]})


@pytest.mark.parametrize("v2", [False, True])
def test_it_tells_what_a_file_made_due(ion: IonReceiver, send: Run, url: str, v2: bool) -> None:
    said = send("bods", "send", ITEM, "--store", "shop1", "--url", url, *(["--v2"] if v2 else []))

    assert said.status == 0, said.err
    assert "The receiver answered 202: stored." in said.out
    assert "Sync.ItemMaster: items_to_woo for 1 item (TSHIRT-BLK-M)." in said.out
    assert ion.due() == {("items_to_woo", "TSHIRT-BLK-M")}


def test_as_json_it_gives_everything(send: Run, url: str) -> None:
    said = send("bods", "send", ITEM, "--store", "shop1", "--url", url, "--message-id", "m-1", "--json")

    assert (said.data["status"], said.data["message_id"]) == (202, "m-1")
    assert said.data["taken"]["document"] == "Sync.ItemMaster"
    assert said.data["taken"]["exchange_id"] is None


def test_the_same_message_again_is_told_to_be_known(send: Run, url: str) -> None:
    for _ in range(2):
        said = send("bods", "send", ITEM, "--store", "shop1", "--url", url, "--message-id", "m-1")

    assert (said.status, "taken before" in said.out) == (0, True)


def test_a_file_nobody_can_use_is_told_with_its_dead_letter_and_ends_with_1(
    send: Run, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.xml"
    file.write_text("<!DOCTYPE a><SyncItemMaster/>", encoding="utf-8")

    said = send("bods", "send", file, "--store", "shop1", "--url", url)

    assert said.status == 1
    assert "DOCTYPE" in said.out
    assert "A person has to look: exchange" in said.flat_err


def test_without_credentials_without_a_receiver_and_without_a_file_it_says_what_to_do(send: Run, url: str) -> None:
    no_credentials = send("bods", "send", ITEM, "--store", "shop2", "--url", url)
    no_receiver = send("bods", "send", ITEM, "--store", "shop1", "--url", "http://127.0.0.1:9")
    no_file = send("bods", "send", "nosuch.xml", "--store", "shop1", "--url", url)

    assert [one.status for one in (no_credentials, no_receiver, no_file)] == [1, 1, 1]
    assert "--ion-basic" in no_credentials.flat_err
    assert "No receiver answered" in no_receiver.flat_err
    assert "nosuch.xml cannot be read" in no_file.flat_err


def test_forgotten_versions_count_again(ion: IonReceiver, send: Run, url: str) -> None:
    send("bods", "send", ITEM, "--store", "shop1", "--url", url)

    forgot = send("bods", "forget", "ItemMaster", "--store", "shop1")
    again = send("bods", "send", ITEM, "--store", "shop1", "--url", url)

    assert forgot.out.startswith("Forgotten of ItemMaster: 1.")
    assert "items_to_woo for 1 item" in again.out
    assert ion.revisions() == 2


def test_the_names_of_the_credentials_are_options_of_store_add(send: Run) -> None:
    said = send(
        "store", "add", "shop1", "--ion-basic", "user:other-password", "--ion-api-key", "-", stdin="a-new-key\n"
    )

    assert said.status == 0, said.err
    assert "ion_basic, ion_api_key" in said.out
    assert CredentialName.ION_API_KEY == "ion_api_key"


def test_check_says_who_may_deliver(send: Run) -> None:
    said = send("store", "check", "shop1", "--json")
    other = send("store", "check", "shop2", "--json")

    found = [one for said_ in (said, other) for one in said_.data if one["name"] == "messages of M3"]
    by_area = {(one["area"], one["message"].partition(";")[0]) for one in found if one["area"] != "installation"}
    assert by_area == {
        ("shop1", "may be delivered with Basic or an API key or OAuth 1.0a"),
        ("shop2", "nobody may deliver them"),
    }
