"""The sandbox M3 tells of its changes: BODs as ION delivers them, and M3's own events, to a receiver over HTTP."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from sandbox.m3.app import create_app
from sandbox.serving import SandboxServer, start_in_thread

NAMESPACE = "http://schema.infor.com/InforOAGIS/2"


@dataclass
class Receiver:
    """A WSGI application that keeps what it is sent and answers as told."""

    statuses: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        with self._lock:
            status = self.statuses.pop(0) if self.statuses else 202
            self.requests.append({**environ, "body": body, "status": status})
        start_response(f"{status} Told", [("Content-Type", "application/json")])
        return [b"{}"]

    def bods(self, *, status: int = 202) -> list[tuple[dict[str, Any], ElementTree.Element]]:
        """Give parameters and document of every BOD answered so."""
        return [parts(one) for one in self.requests if one["status"] == status and "multipart" in one["CONTENT_TYPE"]]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(one["body"]) for one in self.requests if "json" in one["CONTENT_TYPE"]]


def parts(request: dict[str, Any]) -> tuple[dict[str, Any], ElementTree.Element]:
    """Take a multipart message apart."""
    head = f"Content-Type: {request['CONTENT_TYPE']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request["body"])
    content: dict[str, bytes] = {}
    for part in message.get_payload():
        assert not isinstance(part, str)
        name = part.get_param("name", header="content-disposition")
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        content[str(name)] = raw
    return json.loads(content["ParameterRequest"]), ElementTree.fromstring(content["MessagePayload"])


def find(root: ElementTree.Element, path: str) -> list[str]:
    """Give the texts at a path of plain names, wherever it begins."""
    wanted = "/".join(f"{{*}}{name}" for name in path.split("/"))
    return [found.text or "" for found in root.iterfind(f".//{wanted}")]


@dataclass
class World:
    """A sandbox M3 that tells a receiver."""

    m3_url: str
    receiver: Receiver

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        answer = requests.request(method, f"{self.m3_url}/_control/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, **settings: Any) -> None:
        """Switch BODs on, sent only when told to unless `thread` is asked for."""
        self.control("events", {"bod_url": f"{self.receiver.url}/ims", "thread": False, **settings})

    def flush(self) -> dict[str, Any]:
        return dict(self.control("events/flush"))


@pytest.fixture
def world() -> Iterator[World]:
    receiver = Receiver()
    servers = [SandboxServer(create_app(seed=1), 0), SandboxServer(receiver, 0)]
    threads = [start_in_thread(server) for server in servers]
    receiver.url = servers[1].url
    world = World(servers[0].url, receiver)
    yield world
    world.control("events", {})
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


def test_changed_item_is_told_as_ion_tells_it(world: World) -> None:
    world.events(basic=["ion", "secret"])
    world.control("items", [{"itno": "MUG-001", "name": "Big mug"}])

    counts = world.flush()

    ((parameters, bod),) = world.receiver.bods()
    request = world.receiver.requests[0]
    assert (request["PATH_INFO"], request["HTTP_X_TENANTID"]) == ("/ims/v3/multipartMessage", "SANDBOX_TST")
    assert request["HTTP_AUTHORIZATION"].startswith("Basic ")
    assert bod.tag == f"{{{NAMESPACE}}}SyncItemMaster"
    (identity,) = bod.iterfind(".//{*}ItemMasterHeader/{*}ItemID/{*}ID")
    assert (identity.text, identity.get("variationID")) == ("MUG-001", str(parameters["variationId"]))
    assert parameters["documentName"] == "Sync.ItemMaster"
    assert len(parameters["messageId"]) == 32
    assert 2**32 < parameters["variationId"] < 2**63
    assert find(bod, "ItemMasterHeader/Description") == ["Big mug"]
    assert (counts["made"], counts["accepted"], counts["waiting"]) == (1, 1, 0)


def test_item_is_added_inactivated_and_deleted(world: World) -> None:
    world.events(documents=["Sync.ItemMaster"])
    world.control("items", [{"itno": "NEW-1"}])
    world.control("items", [{"itno": "NEW-1", "status": "90"}])
    world.control("items/NEW-1", method="DELETE")

    world.flush()

    bods = [bod for _, bod in world.receiver.bods()]
    actions = [found.get("actionCode") for bod in bods for found in bod.iterfind(".//{*}ActionExpression")]
    assert actions == ["Add", "Replace", "Delete"]
    assert [find(bod, "ArchiveIndicator") for bod in bods] == [["false"], ["true"], ["true"]]
    assert find(bods[2], "ItemLocation") == []


def test_variations_of_a_document_grow(world: World) -> None:
    world.events()
    for number in range(3):
        world.control("items", [{"itno": "MUG-001", "name": f"Mug {number}"}])

    world.flush()

    variations = [parameters["variationId"] for parameters, _ in world.receiver.bods()]
    assert variations == sorted(set(variations))


def test_order_tells_of_itself_its_stock_and_its_delivery(world: World) -> None:
    orno = ordered(world)
    world.events()
    world.control(f"orders/{orno}/advance", {"to": "66"})

    world.flush()

    names = [parameters["documentName"] for parameters, _ in world.receiver.bods()]
    assert names.count("Sync.SalesOrder") == 3
    assert names.count("Sync.InventoryCount") == 2
    (shipment,) = (bod for parameters, bod in world.receiver.bods() if parameters["documentName"] == "Sync.Shipment")
    assert find(shipment, "DocumentReference/DocumentID/ID")[0] == orno
    assert len(find(shipment, "ShipmentUnit/TrackingID")) == 1
    last = [bod for parameters, bod in world.receiver.bods() if parameters["documentName"] == "Sync.SalesOrder"][-1]
    assert find(last, "UserArea/Property/NameValue") == ["66", "66"]


def test_balance_is_told_per_item_and_warehouse(world: World) -> None:
    world.events()
    world.control("stock", [{"itno": "MUG-001", "whlo": "003", "on_hand": "-3"}])

    world.flush()

    ((parameters, bod),) = world.receiver.bods()
    assert (parameters["documentId"], parameters["location"]) == ("MUG-001:1", "003")
    assert find(bod, "InventoryCountLine/Quantity") == ["-3.000000"]


def test_gathered_changes_are_one_message_with_a_noun_each(world: World) -> None:
    world.events(batch_ms=60_000)
    world.control("stock", [{"itno": itno, "add": "1"} for itno in ("MUG-001", "MUG-002", "MUG-001")])
    world.control("items", [{"itno": "LAMP-1", "name": name} for name in ("A", "B")])

    world.flush()

    bods = {parameters["documentName"]: (parameters, bod) for parameters, bod in world.receiver.bods()}
    parameters, stock = bods["Sync.InventoryCount"]
    assert find(stock, "InventoryCountLine/Item/ItemID/ID") == ["MUG-001", "MUG-002"]
    assert "documentId" not in parameters
    assert find(bods["Sync.ItemMaster"][1], "Description") == ["B"]
    assert len(world.receiver.bods()) == 2


def test_price_change_names_list_item_and_time(world: World) -> None:
    world.events()
    world.control("prices", [{"itno": "MUG-001", "fvdt": "20270101", "sapr": "990", "sacd": 100}])

    world.flush()

    ((parameters, bod),) = world.receiver.bods()
    assert parameters["documentId"] == "WEB:MUG-001"
    assert find(bod, "PriceListHeader/AlternateDocumentID/ID") == ["WEB"]
    assert find(bod, "EffectiveTimePeriod/StartDateTime") == ["2027-01-01T00:00:00Z"]
    assert find(bod, "UnitPrice/Amount") + find(bod, "UnitPrice/PerQuantity") == ["990", "100"]


def test_m3_events_name_the_table_and_the_key(world: World) -> None:
    event_url = f"{world.receiver.url}/m3-events/w1"
    world.control("events", {"event_url": event_url, "thread": False, "api_key": ["X-Api-Key", "k"]})
    world.control("stock", [{"itno": "MUG-001", "add": "1"}])
    world.control("items", [{"itno": "LAMP-1", "list_price": "41"}])

    world.flush()

    events = world.receiver.events()
    assert [event["documentName"] for event in events] == ["MITBAL", "MITMAS", "OPRBAS"]
    assert {"WHLO": "001", "ITNO": "MUG-001"}.items() <= events[0]["elements"].items()
    assert {request["HTTP_X_API_KEY"] for request in world.receiver.requests} == {"k"}


def test_message_is_tried_again_under_the_same_id_and_a_refused_one_is_given_up(world: World) -> None:
    world.events()
    world.receiver.statuses = [503, 401, 202, 400]
    for itno in ("MUG-001", "MUG-002"):
        world.control("stock", [{"itno": itno, "add": "1"}])
        for _ in range(3):
            world.flush()

    tried = [parts(request)[0]["messageId"] for request in world.receiver.requests]
    counts = world.control("events", method="GET")
    assert [request["status"] for request in world.receiver.requests] == [503, 401, 202, 400]
    assert len(set(tried[:3])) == 1 != tried[3]
    assert (counts["sent"], counts["retried"], counts["accepted"], counts["refused"]) == (4, 2, 1, 1)


def test_thread_delivers_by_itself_and_reset_ends_it(world: World) -> None:
    world.events(thread=True, parallel=3, batch_ms=20)
    world.control("stock", [{"itno": "MUG-001", "add": "1"}])
    for _ in range(2400):
        if world.control("events", method="GET")["accepted"]:
            break
        threading.Event().wait(0.05)
    else:
        pytest.fail("nothing was delivered in two minutes")

    world.control("reset", {"seed": 1})
    world.control("stock", [{"itno": "MUG-001", "add": "1"}])

    assert world.control("events", method="GET") == {"settings": None}
    assert len(world.receiver.requests) == 1


def test_catalogue_is_loaded_without_a_word_and_passwords_are_not_shown(world: World) -> None:
    world.events(basic=["ion", "secret"])
    world.control("catalogue", {"items": 50})

    shown = world.control("events", method="GET")

    assert shown["made"] == 0
    assert "secret" not in json.dumps(shown)


def ordered(world: World) -> str:
    """Make a customer order of one line."""
    file = world.control("ionapi", method="GET")
    form = {"grant_type": "password", "username": file["saak"], "password": file["sask"]}
    token = requests.post(file["pu"] + file["ot"], data=form, auth=(file["ci"], file["cs"]), timeout=60).json()
    execute = f"{file['iu']}/{file['ti']}/M3/m3api-rest/v2/execute/OIS100MI"
    headers = {"Authorization": f"Bearer {token['access_token']}"}

    def call(transaction: str, **fields: str) -> str:
        answer = requests.get(f"{execute}/{transaction}", params=fields, headers=headers, timeout=60).json()
        return str(answer["results"][0]["records"][0].get("ORNO", ""))

    temporary = call("AddBatchHead", CUNO="GUESTDEEUR", CUOR="W1-1")
    call("AddBatchLine", ORNO=temporary, ITNO="MUG-001", ORQT="2", SAPR="12.90", SACD="1")
    return call("Confirm", ORNO=temporary)
