"""What M3 and the shop may say of an item's stock, and what becomes of it."""

from __future__ import annotations

from connector.flows.stock.compare import compare
from connector.flows.stock.pull import pull
from tests.harness import STORE
from tests.integration.flows.stock.stock_story import FLOW, MUG, PAN, StockStory


def test_negative_stock_shows_none_and_is_told(story: StockStory) -> None:
    story.sandbox.m3_faults(trailing_minus=True)
    story.m3_holds(MUG, "-3")

    story.carry(MUG)

    offer = story.offer(MUG)
    assert story.shown(MUG) == 0
    assert offer["problem_code"] == "negative_on_hand"
    assert "-3" in offer["problem"]


def test_fractions_are_cut_to_whole_units(story: StockStory) -> None:
    story.m3_holds(MUG, "12.9")

    story.carry(MUG)

    assert story.shown(MUG) == 12


def test_absurd_stock_leaves_the_shop_alone(story: StockStory) -> None:
    before = story.shown(MUG)
    story.m3_holds(MUG, 10**12)

    story.carry(MUG)

    assert story.shown(MUG) == before
    assert story.offer(MUG)["problem_code"] == "absurd_balance"


def test_item_the_shop_does_not_have_is_told(story: StockStory) -> None:
    item = {"itno": "NEW-ITEM", "name": "New", "on_hand": "5"}
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", [item])

    story.carry("NEW-ITEM", MUG)

    assert story.offer("NEW-ITEM")["problem_code"] == "unknown_in_shop"
    assert story.offer(MUG)["problem_code"] is None


def test_units_of_the_shop_hold_several_of_m3s(story: StockStory) -> None:
    story.configure(unit="BOX", buffer="1")
    story.m3_holds(MUG, 47)  # seven boxes of six
    story.m3_holds(PAN, 9)  # is not sold in boxes

    story.carry(MUG, PAN)

    assert (story.shown(MUG), story.shown(PAN)) == (6, 8)


def test_warehouses_are_summed_and_a_lack_in_one_counts(story: StockStory) -> None:
    story.configure(warehouses=["001", "003"])
    story.m3_holds(MUG, 20)
    story.m3_holds(MUG, "-6", warehouse="003")

    story.carry(MUG)

    assert story.shown(MUG) == 14


def test_batch_the_shop_cannot_take_now_is_written_later(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.m3_holds(PAN, 21)
    story.sandbox.shop_rule("POST", "products/batch", "http_503")

    story.carry(MUG, PAN)
    story.go_on()

    assert (story.shown(MUG), story.shown(PAN)) == (20, 21)


def test_write_whose_answer_is_lost_is_computed_again(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.sandbox.shop_rule("POST", "products/batch", "drop_after_commit")
    story.due(MUG)

    story.run_once()
    story.m3_holds(MUG, 18)
    story.go_on()

    offer = story.offer(MUG)
    assert story.shown(MUG) == 18
    assert offer["wanted_rev"] == offer["done_rev"]
    assert story.connector.rows("SELECT * FROM document WHERE kind = 'batch'") == []


def test_minutely_pull_makes_due_what_changed(story: StockStory) -> None:
    store = story.connector.process.runtime.store(STORE)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": 600})
    pull(story.connector.engine, store, full=False)
    story.go_on()
    story.m3_holds(MUG, 33)
    story.m3_holds("SKU-0100", 5, warehouse="002")

    pulled = pull(story.connector.engine, store, full=False)
    story.go_on()

    assert (pulled.read, pulled.changed) == (1, 1)
    assert story.shown(MUG) == 33


def test_balance_that_was_read_already_makes_nothing_due_and_another_one_does(story: StockStory) -> None:
    store = story.connector.process.runtime.store(STORE)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": 600})
    pull(story.connector.engine, store, full=False)
    story.go_on()
    story.m3_holds(MUG, 33)
    pull(story.connector.engine, store, full=False)
    story.go_on()

    again = pull(story.connector.engine, store, full=False)
    story.m3_holds(MUG, 34)
    other = pull(story.connector.engine, store, full=False)
    story.go_on()

    assert (again.changed, other.changed) == (0, 1)
    assert story.shown(MUG) == 34


def test_mark_that_was_lost_is_made_again_by_the_next_poll(story: StockStory) -> None:
    store = story.connector.process.runtime.store(STORE)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": 600})
    pull(story.connector.engine, store, full=False)
    story.go_on()
    story.m3_holds(MUG, 33)
    pull(story.connector.engine, store, full=False)
    story.connector.rows("UPDATE offer SET done_rev = wanted_rev RETURNING item_number")

    again = pull(story.connector.engine, store, full=False)
    story.go_on()

    assert again.changed == 1
    assert story.shown(MUG) == 33


def test_list_that_some_gateways_would_cut_is_taken_for_cut(story: StockStory) -> None:
    store = story.connector.process.runtime.store(STORE)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": 600})
    pull(story.connector.engine, store, full=False)
    story.go_on()
    goods = [{"itno": f"MANY-{number}", "name": "Many", "on_hand": "5"} for number in range(1000)]
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", goods)

    pulled = pull(story.connector.engine, store, full=False)

    assert pulled.changed > 50


def test_first_pull_finds_the_products_of_the_shop(story: StockStory) -> None:
    story.m3_holds(MUG, 33)
    store = story.connector.process.runtime.store(STORE)

    pulled = pull(story.connector.engine, store, full=True)
    story.go_on()

    assert pulled.changed > 50
    assert story.shown(MUG) == 33
    kinds = story.connector.rows("SELECT DISTINCT kind FROM product ORDER BY kind")
    assert [row["kind"] for row in kinds] == ["simple", "variation"]


def test_comparison_says_why_both_sides_differ(story: StockStory) -> None:
    story.configure(buffer="2")
    for item, on_hand in ((MUG, 20), (PAN, 30), ("MUG-002", 40)):
        story.m3_holds(item, on_hand)
    story.buy(PAN, 4, status="on-hold")
    story.carry(MUG, PAN)
    story.due("MUG-002")
    store = story.connector.process.runtime.store(STORE)

    found = {one.item_number: one for one in compare(story.connector.engine, store)}

    assert {item: (one.m3, one.shop, one.reason) for item, one in found.items() if item in (MUG, PAN)} == {
        MUG: ("20", "18", "buffer"),
        PAN: ("30", "24", "in_flight"),
    }
    assert (found["MUG-002"].reason, found["MUG-002"].wanted) == ("pending", "38")


def test_comparison_shows_what_is_due_beside_what_m3_has(story: StockStory) -> None:
    story.m3_holds(MUG, "20.5")
    story.m3_holds(PAN, "-3")
    story.carry(MUG, PAN)
    store = story.connector.process.runtime.store(STORE)

    found = {one.item_number: one for one in compare(story.connector.engine, store)}

    assert {item: (one.m3, one.due, one.shop, one.reason) for item, one in found.items() if item in (MUG, PAN)} == {
        MUG: ("20.5", "20", "20", "part_of_unit"),
        PAN: ("-3", "0", "0", "below_none"),
    }


def test_offers_rest_when_all_is_carried(story: StockStory) -> None:
    story.m3_holds(MUG, 20)

    story.carry(MUG)

    assert story.connector.rows("SELECT 1 FROM offer WHERE flow = :flow AND wanted_rev > done_rev", flow=FLOW) == []
