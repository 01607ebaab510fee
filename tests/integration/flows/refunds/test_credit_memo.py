"""The credit memo is an operation of its own: a site may make it by a program only it has."""

from __future__ import annotations

from typing import Any

import yaml

from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import quick_store

PROGRAM = "ARCreditMemos"
SITE: dict[str, Any] = {
    "credit_memo.add_head": {
        **{"program": PROGRAM, "transaction": "AddCreditMemo"},
        "fields": {"ORNO": "MEMO", "YREF": "REFERENCE", "OIVR": "INVOICE", "OYEA": "INVOICEYEAR"},
    },
    "credit_memo.add_line": {"program": PROGRAM, "transaction": "AddCreditMemoLine", "fields": {"ORNO": "MEMO"}},
    "credit_memo.confirm": {"program": PROGRAM, "transaction": "PostCreditMemo", "fields": {"ORNO": "MEMO"}},
}


def at_site(desk: Desk) -> None:
    content = yaml.safe_load(quick_store(guests="common"))
    desk.connector.configure(yaml.safe_dump({**content, "operations": {**content.get("operations", {}), **SITE}}))


def test_refund_goes_through_the_program_the_site_has_and_the_order_does_not(desk: Desk) -> None:
    at_site(desk)
    order = desk.invoiced()
    refund = desk.give_back(order, MUG, 1)

    desk.go_on()

    book = desk.sandbox.m3_book()
    (back,) = desk.returns()
    amount = next(one["amount"] for one in desk.sandbox.shop_book()["refunds"] if one["id"] == refund)
    assert (back["total"], back["yref"].split("-")[1]) == (f"-{amount}", f"R{refund}")
    assert [
        book["calls"][f"{PROGRAM}/{name}"] for name in ("AddCreditMemo", "AddCreditMemoLine", "PostCreditMemo")
    ] == [1, 1, 1]
    assert book["calls"]["OIS100MI/Confirm"] == 1  # the sale's
    assert [one["state"] for one in desk.refunds()] == ["done"]


def test_credit_memo_of_the_site_whose_answer_was_lost_is_found_and_not_made_twice(desk: Desk) -> None:
    at_site(desk)
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.m3_fault(f"{PROGRAM}/PostCreditMemo", "drop_after_commit")

    desk.go_on()

    assert len(desk.returns()) == 1
    assert [one["state"] for one in desk.refunds()] == ["done"]
