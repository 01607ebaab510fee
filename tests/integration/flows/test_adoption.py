"""Orders that M3 holds already: found and adopted where they are surely ours, shown to a person where they are not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from connector.flows.orders.values import reference_of
from connector.ledger.session import transaction
from connector.m3.programs import batch_orders
from connector.woocommerce.models import parse_order
from tests.harness import STORE
from tests.integration.flows.story import Story

BUYER = {"first_name": "Iva", "email": "iva@example.com", "address_1": "Ilica 1", "city": "Zagreb", "country": "HR"}


def lose_ledger(story: Story) -> None:
    """Leaves the ledger as a restored backup from before the order would."""
    with transaction(story.connector.engine) as connection:
        tables = "exchange, delivery, document, step, attempt, binding, order_line, audit"
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))


def post(story: Story, **order: Any) -> dict[str, Any]:
    placed = story.place(**order)
    story.go_on()
    assert story.complaints(placed) == []
    return placed


def see_late(story: Story, order: dict[str, Any]) -> None:
    """Makes the order due as if it had been seen for the first time twenty minutes after it was placed."""
    story.connector.pass_time(1200)
    story.connector.ask(order["id"])
    story.go_on()


def by_hand(story: Story, *, customer: str, fields: dict[str, str]) -> str:
    """Makes an order in M3 that this connector did not make."""
    m3 = story.connector.process.runtime.store(STORE).m3
    head = {"CUNO": customer, "ORTP": "W01", "FACI": "001", "WHLO": "001", "CUCD": "EUR", **fields}
    temporary = batch_orders.read_temporary_number(m3.write([batch_orders.add_batch_head(head)])[0])
    line = {"ITNO": "MUG-001", "ORQT": "1", "SAPR": "10.00", "WHLO": "001"}
    m3.write([batch_orders.add_batch_line(temporary, line)])[0].require()
    return m3.write([batch_orders.confirm(temporary)])[0].first()["ORNO"]


def test_order_posted_before_the_ledger_was_lost_is_adopted_and_not_doubled(common: Story) -> None:
    order = post(common)
    lose_ledger(common)

    common.connector.ask(order["id"])  # the shop's meta says that M3 may know it
    common.go_on()

    assert len(common.orders()) == 1
    assert common.exchange()["reason"].startswith("found in M3")
    assert common.complaints(order) == []


def test_adopted_order_whose_proof_is_interrupted_is_told_to_the_shop_no_second_time(common: Story) -> None:
    order = post(common)
    lose_ledger(common)
    common.m3_fault("OIS100MI/GetOrderValue", "http_503")

    common.connector.ask(order["id"])
    common.go_on()

    assert common.injected()["http_503"] == {"OIS100MI/GetOrderValue": 1}
    assert common.complaints(order) == []


def test_order_seen_late_for_the_first_time_is_looked_up_without_any_mark(common: Story) -> None:
    common.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    order = common.place()
    common.connector.drain()
    lose_ledger(common)
    common.end_faults()

    see_late(common, order)

    assert common.complaints(order) == []


def test_equal_purchase_order_number_alone_is_not_adopted(common: Story) -> None:
    order = common.sandbox.place(kind="guest", lines=[{"sku": "MUG-001", "quantity": 2}], billing=BUYER)
    by_hand(common, customer="GUESTHREUR", fields={"CUOR": f"W1-{order['number']}", "YREF": "somebody else"})

    see_late(common, order)

    assert len(common.orders()) == 2
    assert common.exchange()["reason"].startswith("posted as")


def test_equal_reference_in_another_currency_is_for_a_person_and_leaves_no_batch_order(common: Story) -> None:
    order = common.sandbox.place(kind="guest", lines=[{"sku": "MUG-001", "quantity": 2}], billing=BUYER)
    reference = reference_of(STORE, parse_order(order))
    by_hand(common, customer="GUESTHREUR", fields={"YREF": reference, "CUCD": "USD"})

    see_late(common, order)

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "needs_person")
    assert len(common.orders()) == 1
    assert common.batch_orders() == []


def test_person_needed_before_a_second_confirm_leaves_no_batch_order(common: Story) -> None:
    common.m3_fault("OIS100MI/AddBatchLine", "drop_before_commit")
    order = common.place()
    common.connector.drain()
    by_hand(common, customer="GUESTHREUR", fields={"YREF": reference_of(STORE, parse_order(order)), "CUCD": "USD"})

    common.go_on()

    assert common.exchange()["reason_code"] == "needs_person"
    assert common.batch_orders() == []
    assert len(common.orders()) == 1


def test_second_document_is_looked_up_under_the_customer_the_first_was_sent_with(common: Story) -> None:
    common.m3_fault("OIS100MI/Confirm", "confirm_status", status="15")
    order = common.place()
    common.connector.drain()
    (temporary,) = common.batch_orders()
    common.sandbox.post(f"{common.sandbox.m3_url}/_control/batch_orders/{temporary}/release", {})
    with transaction(common.connector.engine) as connection:  # M3 cleared the batch table, so only the order tells
        connection.execute(text("UPDATE document SET state = 'abandoned'"))
    common.change(order, billing={"country": "DE"}, shipping={"country": "DE"})

    common.go_on()

    assert len(common.orders()) == 1
    assert common.batch_orders() == []
    assert common.exchange()["state"] == "dead_letter"  # the country changed after it was posted
