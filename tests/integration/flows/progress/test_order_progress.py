"""The progress of an order in M3 becomes the shop's: over real servers, told by BOD, poll or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any
from unittest.mock import patch

import pytest

from connector.flows.event_intake import BodMessage, take_bod
from connector.flows.progress.poll import poll_progress
from connector.ion.ims import Parameters
from connector.ion.payload import open_payload
from connector.ion.rules import load_event_rules
from connector.m3.client import M3Client
from connector.woocommerce.client import WooClient
from tests.harness import ROOT, SETTLED_S, STORE, Connector
from tests.integration.flows.story import Story, quick_store

IN_FIXTURES = b"0010004567"
SAMPLE = (ROOT / "tests" / "fixtures" / "ion" / "02-sync-salesorder-shipped.xml").read_bytes()
SHIPMENT = (ROOT / "tests" / "fixtures" / "ion" / "04-sync-shipment-tracking.xml").read_bytes()
INVOICE = b"""<?xml version="1.0" encoding="UTF-8"?>
<SyncInvoice xmlns="http://schema.infor.com/InforOAGIS/2" releaseID="9.2">
  <ApplicationArea><Sender><LogicalID>lid://infor.m3.m3tst</LogicalID></Sender></ApplicationArea>
  <DataArea>
    <Sync>
      <TenantID>ACMEM3_TST</TenantID><AccountingEntityID>100_AAA</AccountingEntityID><LocationID>001</LocationID>
      <ActionCriteria><ActionExpression actionCode="Add"/></ActionCriteria>
    </Sync>
    <Invoice>
      <InvoiceHeader><DocumentID><ID accountingEntity="100_AAA" variationID="1">7000012</ID></DocumentID></InvoiceHeader>
      <InvoiceLine><SalesOrderReference><DocumentID><ID>0010004567</ID></DocumentID></SalesOrderReference></InvoiceLine>
    </Invoice>
  </DataArea>
</SyncInvoice>
"""
EXCHANGE = "SELECT * FROM exchange WHERE flow = 'order_status_to_woo'"


DAY_S = 86400.0

NUMBER = ["PUT order meta", "POST order note"]


class Posted:
    """One order of two lines that is in M3 and whose number the shop knows."""

    def __init__(self, connector: Connector) -> None:
        self.connector, self.sandbox = connector, connector.sandbox
        self.story = Story(connector, guests="common")
        self.order = self.story.place()
        self.story.go_on()
        (self.orno,) = (one["orno"] for one in self.story.orders())

    def configure(self, progress: str) -> None:
        content = quick_store(guests="common")
        begin, end = content.index("  progress:"), content.index("\nmoney:")
        self.connector.configure(f"{content[:begin]}  progress: {progress}\n{content[end:]}")

    def advance(self, to: str, **how: Any) -> None:
        self.sandbox.advance(self.orno, to, **how)

    def tell(self, *, version: int, document: bytes = SAMPLE) -> bool:
        """Brings a version of a BOD about the order and runs what it made due; tells whether it made anything due."""
        store = self.connector.process.runtime.store(STORE)
        content = document.replace(IN_FIXTURES, self.orno.encode()).replace(b"7003", str(version).encode())
        payload = open_payload(BytesIO(content))
        message = BodMessage(STORE, "", Parameters({}), payload)
        rules = load_event_rules(ROOT / "config")
        taken = take_bod(self.connector.engine, message, rules=rules, scope_of=lambda _: store.m3_scope)
        payload.close()
        self.story.go_on()
        return bool(taken.messages)

    def poll(self) -> int:
        """Asks M3 for all unfinished orders and runs what moved; gives how many did."""
        polled = poll_progress(self.connector.engine, self.connector.process.runtime.store(STORE))
        self.story.go_on()
        return polled.news

    @contextmanager
    def m3_says(self, **fields: str) -> Iterator[None]:
        """Lets M3 list the lines otherwise than they are."""
        real = M3Client.read

        def other(client: M3Client, calls: Any, **how: Any) -> Any:
            return [
                replace(answer, records=tuple({**record, **fields} for record in answer.records))
                for answer in real(client, calls, **how)
            ]

        with patch.object(M3Client, "read", other):
            yield

    @property
    def shop(self) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.sandbox.shop_book()["orders"] if one["id"] == self.order["id"])
        return found

    @property
    def notes(self) -> list[str]:
        """What was told, without what the shop notes by itself."""
        held = self.connector.process.runtime.store(STORE).shop.list_notes(self.order["id"])
        texts = sorted(str(one["note"]) for one in held)
        return [one for one in texts if one.startswith(("M3 order", "Delivery", "A part"))]

    @property
    def writes(self) -> list[str]:
        rows = self.connector.rows("SELECT action FROM audit WHERE system = 'shop' ORDER BY id")
        return [row["action"] for row in rows]

    @property
    def exchange(self) -> dict[str, Any]:
        return self.connector.rows(EXCHANGE)[0]


@pytest.fixture
def posted(connector: Connector) -> Posted:
    return Posted(connector)


def test_part_is_kept_apart_from_all_and_each_delivery_is_told_once(posted: Posted) -> None:
    posted.advance(to="66", lines=[{"ponr": 1, "quantity": "2"}], tracking="T-1")
    posted.tell(version=1)
    part = posted.shop

    posted.advance(to="66", packages=["T-2", "T-3"])
    posted.tell(version=2)

    first, second = (one["dlix"] for one in posted.sandbox.m3_book()["deliveries"])
    assert (part["status"], part["meta"]["_m3_delivery"], part["meta"]["_m3_tracking"]) == ("processing", "part", "T-1")
    whole = posted.shop
    assert (whole["status"], whole["meta"]["_m3_delivery"]) == ("completed", "all")
    assert whole["meta"]["_m3_tracking"] == "T-1, T-2, T-3"
    assert posted.notes == [
        f"A part was delivered (M3 order {posted.orno})",
        f"Delivery {first} is on its way. Tracking number: T-1",
        f"Delivery {second} is on its way. Tracking number: T-2, T-3",
        f"M3 order {posted.orno}",
    ]
    held = posted.connector.process.runtime.store(STORE).shop.list_notes(posted.order["id"])
    assert {one["customer_note"] for one in held if one["note"].startswith("Delivery")} == {True}
    assert posted.exchange["reason"] == f"the shop knows {posted.orno}; delivered in M3 (66/66)"


def test_invoices_are_told_and_finish_the_order(posted: Posted) -> None:
    posted.advance(to="77", lines=[{"ponr": 1}])
    posted.poll()
    posted.advance(to="77")
    assert posted.poll() == 1

    numbers = [one["exin"] for one in posted.sandbox.m3_book()["order_invoices"]]
    assert posted.shop["meta"]["_m3_invoices"] == ", ".join(numbers)
    assert len(numbers) == 2
    before = posted.sandbox.m3_book()["calls"]["OIS100MI/LstLine"]
    assert posted.poll() == 0
    assert posted.sandbox.m3_book()["calls"]["OIS100MI/LstLine"] == before


@pytest.mark.parametrize("document", [SAMPLE, SHIPMENT, INVOICE], ids=["SalesOrder", "Shipment", "Invoice"])
def test_each_document_of_m3_about_an_order_has_it_looked_at(posted: Posted, document: bytes) -> None:
    posted.advance(to="77", tracking="T-1")

    assert posted.tell(version=1, document=document)

    (number,) = (one["exin"] for one in posted.sandbox.m3_book()["order_invoices"])
    told = posted.shop
    assert (told["status"], told["meta"]["_m3_delivery"], told["meta"]["_m3_invoices"]) == ("completed", "all", number)
    assert told["meta"]["_m3_tracking"] == "T-1"


def test_line_that_is_invoiced_has_left_though_m3_counts_it_as_delivered_no_more(posted: Posted) -> None:
    posted.configure("{deliveries: line}")
    posted.advance(to="77", tracking="T-1")

    with posted.m3_says(DLQT="0"):
        posted.poll()

    assert posted.shop["meta"]["_m3_tracking"] == "T-1"


def test_finished_order_is_no_open_sale_though_nobody_asks_for_its_items(posted: Posted) -> None:
    assert posted.connector.rows("SELECT is_open FROM sale") == [{"is_open": True}]
    posted.connector.pass_time(700)
    posted.poll()

    posted.advance(to="77")
    posted.poll()
    posted.connector.settle()

    assert posted.connector.rows("SELECT is_open FROM sale") == [{"is_open": False}]


def test_order_that_stands_still_is_asked_about_ever_more_seldom_and_then_no_more(posted: Posted) -> None:
    def asked_after(days: float) -> int:
        posted.connector.pass_time(days * DAY_S)
        return poll_progress(posted.connector.engine, posted.connector.process.runtime.store(STORE)).rows

    first = [asked_after(0), asked_after(0)]
    month = [asked_after(30), asked_after(0.1), asked_after(0.3)]
    year = [asked_after(340), asked_after(1), asked_after(4)]

    assert (first, month, year) == ([1, 1], [1, 0, 1], [1, 0, 1])
    assert asked_after(40) == 0


def test_order_that_moves_after_a_long_time_is_asked_about_each_time_again(posted: Posted) -> None:
    posted.poll()
    posted.connector.pass_time(60 * DAY_S)
    posted.poll()
    posted.connector.pass_time(DAY_S)

    posted.advance(to="66")
    moved = posted.poll()
    posted.connector.settle()
    posted.connector.pass_time(600)
    posted.advance(to="77")

    assert (moved, posted.poll()) == (1, 1)


def test_invoice_number_that_comes_after_everything_left_is_told_without_another_status(posted: Posted) -> None:
    posted.advance(to="66")
    posted.tell(version=1)
    before = posted.shop["meta"].get("_m3_invoices")

    posted.advance(to="77")
    posted.tell(version=1, document=INVOICE)

    assert before is None
    assert posted.shop["meta"]["_m3_invoices"]
    assert posted.writes[-1] == "PUT order"
    assert posted.shop["status"] == "completed"


def test_message_that_comes_twice_or_late_writes_nothing_more(posted: Posted) -> None:
    posted.advance(to="66")
    assert posted.tell(version=5)
    told, writes = posted.shop, posted.writes

    assert not posted.tell(version=5)
    assert not posted.tell(version=4)
    assert posted.tell(version=6)
    assert posted.poll() == 0

    assert posted.shop["meta"] == told["meta"]
    assert posted.writes == writes == [*NUMBER, "PUT order", "POST order note"]


def test_message_that_never_comes_is_made_up_for_by_the_poll(posted: Posted) -> None:
    assert posted.poll() == 0  # just posted: nothing moved
    posted.advance(to="66")

    assert posted.poll() == 1
    assert posted.poll() == 0

    assert posted.shop["status"] == "completed"
    assert len(posted.notes) == 2


def test_the_poll_asks_for_many_orders_in_one_request(posted: Posted) -> None:
    for _ in range(4):
        posted.story.place()
    posted.story.go_on()
    posted.advance(to="66")
    before = posted.sandbox.m3_book()["http_calls"]

    polled = poll_progress(posted.connector.engine, posted.connector.process.runtime.store(STORE))

    assert (polled.rows, polled.news) == (5, 1)
    assert posted.sandbox.m3_book()["http_calls"] - before == 1


def test_second_delivery_of_a_line_is_noticed_although_its_status_stays(posted: Posted) -> None:
    for tracking in ("T-1", "T-2"):
        posted.advance(to="66", lines=[{"ponr": 1, "quantity": "1"}], tracking=tracking)
        assert posted.poll() == 1

    assert posted.shop["meta"]["_m3_tracking"] == "T-1, T-2"
    assert sum(note.startswith("Delivery") for note in posted.notes) == 2


@pytest.mark.parametrize("by_hand", ["completed", "cancelled", "refunded", "failed", "on-hold"])
def test_what_a_person_made_of_the_order_stays(posted: Posted, by_hand: str) -> None:
    shop = posted.connector.process.runtime.store(STORE).shop
    shop.put_order(posted.order["id"], {"status": by_hand})

    posted.advance(to="77")
    posted.poll()

    assert posted.shop["status"] == by_hand
    assert posted.shop["meta"]["_m3_delivery"] == "all"


def test_order_that_falls_back_in_m3_does_not_fall_back_in_the_shop(posted: Posted) -> None:
    posted.advance(to="66")
    posted.tell(version=1)
    before = posted.shop

    with posted.m3_says(ORST="22"):
        posted.tell(version=2)

    assert (before["status"], posted.shop["status"]) == ("completed", "completed")
    assert posted.shop["meta"]["_m3_delivery"] == "all"
    assert posted.exchange["reason"].endswith("open in M3 (22/22)")


def test_order_in_the_trash_is_told_nothing(posted: Posted) -> None:
    posted.story.change(posted.order, action="trash")
    posted.advance(to="77")

    polled = poll_progress(posted.connector.engine, posted.connector.process.runtime.store(STORE))
    for message in polled.messages:
        posted.connector.run(message.exchange_id)

    assert posted.writes == NUMBER
    assert posted.exchange["state"] == "done"


def test_status_goes_to_that_of_a_part_and_on(posted: Posted) -> None:
    posted.configure("{statuses: {part_delivered: on-hold}, forwards: [processing, on-hold, completed]}")
    posted.advance(to="66", lines=[{"ponr": 2}])
    posted.poll()
    part = posted.shop["status"]

    posted.advance(to="66")
    posted.poll()

    assert (part, posted.shop["status"]) == ("on-hold", "completed")
    assert not any("A part was delivered" in note for note in posted.notes)


def test_unknown_status_is_explained_and_moves_nothing(posted: Posted) -> None:
    with posted.m3_says(ORST="88"):
        posted.tell(version=1)

    assert posted.writes == NUMBER
    assert posted.exchange["state"] == "done"
    assert "88 is no order status anybody knows" in posted.exchange["reason"]


def test_status_is_carried_although_m3_has_no_delivery_programs(posted: Posted) -> None:
    posted.advance(to="66")
    posted.sandbox.m3_faults(
        rules=[
            {"program": "MWS411MI", "transaction": "LstDelLnByOrd", "fault": "nok", "code": "XAU0009", "message": "No"}
        ]
    )
    posted.poll()

    held = posted.exchange
    assert (posted.shop["status"], posted.shop["meta"]["_m3_delivery"]) == ("completed", "all")
    assert held["state"] == "dead_letter"
    assert "MWS411MI/LstDelLnByOrd" in held["reason"]
    assert "orders.progress.deliveries: none" in held["resolution"]
    posted.configure("{deliveries: line}")
    posted.story.release(held["id"])
    posted.story.go_on()
    assert sum(note.startswith("Delivery") for note in posted.notes) == 1
    assert posted.exchange["state"] == "done"


def test_note_whose_answer_is_lost_is_told_once(posted: Posted) -> None:
    posted.advance(to="66")
    posted.sandbox.shop_rule("POST", f"orders/{posted.order['id']}/notes", "drop_after_commit")

    posted.poll()

    assert sum(note.startswith("Delivery") for note in posted.notes) == 1
    assert posted.exchange["state"] == "done"
    (row,) = posted.connector.rows("SELECT told FROM order_progress")
    (delivery,) = posted.sandbox.m3_book()["deliveries"]
    assert row["told"] == [f"delivery {delivery['dlix']}"]


def test_empty_list_of_notes_is_read_twice_before_a_note_is_told(posted: Posted) -> None:
    posted.advance(to="66")
    posted.poll()
    posted.connector.rows("UPDATE order_progress SET told = '[]', seen = '' RETURNING 1")
    real = WooClient.list_notes
    answers = iter([[]])

    with patch.object(WooClient, "list_notes", lambda *where: next(answers, None) or real(*where)):
        posted.connector.pass_time(SETTLED_S)
        posted.poll()

    assert sum(note.startswith("Delivery") for note in posted.notes) == 1
    assert posted.connector.notes(posted.order["id"]) == [f"M3 order {posted.orno}"]
    assert posted.exchange["state"] == "done"


def test_order_whose_notes_are_gone_for_good_is_told_all_the_same(posted: Posted) -> None:
    shop = posted.connector.process.runtime.store(STORE).shop
    for note in shop.list_notes(posted.order["id"]):
        shop.delete_note(posted.order["id"], int(note["id"]))
    posted.advance(to="66")

    posted.poll()

    assert sum(note.startswith("Delivery") for note in posted.notes) == 1
    assert posted.exchange["state"] == "done"


def test_note_is_not_told_again_by_a_ledger_that_forgot_it(posted: Posted) -> None:
    posted.advance(to="66")
    posted.poll()
    posted.connector.rows("UPDATE order_progress SET told = '[]', seen = '' RETURNING 1")

    posted.connector.pass_time(SETTLED_S)
    posted.poll()

    assert sum(note.startswith("Delivery") for note in posted.notes) == 1


def test_echo_of_what_was_written_starts_no_round(posted: Posted) -> None:
    posted.advance(to="66")
    posted.poll()
    before = posted.connector.rows("SELECT count(*) AS n FROM audit")[0]["n"]

    posted.connector.ask(posted.order["id"])
    posted.story.go_on()

    assert posted.connector.rows("SELECT count(*) AS n FROM audit")[0]["n"] == before
    assert posted.story.exchange()["state"] == "done"


def test_store_that_carries_no_progress_asks_m3_nothing(posted: Posted) -> None:
    posted.configure("{carry: false}")
    posted.advance(to="77")
    before = posted.sandbox.m3_book()["http_calls"]

    assert posted.poll() == 0
    posted.tell(version=1)

    assert posted.sandbox.m3_book()["http_calls"] == before
    assert posted.writes == NUMBER
