"""Envelopes of ION as they come, and told apart."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import pytest

from connector.errors import InvalidPayloadError
from connector.ion import ims
from connector.ion.ims import Part, choose_parts, read_message, read_parameters

SAMPLES = Path(__file__).parents[2] / "fixtures" / "ion"
PARAMETERS = b'{"documentName": "Sync.ItemMaster"}'


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (ims.PING, "ims-ping-response.json"),
        (ims.PROTOCOL, "ims-protocol-response.json"),
        (ims.accepted(), "ims-message-accepted-response.json"),
        (ims.rejected(400, ims.NO_PARAMETERS), "ims-message-rejected-response.json"),
    ],
)
def test_the_answers_are_those_of_the_samples(answer: object, name: str) -> None:
    assert answer == json.loads(sample(name))


@pytest.mark.parametrize("name", ["ims-v2-multipart-parameterrequest.json", "ims-v3-multipart-parameterrequest.json"])
def test_the_parameters_of_the_samples_are_read(name: str) -> None:
    parameters = read_parameters(sample(name))

    assert parameters.document_name == "Sync.SalesOrder"
    assert parameters.message_id.endswith(("39db2b1127ae421caa56e5bd2779fb0e", "7f3c9b1e5d2a4c6f8091a2b3c4d5e6f7"))
    assert parameters.variation == 7003


def test_the_single_message_of_the_samples_holds_the_second_bod() -> None:
    parameters, document = read_message(sample("ims-v2-message.json"))

    assert parameters.variation == 7003
    assert document == sample("02-sync-salesorder-shipped.xml").decode()


@pytest.mark.parametrize("text", [b"", b"[]", b"7", b"{", b"\xff", b"null", b"[" * 5000])
def test_parameters_that_are_no_json_object_are_refused_in_the_words_of_the_sample(text: bytes) -> None:
    with pytest.raises(InvalidPayloadError, match="ParameterRequest is missing or is not JSON"):
        read_parameters(text)


def test_fields_nobody_knows_odd_types_and_control_characters_do_no_harm() -> None:
    odd = {"documentName": "Sync.A\u0000B", "messageId": 7, "location": None, "batchId": ["x"], "Custom_x": "y"}

    parameters = read_parameters(json.dumps({**odd, "variationId": True, "documentId": "d" * 5000}).encode())

    assert parameters.kept == {"documentName": "Sync.AB", "messageId": "7", "documentId": "d" * ims.LONGEST_FIELD}
    assert parameters.variation is None


@pytest.mark.parametrize(
    "names", [("ParameterRequest", "MessagePayload"), ("MessagePayload", "ParameterRequest"), ("", "")]
)
def test_in_version_2_the_content_tells_the_parts_apart(names: tuple[str, str]) -> None:
    parameters, payload = Part(names[0], PARAMETERS), Part(names[1], b"<SyncItemMaster/>")

    assert choose_parts([parameters, payload], by_name=False) == (0, 1)
    assert choose_parts([payload, parameters], by_name=False) == (1, 0)


def test_in_version_3_the_names_tell_the_parts_apart_in_any_order() -> None:
    parameters, payload = Part("ParameterRequest", PARAMETERS), Part("MessagePayload", PARAMETERS)

    assert choose_parts([payload, Part("more", None), parameters], by_name=True) == (2, 0)


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], ims.NO_PARAMETERS),
        ([Part("ParameterRequest", PARAMETERS)], ims.NO_PAYLOAD),
        ([Part("MessagePayload", b"<a/>")], ims.NO_PARAMETERS),
        ([Part("ParameterRequest", None), Part("MessagePayload", b"<a/>")], ims.NO_PARAMETERS),
    ],
)
def test_a_message_without_one_of_the_two_is_refused(parts: list[Part], said: str, by_name: bool) -> None:
    with pytest.raises(InvalidPayloadError, match=said):
        choose_parts(parts, by_name=by_name)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"document": 7}', b'{"document": {"value": 7}}', b'{"document": {}}']
)
def test_a_single_message_without_a_document_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPayloadError):
        read_message(body)


def test_a_compressed_document_in_a_single_message_is_base64() -> None:
    packed = zlib.compress(b"<a/>")
    body = {"document": {"value": base64.b64encode(packed).decode(), "encoding": "DEFLATE"}}

    assert read_message(json.dumps(body).encode())[1] == packed


@pytest.mark.parametrize("value", ["no base64", "\ufffd", "漢字", ""])
def test_what_only_claims_to_be_compressed_is_left_as_it_is(value: str) -> None:
    body = {"document": {"value": value, "encoding": "DEFLATE"}}

    assert read_message(json.dumps(body).encode())[1] in (value, b"")
