"""What becomes of an order when Confirm is no plain success: the batch status decides, and nothing is made twice."""

from __future__ import annotations

import pytest
import requests

from connector.m3.programs import batch_orders
from tests.harness import SETTLED_S, STORE
from tests.integration.flows.story import Story


def confirm_with(story: Story, status: str, times: int = 1) -> dict[str, object]:
    story.m3_fault("OIS100MI/Confirm", "confirm_status", status=status, times=times)
    order = story.place()
    story.connector.drain()
    return order


def release_in_m3(story: Story) -> None:
    (temporary,) = story.batch_orders()
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/batch_orders/{temporary}/release", {})


def delete_in_m3(story: Story) -> None:
    (temporary,) = story.batch_orders()
    m3 = story.connector.process.runtime.store(STORE).m3
    m3.write([batch_orders.delete_batch_head(temporary)])[0].require()


@pytest.mark.parametrize("status", ["15", "25", "55"])
def test_batch_order_in_error_waits_for_a_person_with_the_words_of_m3(common: Story, status: str) -> None:
    confirm_with(common, status)

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "needs_person")
    assert f"status {status}" in exchange["reason"]
    assert len(common.batch_orders()) == 1


@pytest.mark.parametrize("status", ["15", "25", "30", "55"])
def test_order_released_by_a_person_in_ois275_is_noticed(common: Story, status: str) -> None:
    order = confirm_with(common, status)
    release_in_m3(common)

    common.connector.pass_time(301)
    common.revive()

    assert common.complaints(order) == []
    assert common.sandbox.m3_book()["calls"]["OIS100MI/Confirm"] == 1


@pytest.mark.parametrize("status", ["15", "25", "55"])
def test_batch_order_in_error_is_never_confirmed_again_by_the_connector(common: Story, status: str) -> None:
    confirm_with(common, status)
    for _ in range(3):
        common.revive()

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.sandbox.m3_book()["calls"]["OIS100MI/Confirm"] == 1
    assert common.exchange()["state"] == "dead_letter"


def test_credit_stop_waits_without_a_person_of_ours(common: Story) -> None:
    confirm_with(common, "30")

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("waiting", "not_yet")
    assert "credit" in exchange["reason"]


def test_confirm_that_left_the_order_at_20_is_sent_again_to_the_same_number(common: Story) -> None:
    order = confirm_with(common, "20")

    common.go_on()

    assert common.complaints(order) == []
    calls = common.sandbox.m3_book()["calls"]
    assert (calls["OIS100MI/AddBatchHead"], calls["OIS100MI/Confirm"]) == (1, 2)


def delete_line_in_m3(story: Story, line: int) -> None:
    """Deletes a line of the batch order as somebody at M3 would; the connector knows no such transaction."""
    (temporary,) = story.batch_orders()
    key = story.sandbox.get(f"{story.sandbox.m3_url}/_control/ionapi")
    grant = {"grant_type": "password", "username": key["saak"], "password": key["sask"]}
    token = requests.post(key["pu"] + key["ot"], data=grant, auth=(key["ci"], key["cs"]), timeout=60).json()
    answer = requests.get(
        f"{key['iu']}/{key['ti']}/M3/m3api-rest/v2/execute/OIS100MI/DelBatchLine",
        params={"ORNO": temporary, "PONR": line, "cono": 1},
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=60,
    )
    assert answer.json()["nrOfFailedTransactions"] == 0, answer.text


def test_order_at_20_whose_lines_are_gone_is_neither_confirmed_nor_added_to(common: Story) -> None:
    order = confirm_with(common, "20")
    delete_line_in_m3(common, 2)
    calls = common.sandbox.m3_book()["calls"]

    common.go_on()
    common.revive()

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "needs_person")
    assert "missing, by customer line number: 2; 1 there, 2 sent" in exchange["reason"]
    assert "--rebuild" in exchange["resolution"]
    after = common.sandbox.m3_book()["calls"]
    assert [after[name] for name in ("OIS100MI/Confirm", "OIS100MI/AddBatchLine")] == [
        calls[name] for name in ("OIS100MI/Confirm", "OIS100MI/AddBatchLine")
    ]
    common.release(exchange["id"], rebuild=True)
    common.go_on()
    assert common.complaints(order) == []


def test_order_at_20_whose_lines_are_gone_is_noticed_when_a_person_released_it(common: Story) -> None:
    confirm_with(common, "20")
    delete_line_in_m3(common, 2)
    common.go_on()
    release_in_m3(common)

    common.revive()

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "amounts_differ")
    assert len(common.orders()) == 1


def test_words_of_m3_are_shown_without_what_belongs_to_a_person(common: Story) -> None:
    text = "Iva Horvat, ILICA 1, phone +385915550000: address not valid"
    common.m3_fault("OIS100MI/Confirm", "confirm_status", status="25", message=text)
    common.place()
    common.connector.drain()

    reason = common.exchange()["reason"]
    assert "address not valid" in reason
    assert not any(word in reason.lower() for word in ("iva", "horvat", "ilica", "3859155"))


@pytest.mark.parametrize("is_made", [True, False], ids=["Confirm took effect", "Confirm did not"])
def test_order_cancelled_while_its_confirm_is_unknown_is_followed_and_then_closed(common: Story, is_made: bool) -> None:
    common.m3_fault("OIS100MI/Confirm", "drop_after_commit" if is_made else "drop_before_commit")
    order = common.place()
    common.connector.drain()
    common.change(order, status="cancelled")

    common.go_on()

    (held,) = common.orders()
    exchange = common.exchange()
    assert exchange["state"] == "done"
    assert (held["lines"], held["charges"]) == ([], [])
    assert common.batch_orders() == []
    assert common.exchange("order_status_to_woo")["state"] == "done"


def test_order_that_stays_at_20_ends_with_a_person(common: Story) -> None:
    confirm_with(common, "20", times=1000)

    for _ in range(60):
        common.connector.pass_time(3600)
        common.connector.drain()

    assert common.exchange()["state"] == "dead_letter"
    assert len(common.batch_orders()) == 1
    assert common.orders() == []


def test_confirmed_batch_order_deleted_by_a_person_is_not_made_again_by_itself(common: Story) -> None:
    confirm_with(common, "15")
    delete_in_m3(common)

    common.revive()

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "needs_person")
    assert "--rebuild" in exchange["resolution"]
    assert common.sandbox.m3_book()["calls"]["OIS100MI/AddBatchHead"] == 1


@pytest.mark.parametrize("is_deleted", [True, False], ids=["deleted by a person", "left in error"])
def test_rebuild_makes_the_order_anew_and_leaves_nothing_behind(common: Story, is_deleted: bool) -> None:
    order = confirm_with(common, "15")
    if is_deleted:
        delete_in_m3(common)
    common.end_faults()
    common.release(common.exchange()["id"], rebuild=True)

    common.go_on()

    assert common.complaints(order) == []


def test_rebuild_finds_the_order_a_person_released_meanwhile(common: Story) -> None:
    order = confirm_with(common, "15")
    release_in_m3(common)
    common.release(common.exchange()["id"], rebuild=True)

    common.go_on()

    assert common.complaints(order) == []
    assert common.sandbox.m3_book()["calls"]["OIS100MI/AddBatchHead"] == 1


def test_rebuild_allows_one_document_and_not_a_third(common: Story) -> None:
    order = confirm_with(common, "15")
    common.m3_fault("OIS100MI/Confirm", "drop_before_commit")
    common.release(common.exchange()["id"], rebuild=True)

    common.go_on()

    assert common.complaints(order) == []
    calls = common.sandbox.m3_book()["calls"]
    assert (calls["OIS100MI/AddBatchHead"], calls["OIS100MI/DelBatchHead"]) == (2, 1)


def test_lost_confirm_is_not_repeated_before_two_readings_a_settle_time_apart(common: Story) -> None:
    common.m3_fault("OIS100MI/Confirm", "drop_before_commit")
    order = common.place()
    common.connector.drain()
    confirms = []
    for _ in range(3):
        confirms.append(common.sandbox.m3_book()["calls"].get("OIS100MI/Confirm", 0))
        common.connector.pass_time(SETTLED_S)
        common.connector.drain()

    assert confirms == [0, 0, 1]
    assert common.complaints(order) == []
