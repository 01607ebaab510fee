"""What buyers and testers do with the sandbox: stories, ways of delivering, faults, settings, the book."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests

from sandbox.shop.stories import STORIES
from tests.integration.sandbox_shop.conftest import Receiver, RunningShop

TOPICS = ("order.created", "order.updated")
CART: dict[str, Any] = {"lines": [{"sku": "MUG-001", "quantity": 2}]}


@pytest.mark.parametrize("kind", sorted(STORIES))
def test_every_story_adds_up(shop: RunningShop, kind: str) -> None:
    order = shop.control("orders", kind=kind).json()

    parts = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]
    assert sum(Decimal(p["total"]) + Decimal(p["total_tax"]) for p in parts) == Decimal(order["total"])
    taxes = [Decimal(t["tax_total"]) + Decimal(t["shipping_tax_total"]) for t in order["tax_lines"]]
    assert sum(taxes) == Decimal(order["total_tax"])
    assert order["billing"]["email"].endswith("@example.com")
    assert shop.call("GET", f"orders/{order['id']}").json()["total"] == order["total"]


def test_same_seed_tells_the_same_stories(shop: RunningShop) -> None:
    def tell(seed: int) -> list[tuple[str, str]]:
        shop.control("reset", seed=seed)
        orders = [shop.control("orders", kind=kind).json() for kind in ("guest", "registered", "guest")]
        return [(order["billing"]["email"], order["total"]) for order in orders]

    assert tell(7) == tell(7) != tell(8)


def test_stories_have_the_statuses_they_are_named_for(shop: RunningShop) -> None:
    kinds = ("on_hold", "cancelled", "pending", "checkout_draft", "completed")

    statuses = [shop.control("orders", kind=kind).json()["status"] for kind in kinds]

    assert statuses == ["on-hold", "cancelled", "pending", "checkout-draft", "completed"]


def test_cash_on_delivery_is_processed_but_not_paid(shop: RunningShop) -> None:
    order = shop.control("orders", kind="cod").json()

    assert (order["status"], order["date_paid"]) == ("processing", None)


def test_negative_fee_is_taxed_in_proportion_as_recorded(shop: RunningShop) -> None:
    order = shop.control("orders", kind="fee_negative").json()

    assert order["fee_lines"][1]["taxes"] == [{"id": 1, "total": "-0.842188", "subtotal": ""}]
    assert (order["total"], order["fee_lines"][1]["total_tax"]) == ("35.36", "-0.84")


def test_sixty_lines_are_sixty(shop: RunningShop) -> None:
    assert len(shop.control("orders", kind="sixty_lines").json()["line_items"]) == 60


def test_lost_deliveries_are_counted_not_sent(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *TOPICS)

    shop.control("orders", **CART, deliver="never")
    shop.flush()

    assert receiver.seen == []
    assert shop.book()["deliveries"]["suppressed"] == 2


def test_twice_sends_the_same_body_two_times(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *TOPICS)

    shop.control("orders", **CART, deliver="twice")
    shop.flush()

    assert receiver.topics() == ["order.created"] * 2 + ["order.updated"] * 2
    assert len({body for _, body in receiver.seen}) == 1


def test_reordered_sends_updated_first(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *TOPICS)

    shop.control("orders", **CART, deliver="reordered")
    shop.flush()

    assert receiver.topics() == ["order.updated", "order.created"]


def test_late_waits_and_automatic_dispatch_needs_no_flush(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created")
    shop.control("settings", late_s=0.6)
    started = time.monotonic()

    shop.control("orders", **CART, deliver="late")
    while not receiver.seen and time.monotonic() < started + 30:
        time.sleep(0.02)

    assert len(receiver.seen) == 1
    assert time.monotonic() - started >= 0.6


def test_admin_changes_an_order_with_deliveries(shop: RunningShop, receiver: Receiver) -> None:
    order = shop.control("orders", kind="on_hold").json()
    shop.listen(receiver, *TOPICS)

    changed = shop.control(f"orders/{order['id']}", status="processing").json()
    shop.flush()

    assert changed["status"] == "processing"
    assert receiver.topics() == ["order.updated"]


def test_book_agrees_with_rest(shop: RunningShop) -> None:
    order = shop.control("orders", kind="coupon_percent").json()
    body = {"meta_data": [{"key": "_m3_order_number", "value": "0010001234"}]}
    shop.call("PUT", f"orders/{order['id']}", json=body)
    shop.call("POST", f"orders/{order['id']}/notes", json={"note": "M3 order 0010001234"})

    (entry,) = shop.book()["orders"]

    assert {entry["total"], entry["total_tax"]} == {order["total"], order["total_tax"]}
    assert entry["meta"]["_m3_order_number"] == "0010001234"
    assert entry["notes"][-1] == "M3 order 0010001234"
    assert [line["total"] for line in entry["lines"]] == [line["total"] for line in order["line_items"]]


def test_rounding_at_subtotal_leaves_line_taxes_unrounded(shop: RunningShop) -> None:
    shop.control("settings", round_at_subtotal=True)
    cart = {"lines": [{"sku": "MUG-002"}, {"sku": "PENCIL-002", "quantity": 3}], "shipping_total": None}

    order = shop.control("orders", **cart).json()

    assert order["total_tax"] == "3.02"  # 25 % of 12.09 is 3.0225; rounded per line it would be 3.03
    assert [line["total_tax"] for line in order["line_items"]] == ["2.50", "0.53"]


def test_prices_with_tax_are_cut_to_net(shop: RunningShop) -> None:
    shop.control("settings", prices_include_tax=True)
    cart = {"lines": [{"sku": "BOOK-5"}], "coupons": ["TEN"], "shipping_total": None}

    order = shop.control("orders", **cart).json()

    assert order["line_items"][0]["total"] == "21.43"
    assert (order["total"], order["prices_include_tax"]) == ("22.50", True)


@pytest.mark.parametrize(("coupon", "discount"), [("FIVEOFF", "5"), ("MUGDEAL", "6"), ("ALLFREE", "47.69")])
def test_fixed_and_full_coupons_are_spread_to_the_cent(shop: RunningShop, coupon: str, discount: str) -> None:
    lines = [{"sku": "MUG-001", "quantity": 2}, {"sku": "MUG-002"}, {"sku": "PENCIL-002", "quantity": 17}]

    order = shop.control("orders", lines=lines, coupons=[coupon]).json()

    assert order["coupon_lines"][0]["discount"] == discount
    taken = sum(Decimal(i["subtotal"]) - Decimal(i["total"]) for i in order["line_items"])
    assert taken == Decimal(order["discount_total"]) == Decimal(discount)


def test_faults_that_were_played_are_counted(shop: RunningShop) -> None:
    shop.control("faults", rules=[{"fault": "http_503", "method": "POST", "times": 2}])

    for _ in range(3):
        shop.call("POST", "orders", json={})

    assert requests.get(f"{shop.url}/_control/faults", timeout=60).json()["injected"] == {"http_503": 2}


def test_faults_answer_before_anything_is_done(shop: RunningShop) -> None:
    rule = {"fault": "http_503", "path": "orders", "method": "POST", "times": 1}
    shop.control("faults", rules=[rule])

    refused = shop.call("POST", "orders", json={"customer_note": "x"})
    accepted = shop.call("POST", "orders", json={"customer_note": "x"})

    assert (refused.status_code, accepted.status_code) == (503, 201)
    assert refused.headers["Retry-After"] == "1"
    assert len(shop.book()["orders"]) == 1


def test_dropped_answer_leaves_the_work_done(shop: RunningShop) -> None:
    shop.control("faults", rules=[{"fault": "drop_after_commit", "method": "POST", "times": 1}])

    with pytest.raises(requests.ConnectionError):
        shop.call("POST", "orders", json={"customer_note": "x"})

    assert len(shop.book()["orders"]) == 1


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503, 504])
def test_fault_of_a_status_does_nothing(shop: RunningShop, status: int) -> None:
    shop.control("faults", rules=[{"fault": f"http_{status}", "method": "POST", "times": 1}])

    refused = shop.call("POST", "orders", json={"customer_note": "x"})

    assert refused.status_code == status
    assert shop.book()["orders"] == []


def test_late_answer_of_the_server_in_front_leaves_the_work_done(shop: RunningShop) -> None:
    shop.control("faults", rules=[{"fault": "late_answer", "method": "POST", "times": 1}])

    cut_off = shop.call("POST", "orders", json={"customer_note": "x"})

    assert cut_off.status_code == 504
    assert len(shop.book()["orders"]) == 1


def test_outage_and_latency(shop: RunningShop) -> None:
    shop.control("faults", outage_s=30)
    assert shop.call("GET", "orders").status_code == 503

    shop.control("faults", latency_ms=150)
    started = time.monotonic()
    assert shop.call("GET", "orders").status_code == 200
    assert time.monotonic() - started >= 0.15


def test_hanging_answer_comes_after_the_client_gave_up(shop: RunningShop) -> None:
    shop.control("faults", hang=1, hang_s=0.4)
    started = time.monotonic()

    shop.call("PUT", "products/22", json={"stock_quantity": 4})

    assert time.monotonic() - started >= 0.4


def test_products_can_be_added_and_changed(shop: RunningShop) -> None:
    made = shop.control("products", sku="NEW-1", name="New & nice", regular_price="3.00", manage_stock=True).json()
    changed = shop.control("products", sku="NEW-1", stock_quantity=7).json()

    assert (made["name"], made["id"]) == ("New &amp; nice", changed["id"])
    assert changed["stock_quantity"] == 7


def test_wrong_control_bodies_are_named(shop: RunningShop) -> None:
    assert "no kind" in shop.control("orders", kind="none").text.lower()
    assert shop.control("orders", lines=[{"sku": "NOPE"}]).status_code == 400
    assert "latency" in shop.control("faults", latency="much").text
    assert shop.book()["orders"] == []


def test_orders_and_products_share_one_number_series(shop: RunningShop) -> None:
    order = shop.control("orders", **CART).json()
    product = shop.call("POST", "products", json={"name": "x"}).json()

    assert product["id"] == order["id"] + 1


def test_deleted_product_leaves_its_name_on_the_line(shop: RunningShop) -> None:
    order = shop.control("orders", **CART).json()
    shop.call("DELETE", "products/10", params={"force": "true"})

    (line,) = shop.call("GET", f"orders/{order['id']}").json()["line_items"]

    assert (line["product_id"], line["sku"], line["name"]) == (0, None, "Enamel mug")


def test_parallel_orders_get_different_numbers(shop: RunningShop) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = [r.json()["id"] for r in pool.map(lambda _: shop.control("orders", **CART), range(24))]

    assert len(set(numbers)) == 24
    stock = next(p["stock_quantity"] for p in shop.book()["products"] if p["sku"] == "MUG-001")
    assert stock == 100 - 48


def test_block_checkout_keeps_its_marks(shop: RunningShop) -> None:
    order = shop.control("orders", **CART, checkout="block").json()

    assert [m["key"] for m in order["meta_data"]] == [
        *("_coupons_hash", "_fees_hash", "_shipping_hash", "_taxes_hash", "is_vat_exempt")
    ]
    assert re.fullmatch(r"wc_order_\w{13}", order["order_key"])
    assert json.dumps(order).isascii()
