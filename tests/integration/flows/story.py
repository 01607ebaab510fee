"""One order from the shop into M3 and back, told again and again under faults, with the books compared at the end."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import Any

from sqlalchemy import text

from connector.flows.registry import flow_for_topic
from connector.ledger.dispatch import revive_dead_letters
from connector.ledger.inbox import record_delivery
from connector.ledger.people import discard, release
from connector.ledger.session import transaction
from tests.harness import STORE, Connector, store_file
from webhook_receiver.body import SignedBody
from webhook_receiver.intake import delivery

CUT_S = 0.2
LATE_S = 0.1
TAX_CHARGES = [
    {"kind": "line_tax", "rate": "25", "id": "TAX25"},
    {"kind": "line_tax", "rate": "5", "id": "TAX05"},
    {"kind": "shipping_tax", "rate": "25", "id": "STX25"},
    {"kind": "shipping_tax", "rate": "5", "id": "STX05"},
]
_numbers = count(1)


def quick_store(**changes: Any) -> str:
    """Returns a store file for tests: a short gateway cut, no throttling, and a customer of one's own for each buyer."""
    return store_file(
        **{"gateway_cut_s": CUT_S, "requests_per_s": 1000, "concurrency": 50, "guests": "per_email", **changes}
    )


def tax_sent() -> str:
    """Returns a store file in tax mode T, with its charges and a common customer without VAT."""
    content = quick_store(guests="common", tax_mode="T").replace("number: GUESTHREUR", "number: TAXTEUR")
    charges = "".join(
        f'\n    - {{kind: {one["kind"]}, rate: "{one["rate"]}", currency: EUR, id: {one["id"]}}}' for one in TAX_CHARGES
    )
    anchor = "id: SHP25}"
    assert anchor in content
    return content.replace(anchor, anchor + charges, 1)


def deliver(connector: Connector, topic: str, resource: dict[str, Any]) -> None:
    """Has the receiver take a delivery that the shop built from a resource."""
    body = json.dumps(resource).encode()
    signed = SignedBody(body, len(body), hashlib.sha256(body).hexdigest(), is_genuine=True)
    headers = {"X-WC-Webhook-Topic": topic}
    record_delivery(connector.engine, delivery(STORE, headers, body=signed, flow_for_topic=flow_for_topic))


class Story:
    """The world of a crash test: one connector, one order at a time, each with a buyer of its own."""

    def __init__(self, connector: Connector, **changes: Any) -> None:
        """Gives the store its file."""
        self.connector = connector
        self.sandbox = connector.sandbox
        self.is_common = changes.get("guests") == "common"
        connector.configure(quick_store(**changes))

    def start_anew(self) -> None:
        """Empties both systems and the ledger of what was carried."""
        self.sandbox.reset()
        with transaction(self.connector.engine) as connection:
            tables = "exchange, delivery, document, step, attempt, binding, order_line, audit, token, clock_offset"
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))

    def lose_ledger(self) -> None:
        """Leaves the ledger as a restored backup from before the order would."""
        with transaction(self.connector.engine) as connection:
            tables = "exchange, delivery, document, step, attempt, binding, order_line, audit"
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))

    def mark_of(self, order: dict[str, Any]) -> str:
        """Returns what the mark of an order in the shop says of discards; nothing, if it has none."""
        held = next(one for one in self.sandbox.shop_book()["orders"] if one["id"] == order["id"])
        return str(held["meta"].get("_m3_discarded", ""))

    def end_faults(self) -> None:
        """Ends all faults of both systems."""
        self.sandbox.m3_faults(gateway_cut_s=CUT_S, late_commit_s=LATE_S)
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/faults", {})

    def m3_fault(self, transaction: str, fault: str, *, times: int = 1, **more: Any) -> None:
        """Lets the next call of one transaction (PROGRAM/Name) fail."""
        program, name = transaction.split("/")
        rule = {"program": program, "transaction": name, "fault": fault, "times": times, **more}
        self.sandbox.m3_faults(rules=[rule], gateway_cut_s=CUT_S, late_commit_s=LATE_S)

    def place(self, **order: Any) -> dict[str, Any]:
        """Places an order of two known products by a buyer nobody has seen, and makes it due."""
        buyer = {
            **{"first_name": "Iva", "last_name": "Horvat", "email": f"iva{next(_numbers)}@example.com"},
            **{
                "address_1": "Ilica 1",
                "city": "Zagreb",
                "postcode": "10000",
                "country": "HR",
                "phone": "+385915550000",
            },
        }
        lines = [{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}]
        cart = {"billing": buyer, "lines": lines, "payment_method": "stripe", "status": "processing", **order}
        placed = self.sandbox.place(**cart)
        self.connector.ask(placed["id"])
        return placed

    def begin(self) -> dict[str, Any]:
        """Ends what an earlier telling left (faults, clock, gates, things remembered) and places the next order."""
        self.end_faults()
        self.connector.forget()
        self.connector.pass_time(0)
        self.connector.set_clock_back()
        return self.place()

    def go_on(self) -> None:
        """Runs what is due until everything rests."""
        self.connector.settle()

    def go_on_late(self) -> None:
        """Does the same, but lets M3 do first what it answered too late."""
        self.connector.drain()
        self.sandbox.m3_does_late_work()
        self.connector.settle()

    def recover(self) -> None:
        """Lets the dead worker's lease expire and goes on."""
        self.connector.let_lease_expire()
        self.connector.settle()

    def injected(self) -> dict[str, dict[str, int]]:
        """Returns which faults M3 played since its last reset: fault -> PROGRAM/Transaction -> times."""
        counted: dict[str, dict[str, int]] = self.sandbox.get(f"{self.sandbox.m3_url}/_control/faults")["injected"]
        return counted

    def release(self, exchange_id: int, *, rebuild: bool = False) -> None:
        """Releases a dead letter, as a person does."""
        with transaction(self.connector.engine) as connection:
            release(connection, exchange_id, who="test", why="tested", rebuild=rebuild)

    def discard(self, flow: str = "orders_to_m3", *, entered_as: str = "") -> None:
        """Discards the newest exchange of a flow, as a person does who has entered it in M3 by hand."""
        with transaction(self.connector.engine) as connection:
            exchange_id = self.exchange(flow)["id"]
            discard(connection, exchange_id, who="ana", why="entered by hand", entered_as=entered_as)

    def sell_in_m3(self, item: str, *, is_sold: bool) -> None:
        """Lets M3 take orders of an item, or not."""
        items = [{"itno": item, "status": "20" if is_sold else "90"}]
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/items", items)

    def orders(self) -> list[dict[str, Any]]:
        """Returns the orders M3 holds."""
        held: list[dict[str, Any]] = self.sandbox.m3_book()["orders"]
        return held

    def order_of(self, order: dict[str, Any]) -> dict[str, Any]:
        """Returns the sale in M3."""
        (found,) = [one for one in self.orders() if one["yref"].startswith(f"{STORE}-{order['id']}-")]
        return found

    def advance(self, order: dict[str, Any], status: str, *lines: dict[str, Any]) -> None:
        """Has M3's people take an order, or some of its lines, up to a status."""
        self.sandbox.advance(self.order_of(order)["orno"], status, **({"lines": list(lines)} if lines else {}))

    def batch_orders(self) -> list[str]:
        """Returns the temporary numbers of the batch orders in M3 that are no order yet."""
        return [str(one["temporary_orno"]) for one in self.sandbox.m3_book()["batch_orders"]]

    def exchange(self, flow: str = "orders_to_m3") -> dict[str, Any]:
        """Returns the newest exchange of a flow."""
        statement = "SELECT * FROM exchange WHERE flow = :flow ORDER BY id DESC LIMIT 1"
        return self.connector.rows(statement, flow=flow)[0]

    def change(self, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Changes an order in the shop as the administration would, and makes it due."""
        url = f"{self.sandbox.shop_url}/_control/orders/{order['id']}"
        changed: dict[str, Any] = self.sandbox.post(url, {"deliver": "never", **changes})
        self.connector.ask(order["id"])
        return changed

    def pass_and_settle(self) -> None:
        """Lets the quarter of an hour pass after which what waits is looked at, and goes on until everything rests."""
        self.connector.pass_time(901)
        self.go_on()

    def look_again(self) -> None:
        """Lets the same time pass and runs what is due then, and no more."""
        self.connector.pass_time(901)
        self.connector.drain()

    def revive(self) -> None:
        """Lets the time pass after which a dead letter that may cure itself is looked at again."""
        self.connector.pass_time(901)
        with transaction(self.connector.engine) as connection:
            revive_dead_letters(connection)
        self.connector.settle()

    def tax_customer(self, number: str, *, is_taxed: bool) -> None:
        """Switches VAT of an M3 customer on or off, which changes what M3 makes of its orders."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/customers", {"cuno": number, "is_taxed": is_taxed})

    def complaints(self, order: dict[str, Any]) -> list[str]:
        """Compares shop, M3 and ledger for one order; returns what is wrong."""
        book = self.sandbox.m3_book()
        held = [one for one in book["orders"] if one["yref"].startswith(f"{STORE}-{order['id']}-")]
        shop = next(one for one in self.sandbox.shop_book()["orders"] if one["id"] == order["id"])
        customers = [one for one in book["customers"] if order["billing"]["email"] in str(one)]
        own = 0 if self.is_common else 1
        states = self.connector.rows("SELECT flow, state, reason FROM exchange WHERE state <> 'done'")
        number = held[0]["orno"] if held else None
        wrong = {
            f"totals in M3: {[one['total'] for one in held]}": [one["total"] for one in held] == [order["total"]],
            f"lines in M3: {[len(one['lines']) for one in held]}": [len(one["lines"]) for one in held] == [2],
            f"held in M3: {[one['held'] for one in held]}": [one["held"] for one in held] == [False],
            f"batch orders left: {book['batch_orders']}": book["batch_orders"] == [],
            f"customers: {len(customers)}": len(customers) == own,
            f"not done: {states}": states == [],
            f"number in the shop: {shop['meta'].get('_m3_order_number')}": shop["meta"].get("_m3_order_number")
            == number,
            f"notes: {self.connector.notes(order['id'])}": self.connector.notes(order["id"]) == [f"M3 order {number}"],
        }
        return [what for what, is_right in wrong.items() if not is_right]
