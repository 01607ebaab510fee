"""The stories whose every point is made to fail: one for each way an exchange can go. Used by cases.py.

A story prepares quietly what came before, then lets the connector work; `first` are faults that belong to it, by the step
they hit. A new flow needs a story here; test_every_write_is_a_point.py says when one is missing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.flows.pulling import Reason
from connector.flows.pulls import PULLS
from connector.flows.registry import flow_for_topic
from connector.ledger.inbox import record_delivery
from connector.ledger.leaving import asked_again
from connector.m3.programs import batch_orders
from tests.acceptance.crash_points import (
    accounts,
    ages,
    books,
    catalogue,
    changes,
    closing,
    goods,
    ledgers,
    messages,
    parcels,
    rates,
    refunds,
    shelves,
)
from tests.acceptance.crash_points.points import Fault
from tests.acceptance.crash_points.world import BUYER, World
from tests.harness import STORE, WEBHOOK_SECRET
from tests.integration.flows.story import quick_store, tax_sent
from webhook_receiver.app import create_app
from webhook_receiver.routes import Parts

COMMON = "GUESTHREUR"
SEEN_LATE_S = 1200


@dataclass(frozen=True)
class Told:
    """One story.

    Attributes:
        play: Tells it from beginning to rest.
        check: Says what is wrong in the end.
        first: Step -> the fault that belongs to the story and hits the step's first write.
        config: The store's file.
        again: Flows whose points are played in this story although an earlier one had them: their past is another here.
    """

    play: Callable[[World], None]
    check: Callable[[World], list[str]] = books.of_posted_orders
    first: Mapping[str, Fault] = field(default_factory=dict)
    config: str = field(default_factory=lambda: quick_store(guests="common"))
    again: tuple[str, ...] = ("orders_to_m3", "customers_to_m3")


def order_comes_in(world: World) -> None:
    world.place()
    world.go_on()


def order_with_everything_comes_in(world: World) -> None:
    """Two VAT rates, a coupon, a fee, shipping, items and a buyer nobody has seen."""
    lines = [{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}, {"sku": "SKU-0010", "quantity": 2}]
    world.place(lines=lines, coupons=["TEN"], fees=[{"name": "Gift wrap", "total": "4.00"}], customer_note="Ring twice")
    world.go_on()


def long_order_comes_in(world: World) -> None:
    world.place(lines=[{"sku": f"SKU-{number:04d}", "quantity": 1} for number in range(1, 86)])
    world.go_on()


def known_buyer_orders_from_another_address(world: World) -> None:
    with world.quietly():
        world.place()
        world.go_on()
    world.place(billing={**BUYER, "address_1": "Vlaška 7"})
    world.go_on()


def order_waits_unpaid(world: World) -> None:
    world.place(status="on-hold")
    world.go_on()


def order_waiting_unpaid(world: World, *, becomes: str) -> None:
    with world.quietly():
        order = world.place(status="on-hold")
        world.go_on()
    world.change(order, status=becomes)
    world.go_on()


def order_cancelled_before_it_is_taken(world: World) -> None:
    order = world.place()
    world.change(order, status="cancelled")
    world.go_on()


def order_found_after_the_ledger_was_lost(world: World) -> None:
    with world.quietly():
        order = world.place()
        world.go_on()
        world.lose_ledger()
    world.connector.ask(order["id"])
    world.go_on()


def batch_order_found_after_the_ledger_was_lost(world: World) -> None:
    """It was never confirmed, so it is deleted and the order built anew; seen late, since only then M3 is asked first."""
    with world.quietly():
        order = world.place(status="on-hold")
        world.go_on()
        world.lose_ledger()
        world.connector.pass_time(SEEN_LATE_S)
    world.change(order, status="processing")
    world.go_on()


def m3_makes_another_total(world: World) -> None:
    """The order is locked; a person corrects M3 and releases it."""
    world.tax_customer(COMMON, is_taxed=False)
    world.place()
    world.go_on()
    world.tax_customer(COMMON, is_taxed=True)
    world.release_all()
    world.go_on()


def gift_that_m3_prices(world: World) -> None:
    """M3 lets no discount count on an item, and gives a line that costs nothing its own price."""
    with world.quietly():
        gift = {"itno": "GIFT", "list_price": "12.90", "takes_discounts": False}
        world.sandbox.post(f"{world.sandbox.m3_url}/_control/items", [gift])
        world.sandbox.post(f"{world.sandbox.shop_url}/_control/products", {"sku": "GIFT", "regular_price": "0.00"})
    world.place(lines=[*CART, {"sku": "GIFT", "quantity": 2}])
    world.go_on()


def batch_order_stuck(world: World, *, status: str) -> None:
    with world.quietly():
        world.m3_fault("OIS100MI/Confirm", "confirm_status", status=status)
        world.place()
        world.connector.drain()


def batch_order_confirmed_too_early(world: World) -> None:
    batch_order_stuck(world, status="20")
    world.go_on()


def batch_order_released_by_a_person(world: World) -> None:
    batch_order_stuck(world, status="15")
    (temporary,) = world.batch_orders()
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/batch_orders/{temporary}/release", {})
    world.release_all()
    world.go_on()


def order_rebuilt_for_a_person(world: World, *, is_deleted: bool) -> None:
    batch_order_stuck(world, status="15")
    if is_deleted:
        (temporary,) = world.batch_orders()
        m3 = world.connector.process.runtime.store(STORE).m3
        with world.by_hand():
            m3.write([batch_orders.delete_batch_head(temporary)])[0].require()
    world.release_all(rebuild=True)
    world.go_on()


def poll_finds_order_and_echo(world: World) -> None:
    world.placed.append(world.sandbox.place(billing=BUYER, status="processing", payment_method="stripe", lines=CART))
    later = {"offset_s": 5}  # the shop's dates have whole seconds: an echo in the same one would be doubted
    world.sandbox.post(f"{world.sandbox.shop_url}/_control/clock", later)
    world.turn("poll_orders")
    world.go_on()
    world.turn("poll_orders")
    world.go_on()


def delivery_comes_in(world: World) -> None:
    """The shop tells once and never again; what was not stored, the poll finds."""
    order = world.sandbox.place(billing=BUYER, status="processing", payment_method="stripe", lines=CART)
    world.placed.append(order)
    world.work("receiver", lambda: deliver(world, order))
    world.turn("poll_orders")
    world.go_on()


def message_lost_and_worker_gone(world: World) -> None:
    """The broker lost a message, and a worker died with another order: the sweeper sends both."""
    world.place()
    world.place()
    with world.quietly():
        world.connector.claim_only(world.connector.rows("SELECT min(id) AS id FROM exchange")[0]["id"])
    world.sweep_until_sent()
    world.go_on()


def webhook_switched_off(world: World) -> None:
    shop = world.connector.process.runtime.store(STORE).shop
    address = f"http://127.0.0.1:9/webhooks/woocommerce/{STORE}"
    with world.by_hand():
        webhook = shop.create_webhook(name="t", topic="order.updated", delivery_url=address, secret=WEBHOOK_SECRET)
        shop.update_webhook(int(webhook["id"]), {"status": "disabled"})
    for _ in range(3):
        world.turn("watch_webhooks")
        world.go_on()
        if not of_webhook(world):
            return


def of_webhook(world: World) -> list[str]:
    webhooks = world.connector.process.runtime.store(STORE).shop.list_webhooks()
    states = [one["status"] for one in webhooks]
    wrong = [] if states == ["active"] else [f"webhooks: {states}"]
    return [*wrong, *books.of_rest_alone(world)]


def note_is_told_twice(world: World) -> None:
    """The note of a worker that woke after its lease arrives beside the one another told; M3 has news of the order."""
    with world.quietly():
        world.sandbox.shop_rule("POST", "orders/", "http_504")
        order = world.place()
        world.go_on()
        shop = world.connector.process.runtime.store(STORE).shop
        with world.by_hand():
            shop.add_note(order["id"], f"M3 order {world.sandbox.m3_book()['orders'][0]['orno']}")
        record_delivery(
            world.connector.engine, asked_again(STORE, order["id"], flow="order_status_to_woo", pool="status")
        )
    world.go_on()


def store_locked_out(world: World) -> None:
    """The shop shuts our key out while an order is posted; the store pauses, is probed, and goes on."""
    world.sandbox.shop_rule("GET", "orders/", "http_401")
    world.place()
    world.go_on()


def m3_is_compared_with_the_shop(world: World) -> None:
    """The jobs that read M3 have their turn; what they made due is carried quietly, for the flows have stories of their own."""
    for job in PULL_JOBS:
        world.turn(job)
    with world.quietly():
        world.sweep_until_sent()
        world.go_on()


def of_pulled(world: World) -> list[str]:
    """Says what is wrong: each kind was read as a whole once, and both sides of each item are the same."""
    slots = [row["job"] for row in world.connector.rows("SELECT job FROM slot WHERE job LIKE 'daily %' ORDER BY job")]
    runtime = world.connector.process.runtime
    reasons = {
        (row.item_number, row.reason)
        for kind in GOODS
        for row in PULLS[kind].compare(runtime.engine, runtime.store(STORE), item_numbers=goods.TWO)
    }
    wrong = [] if slots == [f"daily {kind} of {STORE}" for kind in sorted(PULLS)] else [f"read as a whole: {slots}"]
    wrong += [] if reasons == {(item, Reason.EQUAL) for item in goods.TWO} else [f"both sides: {reasons}"]
    return [*wrong, *books.of_rest_alone(world)]


def deliver(world: World, order: dict[str, Any]) -> None:
    """Brings a delivery to the receiver, signed as the shop signs."""
    runtime = world.receiver
    parts = Parts(
        secret=runtime.webhook_secret,
        record=partial(record_delivery, runtime.engine),
        offer=lambda _: True,
        flow_for_topic=flow_for_topic,
        check_ledger=dict,
        check_broker=dict,
    )
    body = json.dumps(order).encode()
    signature = base64.b64encode(hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Signature": signature}
    client = create_app(parts, due_by_pool=dict).test_client()
    answer = client.post(f"/webhooks/woocommerce/{STORE}", data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 200


GOODS = ("items", "prices", "stock")
PULL_JOBS = ("pull_items", "pull_stock", "compare_daily", "pull_prices", "pull_customers")
CART = [{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}]
OWN_CUSTOMER = quick_store()
HOLDING = quick_store(guests="common", **{"on-hold": "batch"})

STORIES: dict[str, Told] = {
    "new buyer, everything in the cart": Told(order_with_everything_comes_in, config=OWN_CUSTOMER),
    "more than 80 lines": Told(long_order_comes_in),
    "tax as charges": Told(order_comes_in, config=tax_sent()),
    "known buyer, new address": Told(known_buyer_orders_from_another_address, config=OWN_CUSTOMER),
    "customer's answer lost": Told(order_comes_in, first={"add": Fault.LOST_DONE}, config=OWN_CUSTOMER),
    "customer made late": Told(order_comes_in, first={"add": Fault.VERY_LATE}, config=OWN_CUSTOMER),
    "head's answer lost": Told(order_comes_in, first={"head": Fault.LOST_DONE}),
    "head made late": Told(order_comes_in, first={"head": Fault.VERY_LATE}),
    "lines' answer lost": Told(order_comes_in, first={"rest": Fault.LOST_DONE}),
    "lines refused in part": Told(order_comes_in, first={"rest": Fault.REFUSED}),
    "lines locked": Told(order_comes_in, first={"rest": Fault.LOCKED}),
    "Confirm's answer lost, done": Told(order_comes_in, first={"confirm": Fault.LOST_DONE}),
    "Confirm's answer lost, not done": Told(order_comes_in, first={"confirm": Fault.LOST_NOT_DONE}),
    "Confirm refused": Told(order_comes_in, first={"confirm": Fault.REFUSED}),
    "confirmed too early": Told(batch_order_confirmed_too_early),
    "released in OIS275": Told(batch_order_released_by_a_person),
    "rebuilt, left in error": Told(partial(order_rebuilt_for_a_person, is_deleted=False)),
    "rebuilt, deleted by hand": Told(partial(order_rebuilt_for_a_person, is_deleted=True)),
    "M3 makes another total": Told(m3_makes_another_total),
    "gift that M3 prices": Told(gift_that_m3_prices),
    "note's answer lost": Told(order_comes_in, first={"note": Fault.LOST_DONE}, again=("order_status_to_woo",)),
    "note told twice": Told(note_is_told_twice, again=("order_status_to_woo",)),
    "unpaid order waits": Told(order_waits_unpaid, books.of_one_batch_order, config=HOLDING),
    "unpaid order is paid": Told(partial(order_waiting_unpaid, becomes="processing"), config=HOLDING),
    "unpaid order is cancelled": Told(
        partial(order_waiting_unpaid, becomes="cancelled"), books.of_nothing_in_m3, config=HOLDING
    ),
    "cancelled before it is taken": Told(order_cancelled_before_it_is_taken, books.of_nothing_in_m3),
    "changed after posting": Told(changes.order_changed_after_posting, changes.of_changed),
    "taxed lines changed": Told(changes.taxed_lines_changed, config=tax_sent()),
    "changed while it is stopped": Told(changes.order_changed_after_posting, changes.of_changed, config=changes.STOPS),
    "changed again meanwhile": Told(changes.order_changed_twice),
    "change's answer lost": Told(
        changes.order_changed_after_posting, changes.of_changed, first={"change": Fault.LOST_DONE}
    ),
    "change made late": Told(
        changes.order_changed_after_posting, changes.of_changed, first={"change": Fault.VERY_LATE}
    ),
    "address changed after posting": Told(changes.address_changed_after_posting, books.of_rest_alone),
    "cancelled after posting": Told(changes.order_cancelled_after_posting, changes.of_closed),
    "cancelled and deleted in M3": Told(
        changes.order_cancelled_after_posting, books.of_nothing_in_m3, config=changes.DELETES
    ),
    "paid after it was cancelled": Told(changes.order_cancelled_and_restored),
    "deleted after posting": Told(changes.order_deleted_after_posting, changes.of_closed),
    "discarded before posting": Told(changes.discarded_order_is_told_of_again, books.of_nothing_in_m3),
    "discard, ledger lost": Told(changes.discard_is_found_again, changes.of_marked, again=("orders_to_m3",)),
    "discard taken back": Told(changes.discard_is_taken_back, changes.of_unmarked, again=("discards_to_woo",)),
    "ledger lost after posting": Told(
        order_found_after_the_ledger_was_lost, again=("orders_to_m3", "order_status_to_woo")
    ),
    "ledger lost before Confirm": Told(batch_order_found_after_the_ledger_was_lost, config=HOLDING),
    "found by the poll": Told(poll_finds_order_and_echo, again=()),
    "told by a webhook": Told(delivery_comes_in, again=()),
    "message lost, worker gone": Told(message_lost_and_worker_gone, again=()),
    "webhook switched off": Told(webhook_switched_off, of_webhook),
    "compared with the shop": Told(m3_is_compared_with_the_shop, of_pulled, config=goods.PUBLISHES_TWO, again=()),
    "catalogue grows": Told(
        catalogue.catalogue_grows_and_changes, catalogue.of_catalogue, config=catalogue.PUBLISHES_ITEMS, again=()
    ),
    "prices change": Told(goods.prices_change, goods.of_prices, config=goods.PUBLISHES_PRICES, again=()),
    "product changed in the shop": Told(
        goods.product_changes_in_the_shop, goods.of_products, config=goods.CARRIES_PRODUCTS, again=()
    ),
    "message of M3 released": Told(
        messages.message_is_released, messages.of_message, config=goods.PUBLISHES_TWO, again=()
    ),
    "stock corrected in the shop": Told(
        shelves.stock_is_corrected_in_the_shop, shelves.of_stock, config=shelves.SHOWS_STOCK, again=()
    ),
    "order is paid": Told(ledgers.order_is_paid, ledgers.of_payments, config=ledgers.CARRIES_PAYMENTS, again=()),
    "payment is paid back": Told(
        ledgers.payment_is_paid_back, ledgers.of_repayments, config=ledgers.CARRIES_PAYMENTS, again=()
    ),
    "invoice is credited": Told(
        ledgers.invoice_is_credited, ledgers.of_credits, config=ledgers.CREDITS_INVOICES, again=()
    ),
    "invoice is paid": Told(ledgers.invoice_is_paid, ledgers.of_settlements, config=ledgers.SETTLES_INVOICES, again=()),
    "paid at the gateway": Told(
        ledgers.smaller_order_is_paid,
        ledgers.of_smaller_order_paid,
        config=ledgers.PAYS_AT_THE_GATEWAY,
        again=("repayments_to_m3",),
    ),
    "day is closed": Told(closing.day_is_closed, closing.of_closed, config=closing.COMPARES_DAILY, again=()),
    "rates of the day": Told(rates.rates_of_the_day_are_read, rates.of_rates, config=rates.NEEDS_RATES, again=()),
    "goods given back": Told(refunds.goods_are_given_back, refunds.of_refunds, again=("refunds_to_m3",)),
    "money given back": Told(refunds.money_is_given_back_and_nobody_is_told, refunds.of_refunds, again=()),
    "refund, ledger lost": Told(
        refunds.refund_is_found_after_the_ledger_was_lost, refunds.of_refunds, again=("refunds_to_m3",)
    ),
    "refund of two invoices": Told(
        refunds.goods_of_two_invoices_are_given_back, refunds.of_refunds, again=("refunds_to_m3",)
    ),
    "refund before picking": Told(
        refunds.goods_are_given_back_before_picking,
        refunds.of_what_is_left,
        again=("orders_to_m3", "refunds_to_m3"),
    ),
    "refunded before picking": Told(
        refunds.order_is_refunded_before_picking, refunds.of_what_is_left, again=("orders_to_m3",)
    ),
    "smaller order found in M3": Told(
        refunds.smaller_order_is_found_after_the_ledger_was_lost,
        refunds.of_what_is_left,
        again=("orders_to_m3", "refunds_to_m3"),
    ),
    "old order purged": Told(ages.old_order_is_purged, ages.of_purged, again=()),
    "trail is sealed": Told(ages.trail_is_sealed, ages.of_sealed, again=()),
    "order is invoiced": Told(ledgers.order_is_invoiced, ledgers.of_invoices, config=ledgers.INVOICES_ORDERS, again=()),
    "units of an invoice": Told(
        shelves.units_leave_and_one_comes_back, shelves.of_issues, config=shelves.ISSUES_STOCK, again=()
    ),
    "delivered in part, then all": Told(parcels.order_leaves_in_two_parcels, parcels.of_parcels, again=()),
    "buyer with a VAT number": Told(
        accounts.buyer_with_a_vat_number_comes, accounts.of_vat_number, config=OWN_CUSTOMER, again=()
    ),
    "account changes": Told(
        accounts.account_changes, accounts.of_changed, config=accounts.FOLLOWS_ACCOUNTS, again=("customers_to_m3",)
    ),
    "account becomes a customer": Told(
        accounts.account_is_made_a_customer, accounts.of_made, config=accounts.following(create="at_once"), again=()
    ),
    "account is erased": Told(
        accounts.account_is_erased, accounts.of_erased, config=accounts.FOLLOWS_ACCOUNTS, again=()
    ),
    "account is erased while it changes": Told(
        accounts.account_is_erased_while_it_changes,
        accounts.of_erased_while_it_changed,
        first={"change": Fault.LOST_NOT_DONE},
        config=accounts.FOLLOWS_ACCOUNTS,
        again=("customers_to_m3",),
    ),
    "customer shown in the shop": Told(
        accounts.customer_is_shown_in_the_shop, accounts.of_shown, config=accounts.SHOWS_CUSTOMERS, again=()
    ),
    "store locked out": Told(store_locked_out, again=()),
}
"""What the table tells, in its order: a point is played with all its faults in the first story that has it."""
