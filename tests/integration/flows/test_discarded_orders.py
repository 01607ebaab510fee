"""An order that a person entered in M3 by hand and discarded is never posted beside that, whatever the shop says of it later."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import PermanentError
from connector.flows.preview import preview_order
from connector.ledger.people import dead_letter_ids
from connector.ledger.purging import purge
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.story import Story
from tests.integration.flows.test_confirm_outcomes import confirm_with, release_in_m3
from workers.jobs import run_turn

ITEM = "MUG-002"
YEAR_S = 365 * 24 * 3600.0
BUYER = {
    **{"first_name": "Iva", "last_name": "Horvat", "email": "iva@example.com", "phone": "+385915550000"},
    **{"address_1": "Ilica 1", "city": "Zagreb", "postcode": "10000", "country": "HR"},
}
SAYS = "Discarded by ana on "
NOBODYS = {"lines and amounts", "time it was placed"}
"""Parts of an order that tell nothing of its buyer."""


@pytest.fixture
def order(common: Story) -> dict[str, Any]:
    """An order that was held for an item, entered by hand and discarded; the item is sold since."""
    common.end_faults()
    common.connector.forget()
    common.sell_in_m3(ITEM, is_sold=False)
    placed = common.place()
    common.go_on()
    assert common.exchange()["state"] == "dead_letter"
    common.discard()
    common.sell_in_m3(ITEM, is_sold=True)
    common.connector.forget()
    return placed


def change(story: Story, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Changes the order and lets everything run; returns its exchange."""
    story.change(order, **changes)
    story.go_on()
    return story.exchange()


def kept_parts(story: Story) -> dict[str, set[str] | None]:
    """Returns of which parts of an order the discard keeps digests."""
    (row,) = story.connector.rows("SELECT accepted, shown FROM discard")
    return {name: None if held is None else set(held["parts"]) for name, held in row.items()}


def more_of(order: dict[str, Any]) -> dict[str, Any]:
    line = order["line_items"][0]
    return {"line_items": [{"id": line["id"], "quantity": 5, "subtotal": "53.11", "total": "53.11"}]}


def test_next_status_does_not_post_it(common: Story, order: dict[str, Any]) -> None:
    said = change(common, order, status="completed")

    assert (said["state"], said["reason_code"]) == ("done", "discarded")
    assert said["reason"].startswith(SAYS)
    assert common.orders() == []


def test_status_that_asks_for_nothing_and_back_does_not_post_it(common: Story, order: dict[str, Any]) -> None:
    states = [change(common, order, status=status)["state"] for status in ("on-hold", "processing")]

    assert states == ["done", "done"]
    assert common.orders() == []


def test_other_lines_wait_for_a_person_who_is_shown_both_sides(common: Story, order: dict[str, Any]) -> None:
    said = change(common, order, **more_of(order))

    (shown,) = common.connector.rows("SELECT before, after, why FROM audit WHERE action = 'changed after discard'")
    total = common.sandbox.shop_book()["orders"][-1]["total"]
    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert f"{total} EUR instead of {order['total']} EUR" in said["reason"]
    assert SAYS in said["reason"]
    assert f"connector dead-letters release {said['id']}" in said["resolution"]
    assert (shown["before"]["lines"][:1], shown["after"]["lines"][:1]) == ("3", "5")
    assert common.orders() == []


def test_what_was_shown_and_discarded_again_is_settled_and_what_was_before_is_news(
    common: Story, order: dict[str, Any]
) -> None:
    line = order["line_items"][0]
    as_before = {"id": line["id"], "quantity": 3, "subtotal": line["subtotal"], "total": line["total"]}
    change(common, order, **more_of(order))
    common.discard()

    settled = change(common, order, status="completed")["state"]
    back = change(common, order, line_items=[as_before])

    assert settled == "done"
    assert back["reason_code"] == "changed_after_discard"
    assert common.orders() == []


def test_change_that_the_shop_takes_back_settles_by_itself(common: Story, order: dict[str, Any]) -> None:
    changed = change(common, order, customer_note="Ring twice")
    back = change(common, order, customer_note=order["customer_note"])

    assert (changed["state"], back["state"]) == ("dead_letter", "done")
    assert "order.customer_note" in changed["reason"]
    assert "Ring" not in changed["reason"]


@pytest.mark.parametrize(
    ("how", "words"),
    [({"status": "cancelled"}, "cancelled in the shop"), ({"action": "trash"}, "trash in the shop")],
)
def test_its_end_in_the_shop_is_told_once(
    common: Story, order: dict[str, Any], how: dict[str, Any], words: str
) -> None:
    told = change(common, order, **how)
    common.discard()
    again = change(common, order, **({"status": "failed"} if "status" in how else {"action": "delete"}))

    assert told["state"] == "dead_letter"
    assert words in told["reason"]
    assert again["state"] == "done"


def test_ended_order_that_is_wanted_again_is_told(common: Story, order: dict[str, Any]) -> None:
    change(common, order, status="cancelled")
    common.discard()

    said = change(common, order, status="processing")

    assert said["reason_code"] == "changed_after_discard"
    assert common.orders() == []


@pytest.mark.parametrize("is_shown", [False, True])
def test_person_who_releases_it_has_it_posted_once(common: Story, order: dict[str, Any], is_shown: bool) -> None:
    if is_shown:
        change(common, order, customer_note="Ring twice")

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.complaints(order) == []
    assert common.connector.rows("SELECT 1 FROM discard") == []
    assert common.sandbox.m3_book()["calls"]["OIS175MI/LstHeadByRef"] > 0  # M3 is asked first


def test_release_of_all_leaves_it_alone(common: Story, order: dict[str, Any]) -> None:
    change(common, order, customer_note="Ring twice")

    with transaction(common.connector.engine) as connection:
        assert dead_letter_ids(connection, store=STORE, reason_code=None) == []


def test_order_that_is_done_and_was_not_discarded_cannot_be_released(common: Story) -> None:
    common.begin()
    common.go_on()

    with pytest.raises(PermanentError, match="is done"):
        common.release(common.exchange()["id"])


def test_discarded_order_is_remembered_for_longer_than_its_deliveries(common: Story, order: dict[str, Any]) -> None:
    change(common, order, customer_note="Ring twice")  # its delivery is the newest now
    common.connector.pass_time(YEAR_S)
    common.connector.rows("UPDATE discard SET accepted = NULL, shown = NULL RETURNING 1")  # as before that change
    common.connector.rows("UPDATE exchange SET state = 'done', reason_code = 'discarded' RETURNING 1")

    purge(common.connector.engine, days=100)
    said = change(common, order, customer_note=order["customer_note"], status="completed")

    assert (said["state"], said["reason_code"]) == ("done", "discarded")


def test_order_whose_buyer_was_erased_stays_discarded_and_nobodys_data_are_kept(
    common: Story, order: dict[str, Any]
) -> None:
    emptied = {**dict.fromkeys(order["billing"], ""), "first_name": "[deleted]", "email": "deleted@site.invalid"}

    said = change(common, order, billing=emptied, meta_data=[{"key": "_anonymized", "value": "yes"}])
    later = change(common, order, status="completed")

    bodies = "SELECT 1 FROM delivery WHERE position('Ilica' in convert_from(body, 'utf8')) > 0"
    assert (said["state"], later["state"]) == ("done", "done")
    assert common.connector.rows(bodies) == []
    assert kept_parts(common) == {"accepted": NOBODYS, "shown": None}


@pytest.mark.parametrize("how", ["erased", "deleted"])
@pytest.mark.parametrize("is_settled", [False, True])
def test_no_digest_of_a_single_field_outlives_its_buyer(
    common: Story, order: dict[str, Any], how: str, is_settled: bool
) -> None:
    change(common, order, billing={"phone": "+385915550001"})
    before = kept_parts(common)
    if is_settled:
        common.discard()
    emptied = {**dict.fromkeys(order["billing"], ""), "first_name": "[deleted]", "email": "deleted@site.invalid"}
    erased = {"billing": emptied, "meta_data": [{"key": "_anonymized", "value": "yes"}]}

    change(common, order, **(erased if how == "erased" else {"action": "delete"}))
    common.connector.ask(order["id"])
    common.go_on()

    after = kept_parts(common)
    assert "delivery.phone" in (before["accepted"] or {}) and "delivery.phone" in (before["shown"] or {})
    assert all(set(parts or {}) <= NOBODYS for parts in after.values())
    assert after["accepted"] == NOBODYS


def test_order_whose_lines_changed_waits_also_once_its_buyer_was_erased(common: Story, order: dict[str, Any]) -> None:
    change(common, order, **more_of(order))
    emptied = {**dict.fromkeys(order["billing"], ""), "first_name": "[deleted]", "email": "deleted@site.invalid"}

    said = change(common, order, billing=emptied, meta_data=[{"key": "_anonymized", "value": "yes"}])

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")


def test_equal_order_that_a_restored_shop_gave_the_same_id_is_told(common: Story) -> None:
    common.end_faults()
    common.connector.forget()
    common.sandbox.post(f"{common.sandbox.shop_url}/_control/backup", {"name": ""})
    common.sell_in_m3(ITEM, is_sold=False)
    first = common.place(billing=BUYER, payment_method="cod")
    common.go_on()
    common.discard()
    common.sell_in_m3(ITEM, is_sold=True)
    common.connector.forget()

    common.sandbox.post(f"{common.sandbox.shop_url}/_control/restore", {"name": ""})
    common.sandbox.post(f"{common.sandbox.shop_url}/_control/clock", {"offset_s": 3600})
    other = common.place(billing=BUYER, payment_method="cod")
    common.go_on()

    said = common.exchange()
    assert other["id"] == first["id"]
    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert "time it was placed (" in said["reason"]


def test_refund_of_all_of_it_is_told(common: Story, order: dict[str, Any]) -> None:
    said = change(common, order, refund={"amount": order["total"]})

    refund = common.exchange("refunds_to_m3")
    assert said["state"] == "done"
    assert (refund["state"], refund["reason_code"]) == ("dead_letter", "needs_person")
    assert "settled order" in refund["reason"]


def test_dry_run_says_who_discarded_it(common: Story, order: dict[str, Any]) -> None:
    connector = common.connector

    told = preview_order(connector.engine, connector.process.runtime.store(STORE), order_id=order["id"])

    assert told.transactions == []
    assert told.reason.startswith(SAYS)


def test_batch_order_that_was_discarded_is_not_confirmed_again(common: Story) -> None:
    common.m3_fault("OIS100MI/Confirm", "nok", code="OI00123")
    order = common.place()
    common.connector.drain()
    assert common.exchange()["reason_code"] == "m3_rejected"
    common.discard()

    said = change(common, order, status="completed")

    assert (said["state"], said["reason_code"]) == ("done", "discarded")
    assert common.sandbox.m3_book()["calls"]["OIS100MI/Confirm"] == 1


def test_discarded_batch_order_that_a_person_released_after_all_is_noticed(common: Story) -> None:
    order = confirm_with(common, "25")
    common.discard()
    release_in_m3(common)

    change(common, order, status="completed")

    assert common.complaints(order) == []
    assert common.connector.rows("SELECT 1 FROM discard") == []


@pytest.mark.parametrize("minutes", [1, 16])
def test_discarded_batch_order_released_in_m3_is_noticed_without_news_of_the_shop(common: Story, minutes: int) -> None:
    order = confirm_with(common, "25")
    common.discard()
    common.go_on()
    release_in_m3(common)

    common.connector.pass_time(minutes * 60)
    run_turn(common.connector.process, "hunt_orphans")
    common.go_on()

    is_noticed = common.complaints(order) == []
    assert is_noticed == (minutes > 15)


def test_discarded_batch_order_that_nobody_releases_is_looked_at_ever_more_seldom(common: Story) -> None:
    confirm_with(common, "25")
    common.discard()
    common.go_on()
    before = common.exchange()["claim_no"]

    for _ in range(24 * 4):
        common.connector.pass_time(901)
        run_turn(common.connector.process, "hunt_orphans")
        common.go_on()

    looks = common.exchange()["claim_no"] - before
    assert 10 < looks < 40
    assert common.exchange()["reason_code"] == "discarded"
    assert common.sandbox.m3_book()["calls"]["OIS100MI/Confirm"] == 1
