"""Every sample message and what it must lead to, with the cases derived from them: late, doubled, changed, packed."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable

import pytest

from tests.integration.webhook_receiver.ion_sender import SAMPLES, IonReceiver, multipart, sample

STATUS = ("order_status_to_woo", "10482")
STOCK = {("stock_to_woo", "MUG-WHT-33"), ("stock_to_woo", "TSHIRT-BLK-M")}
PRICES = {("prices_to_woo", "MUG-WHT-33"), ("prices_to_woo", "TSHIRT-BLK-M")}


@pytest.fixture
def bound(ion: IonReceiver) -> IonReceiver:
    """A receiver that knows the order of the samples."""
    ion.bind_order(shop_key="10482", number="0010004567")
    ion.bind_order(shop_key="10490", number="0010004570")
    return ion


def watermark(ion: IonReceiver, document: str) -> tuple[int, bool]:
    (row,) = ion.rows("SELECT variation_id, is_deleted FROM watermark WHERE document_id = :document", document=document)
    return row.variation_id, row.is_deleted


def stored(ion: IonReceiver) -> int:
    return int(ion.rows("SELECT count(*) FROM delivery WHERE source = 'ion'")[0][0])


@pytest.mark.parametrize(
    ("number", "due"),
    [
        (1, {STATUS}),
        (2, {STATUS}),
        (3, {("order_status_to_woo", "10490")}),
        (4, {STATUS}),
        (5, STOCK),
        (6, {("items_to_woo", "TSHIRT-BLK-M")}),
        (7, {("items_to_woo", "POSTER-A2")}),
        (8, {("items_to_woo", "MUG-WHT-33")}),
        (9, {STATUS}),
        (10, PRICES),
        (11, set()),
    ],
)
def test_a_sample_is_stored_answered_202_and_makes_due_what_it_is_about(
    bound: IonReceiver, number: int, due: set[tuple[str, str]]
) -> None:
    answer = bound.deliver(sample(number))

    assert (answer.status_code, answer.json) == (202, {"status": "OK", "code": 202, "message": "stored"})
    assert answer.headers["X-TenantId"] == "ACMEM3_TST"
    (row,) = bound.rows("SELECT topic, body, exchange_id, headers FROM delivery WHERE source = 'ion'")
    assert bytes(row.body) == sample(number)
    assert row.exchange_id is None, "nobody has to look"
    assert bound.due() == due
    assert len(bound.offered) == len({flow for flow, _ in due})


def test_the_sample_request_is_taken_as_it_stands(bound: IonReceiver) -> None:
    raw = (SAMPLES / "ims-v3-multipartmessage-request.http").read_bytes().replace(b"\r\n", b"\n")
    head, _, body = raw.replace(b"\n", b"\r\n").partition(b"\r\n\r\n")
    boundary = head.decode().partition("boundary=")[2].splitlines()[0]

    answer = bound.post("ims/v3/multipartMessage", body, f"multipart/form-data; boundary={boundary}")

    assert answer.status_code == 202
    assert bound.due() == {STATUS}
    assert watermark(bound, "0010004567") == (7003, False)


def test_the_sample_of_a_single_message_is_taken(bound: IonReceiver) -> None:
    answer = bound.post("ims/v2/message", (SAMPLES / "ims-v2-message.json").read_bytes(), "application/json")

    assert answer.status_code == 202
    assert bound.due() == {STATUS}


@pytest.mark.parametrize(
    "names", [("ParameterRequest", "MessagePayload"), ("MessagePayload", "ParameterRequest"), ("a", "a")]
)
@pytest.mark.parametrize("swapped", [False, True])
def test_in_version_2_the_parts_may_have_any_names_and_order(
    bound: IonReceiver, names: tuple[str, str], swapped: bool
) -> None:
    told = (SAMPLES / "ims-v2-multipart-parameterrequest.json").read_bytes()
    parts = [(names[0], told, "application/json"), (names[1], sample(2), "application/octet-stream")]

    answer = bound.post("ims/v2/multipartMessage", *multipart(*(reversed(parts) if swapped else parts)))

    assert answer.status_code == 202
    assert bound.due() == {STATUS}
    (row,) = bound.rows("SELECT headers->>'messageId' AS id FROM delivery WHERE source = 'ion'")
    assert row.id == "M3TST-20260304150240-0001:-ION-:39db2b1127ae421caa56e5bd2779fb0e"


def test_an_older_version_that_comes_late_changes_nothing(bound: IonReceiver) -> None:
    for number in (2, 9):
        assert bound.deliver(sample(number)).status_code == 202

    assert watermark(bound, "0010004567") == (7003, False)
    assert "1 older than what was taken before" in bound.notes()[1]
    (row,) = bound.rows("SELECT wanted_rev FROM exchange WHERE flow = 'order_status_to_woo'")
    assert row.wanted_rev == 1


def test_a_version_that_was_never_seen_is_not_waited_for(bound: IonReceiver) -> None:
    for number in (1, 2):
        bound.deliver(sample(number))

    assert watermark(bound, "0010004567") == (7003, False)


@pytest.mark.parametrize("message_id", [None, "the-same"])
def test_the_same_message_twice_is_stored_twice_and_makes_due_once(ion: IonReceiver, message_id: str | None) -> None:
    given = {} if message_id is None else {"messageId": message_id}
    for _ in range(2):
        assert ion.deliver(sample(5), **given).status_code == 202

    assert stored(ion) == 2
    assert ion.revisions() == 2, "two items, once each"
    assert ("taken before" in ion.notes()[1]) is True


def test_the_same_message_without_a_version_is_known_by_its_id(ion: IonReceiver) -> None:
    document = sample(6).replace(b' variationID="', b' was="')
    for _ in range(2):
        ion.deliver(document, messageId="m-1")
    before = ion.revisions()
    ion.deliver(document, messageId="m-2")

    assert (before, ion.revisions()) == (1, 2)


def test_a_late_change_does_not_revive_a_deleted_item(ion: IonReceiver) -> None:
    late = sample(6).replace(b"TSHIRT-BLK-M", b"POSTER-A2")
    late = re.sub(rb'variationID="\d+"', b'variationID="94"', late)

    ion.deliver(sample(7))
    ion.deliver(late)

    assert watermark(ion, "POSTER-A2") == (95, True)
    assert ion.revisions() == 1
    assert "older" in ion.notes()[1]


def test_an_item_that_comes_again_after_its_deletion_counts(ion: IonReceiver) -> None:
    newer = sample(7).replace(b'variationID="95"', b'variationID="96"').replace(b'"Delete"', b'"Add"')

    ion.deliver(sample(7))
    ion.deliver(newer)

    assert watermark(ion, "POSTER-A2") == (96, False)
    assert ion.revisions() == 2


def test_one_of_two_documents_in_a_message_may_be_old(ion: IonReceiver) -> None:
    newer_first = sample(5).replace(b'variationID="88120"', b'variationID="88130"').replace(b"MUG-WHT-33", b"MUG-2", 1)
    ion.deliver(sample(5))
    ion.deliver(newer_first)

    assert ("stock_to_woo", "MUG-2") in ion.due()
    assert "1 taken before" in ion.notes()[1]
    rows = ion.rows("SELECT document_id, location, variation_id FROM watermark ORDER BY 1")
    assert [tuple(row) for row in rows] == [("BAL-001", "001", 88130), ("BAL-002", "002", 88121)]


def test_without_a_version_a_message_is_looked_at_each_time(ion: IonReceiver) -> None:
    document = sample(6).replace(b' variationID="', b' was="')
    for _ in range(2):
        ion.deliver(document)

    assert ion.revisions() == 2
    assert ion.rows("SELECT 1 FROM watermark") == []


def test_the_envelope_says_the_version_where_the_document_does_not_and_else_the_document_counts(
    ion: IonReceiver,
) -> None:
    document = sample(6).replace(b' variationID="', b' was="')
    ion.deliver(document, variationId=500)
    ion.deliver(document, variationId=499)
    ion.deliver(sample(7), variationId=1)

    assert watermark(ion, "TSHIRT-BLK-M") == (500, False)
    assert watermark(ion, "POSTER-A2") == (95, True)
    assert ion.revisions() == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b' xmlns="http://schema.infor.com/InforOAGIS/2"', b""),
        lambda text: text.replace(b"http://schema.infor.com/InforOAGIS/2", b"urn:of-a-mapping"),
        lambda text: text.replace(b"<Sync>", b"<Show>").replace(b"</Sync>", b"</Show>").replace(b"SyncItem", b"ShowItem"),
        lambda text: text.replace(b'<Code listID="Item Status">Open', b'<Code listID="Item Status">Never heard'),
        zlib.compress,
        lambda text: zlib.compress(text)[2:-4],
        gzip.compress,
    ],
)  # fmt: skip
def test_namespace_verb_status_and_packing_do_not_matter(ion: IonReceiver, change: Callable[[bytes], bytes]) -> None:
    assert ion.deliver(change(sample(6))).status_code == 202

    assert ion.due() == {("items_to_woo", "TSHIRT-BLK-M")}
    assert ion.dead_letters() == []


def test_an_order_that_is_bound_to_nothing_or_to_another_company_is_noted(ion: IonReceiver) -> None:
    ion.bind_order(shop_key="10482", number="0010004567", m3_scope="SANDBOX_TST/2")

    assert ion.deliver(sample(2)).status_code == 202

    assert ion.due() == set()
    assert ion.notes() == ["Sync.SalesOrder: no order of the shop is bound to 1 order (0010004567)."]


def test_a_shipment_wakes_the_order_it_names(bound: IonReceiver) -> None:
    bound.deliver(sample(4))

    (row,) = bound.rows("SELECT note, topic FROM delivery WHERE source = 'm3'")
    assert (row.topic, row.note) == ("order.changed_in_m3", "M3 has news of order 0010004567.")
