"""A full list of M3 is read only by who says that a part will do; one that goes on past its key is whole once it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connector.errors import ListCutError, M3RejectedError
from connector.m3.calls import Answer, Call
from connector.m3.programs import (
    balances,
    batch_orders,
    crs610mi,
    deliveries,
    gls200mi,
    item_master,
    line_charges,
    mms015mi,
    mrs001mi,
    ois010mi,
    ois100mi,
    ois175mi,
    ois320mi,
    ois350mi,
    order_changes,
    order_progress,
)
from connector.m3.programs.ois100mi import LineKey

ORDER, LATER_ORDER, DELIVERY = "0010000123", "0010000124", "77"
LINE = LineKey("2")
ROW = {"ORNO": ORDER}
Read = Callable[[Answer], Any]


def full(call: Call, *rows: dict[str, str]) -> Answer:
    return Answer(call, rows, is_cut=True, name="OIS100MI/LstLine")


WHOLE_ONLY: dict[str, tuple[Call, Read]] = {
    "lines": (ois100mi.list_lines(ORDER), ois100mi.read_lines),
    "progress": (order_progress.list_progress(ORDER), order_progress.read_progress),
    "batch heads": (batch_orders.list_batch_heads("C1"), batch_orders.read_batch_heads),
    "rows of vouchers": (Call("ledger.vouchers", {}), gls200mi.read_vouchers),
    "balances": (balances.list_changed(1), balances.read_changed),
    "customers": (crs610mi.list_changed(1), crs610mi.read_numbers),
    "prices": (ois320mi.list_new_prices(1), lambda answer: list(ois320mi.read_new_prices(answer))),
}


@pytest.mark.parametrize(("call", "read"), WHOLE_ONLY.values(), ids=WHOLE_ONLY)
def test_list_without_a_key_to_tell_its_end_by_is_refused_when_full(call: Call, read: Read) -> None:
    with pytest.raises(ListCutError, match="M3 lists 1 rows"):
        read(full(call, ROW))

    read(replace(full(call, ROW), is_cut=False))


BEHIND_ITS_KEY: dict[str, tuple[Call, Read, dict[str, str], dict[str, str]]] = {
    "charges of an order": (
        *(order_changes.list_charges(ORDER), order_changes.read_charges),
        *({"ORNO": ORDER, "CRID": "SHP25"}, {"ORNO": LATER_ORDER}),
    ),
    "charges of a line": (
        *(line_charges.list_charges(ORDER, LINE), line_charges.read_charges),
        *({"PONR": "2", "CRID": "TAX25"}, {"PONR": "3"}),
    ),
    "invoices": (
        *(ois350mi.list_invoice_heads_by_order(ORDER), ois350mi.read_invoices),
        *({"ORNO": ORDER, "IVNO": "7"}, {"ORNO": LATER_ORDER}),
    ),
    "deliveries of an order": (
        *(deliveries.list_by_order(ORDER), lambda answer: deliveries.read_numbers(answer, order_number=ORDER)),
        *({"RIDN": ORDER, "DLIX": DELIVERY}, {"RIDN": LATER_ORDER}),
    ),
    "deliveries of a line": (
        deliveries.list_quantities(ORDER, line="2", suffix="0"),
        lambda answer: deliveries.read_quantities(answer, ORDER, "2"),
        *({"RIDN": ORDER, "RIDL": "2", "DLIX": DELIVERY, "TRQT": "1"}, {"RIDN": ORDER, "RIDL": "3"}),
    ),
    "packages": (
        *(deliveries.list_packages(DELIVERY), lambda answer: deliveries.read_tracking(answer, delivery=DELIVERY)),
        *({"DLIX": DELIVERY, "ETRN": "T-1"}, {"DLIX": "78"}),
    ),
    "customers with a search key": (
        *(crs610mi.list_by_search_key("W17"), lambda answer: crs610mi.read_found(answer, search_key="W17")),
        *({"ALCU": "W17"}, {"ALCU": "W18"}),
    ),
    "charges of a customer": (
        *(crs610mi.list_customer_charges("C1"), lambda one: crs610mi.read_customer_charges(one, customer="C1")),
        *({"CUNO": "C1", "CRID": "A"}, {"CUNO": "C2"}),
    ),
    "charges of an order type": (
        *(ois010mi.list_order_type_charges("W01"), lambda one: ois010mi.read_order_type_charges(one, order_type="W01")),
        *({"ORTP": "W01", "CRID": "A"}, {"ORTP": "W02"}),
    ),
    "units": (
        *(mms015mi.list_units("MUG"), mms015mi.read_units),
        *({"ITNO": "MUG", "AUTP": "1", "ALUN": "BOX"}, {"ITNO": "PAN", "AUTP": "1"}),
    ),
    "items of a style": (
        *(item_master.list_style("SHIRT", columns=("OPTX",)), item_master.read_style),
        *({"STYN": "SHIRT", "ITNO": "S1"}, {"STYN": "SKIRT"}),
    ),
    "fields of a transaction": (
        *(mrs001mi.list_fields("OIS100MI", "Confirm"), mrs001mi.read_fields),
        *({"MINM": "OIS100MI", "TRNM": "Confirm", "FLNM": "ORNO"}, {"MINM": "OIS100MI", "TRNM": "CopyHead"}),
    ),
}


@pytest.mark.parametrize(("call", "read", "ours", "later"), BEHIND_ITS_KEY.values(), ids=BEHIND_ITS_KEY)
def test_list_that_goes_on_past_its_key_is_whole_once_it_has(
    call: Call, read: Read, ours: dict[str, str], later: dict[str, str]
) -> None:
    with pytest.raises(ListCutError):
        read(full(call, later, ours))

    assert len(read(full(call, ours, later))) == 1


@pytest.mark.parametrize(
    ("first", "is_proof"), [("w1-100-1", False), ("w1-200-1", True)], ids=["key ignored", "behind the key"]
)
def test_full_list_by_reference_is_proof_only_if_it_begins_behind_the_reference(first: str, is_proof: bool) -> None:
    answer = full(ois175mi.list_heads_by_reference("C1", your_reference="w1-150-1"), {"YREF": first, "ORNO": ORDER})

    assert ois175mi.shows_none(answer, your_reference="w1-150-1") is is_proof
    assert ois175mi.shows_none(replace(answer, is_cut=False), your_reference="w1-150-1")


def test_list_by_date_is_cut_if_its_last_row_is_of_the_day() -> None:
    call = ois175mi.list_heads_by_date("C1", order_date=date(2026, 11, 30))
    ours, later = {"ORDT": "20261130", "ORNO": ORDER}, {"ORDT": "20261201", "ORNO": LATER_ORDER}

    assert ois175mi.is_day_cut(full(call, ours))
    assert not ois175mi.is_day_cut(full(call, ours, later))
    assert not ois175mi.is_day_cut(replace(full(call, ours), is_cut=False))


def test_alias_that_may_follow_is_not_taken_for_none() -> None:
    call = item_master.list_aliases("MUG", category=2)
    other, later = ({"ITNO": "MUG", "ALWT": "2", "ALWQ": "EA8"}, {"ITNO": "MUG", "ALWT": "3"})

    with pytest.raises(ListCutError):
        item_master.read_alias(full(call, other), qualifier="EA13")
    assert item_master.read_alias(full(call, other, later), qualifier="EA13") == ""
    assert item_master.read_alias(full(call, {**other, "ALWQ": "EA13", "POPN": "4006"}), qualifier="EA13") == "4006"


def test_names_of_groups_are_those_there_are_and_the_list_is_told_to_be_cut() -> None:
    groups = full(Call("item_group.list", {}), {"STKY": "CAP", "TX40": "Caps"})
    first = full(Call("hierarchy.list", {}), {"HLVL": "1", "HIE0": "HOME", "TX40": "Home"})
    more = item_master.list_more_names(first)
    assert more is not None
    rest = replace(full(more, {"HLVL": "2", "HIE0": "TOPS", "TX40": "Tops"}), is_cut=False)

    names = item_master.read_names([groups, first, rest])

    assert (more.fields, item_master.list_more_names(groups)) == ({"HLVL": "1", "HIE0": "HOME"}, None)
    assert (names.by_field["HIE2"], names.cut) == ({"TOPS": "Tops"}, ["ITGR"])


def test_hierarchy_that_comes_from_its_beginning_wherever_it_is_asked_from_is_cut() -> None:
    more = item_master.list_more_names(full(Call("hierarchy.list", {}), {"HLVL": "1", "HIE0": "HOME"}))
    assert more is not None
    again = full(more, {"HLVL": "1", "HIE0": "HOME"})

    assert item_master.list_more_names(again) is None
    assert "HIE1" in item_master.read_names([again]).cut


def test_what_is_told_of_a_cut_list_names_the_order_and_nobody() -> None:
    answer = full(Call("order.by_reference", {"CUNO": "C1", "YREF": "Iva Horvat", "ORNO": ORDER}), ROW)

    with pytest.raises(ListCutError) as cut:
        answer.require()

    assert cut.value.message == f"M3 lists 1 rows of ORNO {ORDER} at once (OIS100MI/LstLine), and may have more."
    assert "Iva" not in cut.value.resolution


def test_refusal_is_told_before_anything_of_a_list() -> None:
    refused = Answer(ois100mi.list_lines(ORDER), (), M3RejectedError("No.", program="OIS100MI", transaction="LstLine"))

    for read in (refused.require, refused.page, refused.first, lambda: refused.require_of(bool)):
        with pytest.raises(M3RejectedError):
            read()
