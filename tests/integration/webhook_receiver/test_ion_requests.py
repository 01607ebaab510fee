"""Who is let in, what is answered, and what becomes of messages nobody can use."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client
from werkzeug.test import TestResponse

from connector.ledger.dispatch import find_waiting
from connector.ledger.session import transaction
from tests.integration.webhook_receiver.ion_sender import (
    API_KEY,
    OAUTH,
    OTHER,
    STORE,
    IonReceiver,
    basic,
    message,
    multipart,
    sample,
)

V3 = "ims/v3/multipartMessage"
JSON = "application/json"
REFUSED = {"status": "ERROR", "code": 400, "message": "ParameterRequest is missing or is not JSON"}


def stored(ion: IonReceiver) -> int:
    return int(ion.rows("SELECT count(*) FROM delivery")[0][0])


def get(ion: IonReceiver, path: str, store: str = STORE, **headers: str) -> TestResponse:
    return ion.client.get(f"/ion/{store}/{path}", headers=headers or {"Authorization": basic()})


@pytest.mark.parametrize("prefix", ["ims", "ims/service"])
def test_ping_and_protocol_are_answered_as_ion_wants_them(ion: IonReceiver, prefix: str) -> None:
    ping, protocol = get(ion, f"{prefix}/ping"), get(ion, f"{prefix}/protocol")

    assert (ping.status_code, ping.json) == (200, {"status": "OK", "code": 200})
    assert protocol.status_code == 200
    assert protocol.json is not None
    assert (protocol.json["version"], protocol.json["messageMethod"]) == ("v3", "multipartMessage")


@pytest.mark.parametrize("prefix", ["", "service/"])
def test_a_message_is_taken_below_service_too(ion: IonReceiver, prefix: str) -> None:
    assert ion.post(f"ims/{prefix}v3/multipartMessage", *message(sample(6))).status_code == 202


@pytest.mark.parametrize(
    ("path", "method"), [("ims/ping", "GET"), ("ims/protocol", "GET"), (V3, "POST"), ("ims/v2/message", "POST")]
)
@pytest.mark.parametrize("authorization", ["", "Basic", basic("ion:wrong"), "Bearer x", "OAuth x"])
def test_without_the_right_credentials_everything_is_401(
    ion: IonReceiver, path: str, method: str, authorization: str
) -> None:
    answer = ion.client.open(
        f"/ion/{STORE}/{path}", method=method, headers={"Authorization": authorization, "X-TenantId": "T"}, data=b"x"
    )

    assert answer.status_code == 401
    assert answer.json == {"status": "ERROR", "code": 401, "message": "not authorised"}
    assert answer.headers["X-TenantId"] == "T"
    assert stored(ion) == 0


@pytest.mark.parametrize("store", [OTHER, "nosuch", "SHOP1", "x" * 200])
def test_a_store_nobody_may_deliver_for_is_401_as_any_other(ion: IonReceiver, store: str) -> None:
    assert get(ion, "ims/ping", store, Authorization=basic()).status_code == 401
    assert ion.event({"table": "MITBAL", "ITNO": "A"}, store=store).status_code == 401


def test_an_api_key_and_a_signature_open_the_door_once_each(ion: IonReceiver) -> None:
    key, secret = OAUTH.split(":")
    client = Client(key, client_secret=secret, signature_method=SIGNATURE_HMAC_SHA256)
    _, signed, _ = client.sign(f"https://localhost/ion/{STORE}/ims/ping", "GET")

    assert get(ion, "ims/ping", **{"X-API-Key": API_KEY}).status_code == 200
    assert get(ion, "ims/ping", **{"X-API-Key": API_KEY + "x"}).status_code == 401
    assert get(ion, "ims/ping", **signed).status_code == 200
    assert get(ion, "ims/ping", **signed).status_code == 401, "the same signed request"


def test_a_signature_for_the_proxys_address_opens_the_door(ion: IonReceiver) -> None:
    key, secret = OAUTH.split(":")
    _, signed, _ = Client(key, client_secret=secret).sign(f"https://bridge.example/ion/{STORE}/ims/ping?a=b", "GET")

    answer = get(ion, "ims/ping?a=b", **{**signed, "X-Forwarded-Host": "bridge.example"})

    assert answer.status_code == 200


PARAMETERS = ("ParameterRequest", b'{"documentName": "Sync.ItemMaster"}', JSON)
PAYLOAD = ("MessagePayload", sample(6), "application/octet-stream")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON),
        (b"", "multipart/form-data"),
        (b"no boundary in it", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nbroken off", "multipart/form-data; boundary=x"),
        (multipart(PARAMETERS, PAYLOAD)[0], 'multipart/form-data; boundary="\u00e4"'),
        multipart(PAYLOAD),
        multipart(PARAMETERS),
        multipart(("ParameterRequest", b"<no/>", JSON), PAYLOAD),
        multipart(("ParameterRequest", b'["Sync"]', JSON), PAYLOAD),
        multipart(("ParameterRequest", b'{"a":"' + b"x" * 70_000 + b'"}', JSON), PAYLOAD),
        multipart(("ParameterRequest", sample(6), JSON), ("MessagePayload", b'{"documentName": "x"}', JSON)),
        multipart(*[PARAMETERS] * 20),
    ],
)
def test_an_envelope_that_cannot_be_read_is_400_and_leaves_nothing(
    ion: IonReceiver, body: bytes, content_type: str
) -> None:
    answer = ion.post(V3, body, content_type)

    assert answer.status_code == 400
    assert answer.json is not None
    assert (answer.json["status"], answer.json["code"]) == ("ERROR", 400)
    assert stored(ion) == 0


def test_missing_parameters_are_refused_in_the_words_of_the_sample(ion: IonReceiver) -> None:
    assert ion.post(V3, *multipart(PAYLOAD)).json == REFUSED


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"document": {"value": 1}}', b"\xff\xfe", b"<a/>"])
def test_a_single_message_that_cannot_be_read_is_400(ion: IonReceiver, body: bytes) -> None:
    assert ion.post("ims/v2/message", body, JSON).status_code == 400
    assert stored(ion) == 0


@pytest.mark.parametrize("name", ["v1/message", "v3/message", "v3/message/multipart", "versions", "v3/discovery", ""])
def test_other_addresses_are_404_and_other_methods_405(ion: IonReceiver, name: str) -> None:
    assert ion.post(f"ims/{name}", b"", JSON).status_code == 404
    assert get(ion, V3).status_code == 405


POISON = {
    "no XML": b"once upon a time",
    "empty": b"",
    "broken off": sample(6)[:-40],
    "entities": b'<!DOCTYPE a [<!ENTITY b "c">]><SyncItemMaster>&b;</SyncItemMaster>',
    "outside": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><SyncItemMaster>&b;</SyncItemMaster>',
    "deep": b"<a>" * 3000,
    "no BOD": b"<html/>",
    "no ids": sample(6).replace(b"<ID ", b"<XX ").replace(b"</ID>", b"</XX>"),
    "no nouns": b"<SyncItemMaster><DataArea><Sync/></DataArea></SyncItemMaster>",
    "NUL": b"<a>\x00</a>",
    "broken off and compressed": zlib.compress(sample(6))[:-10],
}


@pytest.mark.parametrize("name", POISON)
def test_a_message_nobody_can_use_is_202_and_waits_for_a_person(ion: IonReceiver, name: str) -> None:
    answer = ion.deliver(POISON[name], messageId="m-1")

    assert answer.status_code == 202
    (held,) = ion.dead_letters()
    assert (held.business_key, held.state) == ("m-1", "dead_letter")
    assert held.reason
    assert "dead-letters release|discard" in held.resolution
    assert "etc/passwd" not in held.reason
    (row,) = ion.rows("SELECT body, exchange_id, note FROM delivery WHERE source = 'ion'")
    assert (bytes(row.body), row.exchange_id, row.note) == (POISON[name], held.id, held.reason)
    assert ion.offered == [], "no worker is sent at it"
    with transaction(ion.engine) as connection:
        assert find_waiting(connection, held.id) is None


def test_poison_that_is_delivered_again_stays_one_dead_letter_told_of_once(ion: IonReceiver) -> None:
    ion.deliver(POISON["no ids"], messageId="m-1")
    with transaction(ion.engine) as connection:
        connection.exec_driver_sql("UPDATE exchange SET alerted_at = ledger_now()")
    ion.deliver(POISON["no ids"], messageId="m-1")
    ion.deliver(POISON["no ids"], messageId="m-2")

    first, second = ion.rows("SELECT business_key, state, wanted_rev, alerted_at FROM exchange ORDER BY id")
    assert (first.business_key, first.state, first.wanted_rev) == ("m-1", "dead_letter", 1)
    assert first.alerted_at is not None
    assert (second.business_key, second.state) == ("m-2", "dead_letter")
    assert stored(ion) == 3


def test_poison_without_a_message_id_is_known_by_its_content(ion: IonReceiver) -> None:
    for _ in range(3):
        ion.deliver(POISON["deep"], messageId=None)

    (held,) = ion.dead_letters()
    assert len(held.business_key) == 64


def test_a_message_that_inflates_without_measure_keeps_only_its_hash(ion: IonReceiver) -> None:
    bomb = zlib.compress(b"<" + b" " * (60 * 1024 * 1024))

    assert ion.deliver(bomb).status_code == 202

    (row,) = ion.rows("SELECT body, body_size, body_sha256 FROM delivery WHERE source = 'ion'")
    assert (row.body, row.body_size, len(row.body_sha256)) == (None, len(bomb), 64)
    (held,) = ion.dead_letters()
    assert "inflates to more than" in held.reason


def test_a_document_of_which_one_part_is_wrong_counts_with_the_others(ion: IonReceiver) -> None:
    document = sample(5).replace(b"MUG-WHT-33", b"A NUMBER THAT IS TOO LONG FOR M3", 1)

    ion.deliver(document, messageId="m-1")

    assert ion.due() == {("stock_to_woo", "TSHIRT-BLK-M"), ("stock_to_woo", "MUG-WHT-33")}
    (held,) = ion.dead_letters()
    assert "1 keys for stock_to_woo cannot be keys of M3" in held.reason


@pytest.mark.parametrize(
    ("document", "note"),
    [
        (b"<SyncCarrierParty><DataArea><Sync/><CarrierParty/></DataArea></SyncCarrierParty>", "Sync.CarrierParty"),
        (b"<ProcessItemMaster><DataArea><Process/><ItemMaster/></DataArea></ProcessItemMaster>", "Process.ItemMaster"),
    ],
)
def test_an_unknown_noun_or_verb_is_stored_with_a_note(ion: IonReceiver, document: bytes, note: str) -> None:
    assert ion.deliver(document).status_code == 202

    assert ion.notes() == [f"Nothing listens to {note}."]
    assert ion.rows("SELECT 1 FROM exchange") == []


def test_a_large_document_is_taken_and_kept_deflated(ion: IonReceiver) -> None:
    line = (
        b"<InventoryCountLine><Item><ItemID><ID>MANY</ID></ItemID></Item><Note>"
        + b"n" * 1500
        + b"</Note></InventoryCountLine>"
    )
    start, _, end = sample(5).partition(b"</InventoryCount>")
    document = start + line * 8000 + b"</InventoryCount>" + end

    assert len(document) > 12_000_000
    assert ion.deliver(document).status_code == 202

    assert ("stock_to_woo", "MANY") in ion.due()
    (row,) = ion.rows("SELECT body, body_size FROM delivery WHERE source = 'ion'")
    assert row.body_size == len(document)
    assert zlib.decompress(bytes(row.body)) == document


def test_above_the_limit_is_413(ion: IonReceiver) -> None:
    body, content_type = message(b"<a>" + b" " * (51 * 1024 * 1024) + b"</a>")

    answer = ion.post(V3, body, content_type)

    assert answer.status_code == 413
    assert stored(ion) == 0


@pytest.mark.parametrize("tenant", ["ä", "x" * 500, "T-1"])
def test_the_tenant_comes_back_if_it_can_be_one(ion: IonReceiver, tenant: str) -> None:
    answer = ion.post(V3, *message(sample(6)), X_TenantId=tenant)

    assert answer.status_code == 202
    assert answer.headers.get("X-TenantId", "") in ("", tenant[:100])


EVENT = {"eventName": "MITBAL", "record": {"ITNO": "A100", "WHLO": "001"}}


@pytest.mark.parametrize(
    ("event", "query"),
    [(EVENT, ""), ({"ITNO": "A100"}, "?table=MITBAL"), ([{"name": "MBITNO", "value": "A100"}], "?table=mitbal")],
)
def test_an_event_makes_its_item_due(ion: IonReceiver, event: Any, query: str) -> None:
    answer = ion.event(event, query=query)

    assert (answer.status_code, answer.json) == (202, {"status": "OK", "code": 202, "message": "stored"})
    assert ion.due() == {("stock_to_woo", "A100")}
    assert ion.notes() == ["MITBAL: stock_to_woo for 1 item (A100)."]


def test_an_event_that_comes_twice_is_looked_at_twice(ion: IonReceiver) -> None:
    for _ in range(2):
        ion.event(EVENT)

    assert ion.revisions() == 2


def test_an_event_of_an_order_wakes_the_order(ion: IonReceiver) -> None:
    ion.bind_order(shop_key="77", number="0010004567")

    ion.event({"table": "OOHEAD", "ORNO": "0010004567"})

    assert ion.due() == {("order_status_to_woo", "77")}


def test_an_event_nobody_listens_to_is_stored_with_a_note(ion: IonReceiver) -> None:
    assert ion.event({"table": "CUGEX1"}).status_code == 202
    assert ion.event({}).status_code == 202

    assert ion.notes() == ["Nothing listens to the table CUGEX1.", "Nothing listens to an event that names no table."]


@pytest.mark.parametrize("body", [b"", b"<a/>", b"{", b"\xff"])
def test_an_event_that_is_no_json_is_400(ion: IonReceiver, body: bytes) -> None:
    assert ion.event(body).status_code == 400
    assert stored(ion) == 0


def test_an_event_above_its_limit_is_413(ion: IonReceiver) -> None:
    assert ion.event(json.dumps({"a": "x" * 6_000_000}).encode()).status_code == 413


def test_events_whose_keys_are_not_found_are_one_dead_letter_told_of_once(ion: IonReceiver) -> None:
    ion.event({"table": "MITBAL", "no": 1})
    with transaction(ion.engine) as connection:
        connection.exec_driver_sql("UPDATE exchange SET alerted_at = ledger_now()")
    for number in range(5):
        assert ion.event({"table": "MITBAL", "no": number}).status_code == 202

    (row,) = ion.rows("SELECT business_key, state, alerted_at, reason FROM exchange")
    assert (row.business_key, row.state) == ("event MITBAL", "dead_letter")
    assert row.alerted_at is not None
    assert "**.ITNO" in row.reason
    assert stored(ion) == 6
