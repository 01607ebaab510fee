"""Changes of items whose answer was lost, workers that were lost, and deliveries that never came."""

from __future__ import annotations

import yaml

from connector.ledger.document_records import References
from tests.harness import Connector
from tests.integration.flows.products.desk import Desk
from tests.integration.flows.story import CUT_S, LATE_S, quick_store

MUG = "MUG-001"
UPDATE = {"program": "MMS200MI", "transaction": "UpdItmBasic", "rate": 1.0, "times": 1}


def test_a_change_whose_answer_was_lost_is_looked_up_not_repeated(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, name="Mug with lid")
    desk.tell(number)
    desk.sandbox.m3_faults(rules=[{**UPDATE, "fault": "drop_after_commit"}], gateway_cut_s=CUT_S, late_commit_s=LATE_S)

    desk.run()
    waiting = desk.exchange()["state"]
    connector.settle()

    assert waiting == "waiting"
    assert (desk.item(MUG)["ITDS"], desk.updates()) == ("Mug with lid", 1)
    assert connector.rows("SELECT count(*) AS n FROM document")[0]["n"] == 0


def test_a_worker_killed_before_it_sent_the_change_is_made_up_for(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, name="Mug with lid")
    desk.tell(number)
    journal = connector.claim_only(desk.exchange()["id"])
    document = journal.begin_document("item", m3_scope="x", references=References(), plan={"item": MUG})
    journal.intend(document.id, "update", request={}, told=[])
    journal.commit()

    connector.let_lease_expire()
    connector.settle()

    assert (desk.item(MUG)["ITDS"], desk.updates()) == ("Mug with lid", 1)
    assert desk.exchange()["state"] == "done"


def test_a_change_no_delivery_told_of_is_found_by_the_poll_once(connector: Connector) -> None:
    desk = Desk(connector)
    desk.know(MUG)
    desk.know("TSHIRT-S-RED")
    desk.poll()
    desk.change(MUG, name="Mug with lid")
    desk.change("TSHIRT-S-RED", weight="0.2")

    first = desk.poll()
    desk.run()
    second = desk.poll()

    assert desk.item(MUG)["ITDS"] == "Mug with lid"
    assert desk.item("TSHIRT-S-RED")["GRWE"].rstrip("0") == "0.2"
    assert first.news >= 1
    assert second.news == 0


def test_a_change_before_a_first_poll_that_comes_late_is_found(connector: Connector) -> None:
    desk = Desk(connector)
    desk.know(MUG)
    desk.change(MUG, name="Mug with lid")
    connector.pass_time(3600)

    found = [desk.poll().news, desk.poll().news]
    desk.run()

    assert found == [1, 0]
    assert desk.item(MUG)["ITDS"] == "Mug with lid"


def test_a_store_without_items_in_the_shop_is_polled_from_now_on(connector: Connector) -> None:
    desk = Desk(connector)
    desk.change(MUG, name="Mug with lid")

    assert desk.poll().rows == 0
    assert len(connector.rows("SELECT 1 FROM cursor WHERE name = 'products'")) == 1


def test_a_store_that_carries_no_changes_is_not_polled(connector: Connector) -> None:
    desk = Desk(connector)
    connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))

    assert desk.poll().rows == 0
