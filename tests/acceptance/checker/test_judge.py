"""The checker is right about a good pair of books, and sees each thing that can be wrong in a pair that was good."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bench.checker import Problem
from tests.acceptance.checker.conftest import POSTED, Books
from tests.harness import STORE

KIND = "registered"
Mutation = Callable[[Books], None]


def found(books: Books, **more: Any) -> dict[Problem, int]:
    return dict(books.judge(**more).counts())


def test_books_of_a_real_run_are_well_and_say_what_was_left_out(books: Books) -> None:
    verdict = books.judge()

    assert verdict.findings == ()
    assert verdict.expected == len(POSTED) + 1
    assert verdict.m3_orders == len(POSTED) + 3
    assert verdict.withdrawn == (books.ids["withdrawn"],)
    assert verdict.gone == (books.ids["deleted"],)
    assert verdict.poison == (books.ids["poison"],)
    assert len(verdict.waiting) == 1
    assert f"{STORE}-{books.ids['waiting']}-" in verdict.waiting[0]
    assert {one.currency for one in verdict.money} == {"EUR", "USD"}
    assert all(one.shop == one.m3 > 0 for one in verdict.money)
    assert verdict.bound(Problem.LOST) == pytest.approx(3 / (len(POSTED) + 1))


def lose(books: Books) -> None:
    books.m3["orders"].remove(books.m3_order(KIND))


def lose_quietly(books: Books) -> None:
    lose(books)
    forget_in_shop(books.shop_order(KIND))


def forget_in_shop(order: dict[str, Any]) -> None:
    order["meta"].pop("_m3_order_number")
    order["meta_keys"].remove("_m3_order_number")
    order["notes"] = [note for note in order["notes"] if not note.startswith("M3 order")]


def take_over_with_another_epoch(books: Books) -> None:
    books.m3_order(KIND)["yref"] = f"{STORE}-{books.ids[KIND]}-1"


def double_the_lines(books: Books) -> None:
    order = books.m3_order(KIND)
    order["lines"] += deepcopy(order["lines"])


def double_the_pieces(books: Books) -> None:
    line = books.m3_order(KIND)["lines"][0]
    line["quantity"] = str(Decimal(line["quantity"]) * 2)


def drop_a_line(books: Books) -> None:
    books.m3_order("two_tax_rates")["lines"].pop()


def give_all_of_it(books: Books) -> None:
    """M3 holds the order as it was sold, though it was given back in part."""
    sold, held = books.shop_order("reduced"), books.m3_order("reduced")
    (line,) = held["lines"]
    held |= {"total": sold["total"], "lines": [{**line, "quantity": "3"}, {**line, "cupo": "99", "quantity": "1"}]}


def take_back(books: Books) -> None:
    """M3 has a return for what was given back."""
    (refund,) = books.shop["refunds"]
    books.m3["returns"].append({"yref": f"{STORE}-R{refund['id']}-1795323895", "total": f"-{refund['amount']}"})


def give_m3(kind: str) -> Mutation:
    """Gives M3 an order for one of the shop's that had to stay out, and tells the shop its number."""

    def mutate(books: Books) -> None:
        order = books.shop_order(kind)
        number, yref = "0000099999", yref_of(order)
        books.add_to_m3(KIND, orno=number, yref=yref, cuor="X")
        tell_shop(order, number)

    return mutate


def yref_of(order: dict[str, Any]) -> str:
    created = datetime.fromisoformat(f"{order['date_created_gmt']}+00:00")
    return f"{STORE}-{order['id']}-{int(created.timestamp())}"


def tell_shop(order: dict[str, Any], number: str) -> None:
    order["meta"]["_m3_order_number"] = number
    order["meta_keys"].append("_m3_order_number")
    order["notes"].append(f"M3 order {number}")


def leave_batch_order(books: Books) -> None:
    """A batch order of an order that M3 has already."""
    batch = {
        **deepcopy(books.m3["batch_orders"][0]),
        "temporary_orno": "0010099999",
        "yref": books.m3_order(KIND)["yref"],
    }
    books.m3["batch_orders"].append(batch)


def forget_half_built(books: Books) -> None:
    """The batch order that waits was never confirmed: nobody knows of it."""
    books.m3["batch_orders"][0]["errors"] = []


def begin_twice(books: Books) -> None:
    books.m3["batch_orders"].append({**deepcopy(books.m3["batch_orders"][0]), "temporary_orno": "0010099999"})


def double_customer(field: str) -> Mutation:
    def mutate(books: Books) -> None:
        one = deepcopy(books.m3["customers"][0])
        for other in {"MAIL", "ALCU"} - {field}:
            one["fields"].pop(other)
        books.m3["customers"].append({**one, "cuno": "WOTHER"})

    return mutate


CASES: dict[str, tuple[Mutation, dict[Problem, int]]] = {
    "lost": (lose_quietly, {Problem.LOST: 1}),
    "lost after the shop was told": (lose, {Problem.LOST: 1, Problem.NUMBER: 1, Problem.NOTE: 1}),
    "doubled": (lambda books: books.add_to_m3(KIND), {Problem.DOUBLED: 1}),
    "doubled under another reference": (
        lambda books: books.add_to_m3(KIND, yref="w1-9999-1795323895"),
        {Problem.DOUBLED: 1},
    ),
    "doubled without reference": (lambda books: books.add_to_m3(KIND, yref=""), {Problem.DOUBLED: 1}),
    "posted for the order that had this id before": (
        take_over_with_another_epoch,
        {Problem.LOST: 1, Problem.UNEXPECTED: 1, Problem.NUMBER: 1, Problem.NOTE: 1},
    ),
    "of nobody": (
        lambda books: books.add_to_m3(KIND, yref="w1-9999-1795323895", cuor="other"),
        {Problem.UNEXPECTED: 1},
    ),
    "of another store": (
        lambda books: books.add_to_m3(KIND, yref=books.m3_order(KIND)["yref"].replace("w1-", "w2-"), cuor="other"),
        {Problem.UNEXPECTED: 1},
    ),
    "never for M3": (give_m3("on_hold"), {Problem.UNEXPECTED: 1}),
    "cancelled before it was for M3": (give_m3("cancelled"), {Problem.UNEXPECTED: 1}),
    "poison": (give_m3("poison"), {Problem.POISON: 1}),
    "lines doubled": (double_the_lines, {Problem.DOUBLED_LINES: 1}),
    "pieces doubled": (double_the_pieces, {Problem.DOUBLED_LINES: 1}),
    "a line missing": (drop_a_line, {Problem.CONTENT: 1}),
    "a cent": (lambda books: books.m3_order(KIND).update(total="0.01"), {Problem.MONEY: 1}),
    "refund before picking not taken off": (give_all_of_it, {Problem.MONEY: 1, Problem.DOUBLED_LINES: 1}),
    "refund taken off and returned besides": (take_back, {Problem.MONEY: 1, Problem.CONTENT: 1}),
    "currency": (lambda books: books.m3_order(KIND).update(cucd="GBP"), {Problem.MONEY: 1}),
    "batch order of a posted order": (leave_batch_order, {Problem.LEFT_BEHIND: 1}),
    "batch order nobody was told of": (forget_half_built, {Problem.LEFT_BEHIND: 1, Problem.LOST: 1}),
    "batch order begun twice": (begin_twice, {Problem.LEFT_BEHIND: 1}),
    "number missing in the shop": (
        lambda books: forget_in_shop(books.shop_order(KIND)),
        {Problem.NUMBER: 1, Problem.NOTE: 1},
    ),
    "number in the shop twice": (
        lambda books: books.shop_order(KIND)["meta_keys"].append("_m3_order_number"),
        {Problem.NUMBER: 1},
    ),
    "false number in the shop": (
        lambda books: books.shop_order(KIND)["meta"].update(_m3_order_number="0000011111"),
        {Problem.NUMBER: 1},
    ),
    "noted twice": (
        lambda books: books.shop_order(KIND)["notes"].append(f"M3 order {books.m3_order(KIND)['orno']}"),
        {Problem.NOTE: 1},
    ),
    "false note": (lambda books: books.shop_order("on_hold")["notes"].append("M3 order 0000011111"), {Problem.NOTE: 1}),
    "customer twice by e-mail": (double_customer("MAIL"), {Problem.CUSTOMER: 1}),
    "customer twice by search key": (double_customer("ALCU"), {Problem.CUSTOMER: 1}),
}


@pytest.mark.parametrize(("mutate", "expected"), CASES.values(), ids=CASES.keys())
def test_broken_books_are_seen_as_what_they_are(books: Books, mutate: Mutation, expected: dict[Problem, int]) -> None:
    mutate(books)

    assert found(books) == expected


def test_every_class_of_fault_has_a_case() -> None:
    assert {problem for _, expected in CASES.values() for problem in expected} == set(Problem)


def test_a_finding_names_the_order_it_is_about(books: Books) -> None:
    lose_quietly(books)

    verdict = books.judge()

    (finding,) = verdict.of(Problem.LOST)
    assert finding.order_id == books.ids[KIND]
    assert str(finding.order_id) in finding.what
    assert verdict.of_order(books.ids[KIND]) == (finding,)
    assert verdict.bound(Problem.LOST) is None
    assert verdict.bound(Problem.DOUBLED) is not None


def test_the_sums_tell_of_a_lost_and_of_a_doubled_order(books: Books) -> None:
    total = Decimal(books.m3_order("usd")["total"])
    lose(books)
    books.add_to_m3("usd")

    sums = {one.currency: one.m3 - one.shop for one in books.judge().money}

    assert sums["USD"] == total
    assert sums["EUR"] < 0


def test_orders_a_person_was_told_of_may_be_missing_or_differ_but_never_be_doubled(books: Books) -> None:
    told = [books.ids[KIND], books.ids["usd"], books.ids["guest"]]
    lose_quietly(books)
    books.m3_order("usd")["total"] = "0.01"
    books.add_to_m3("guest")

    assert found(books, told=told) == {Problem.DOUBLED: 1}


def test_gone_orders_may_be_in_m3_once_if_they_were_for_it(books: Books) -> None:
    (gone,) = books.shop["gone"]
    gone["status"], gone["statuses"] = "pending", ["pending"]
    books.add_to_m3("deleted")

    assert found(books) == {Problem.UNEXPECTED: 1, Problem.DOUBLED: 1}


def test_search_key_shared_by_two_shoppers_with_addresses_of_their_own_is_no_double(books: Books) -> None:
    other = deepcopy(books.m3["customers"][0])
    other["fields"]["MAIL"] = "somebody.else@example.com"
    books.m3["customers"].append({**other, "cuno": "WOTHER"})

    assert found(books) == {}


def test_what_a_return_gives_back_stays_on_the_order(books: Books) -> None:
    give_all_of_it(books)
    take_back(books)

    assert found(books) == {}


def test_two_orders_with_one_purchase_order_number_and_one_total_are_no_double(books: Books) -> None:
    first, second = books.m3_order("guest"), books.m3_order("variations")
    for one in (first, second):
        one.update(cuor="PO-77", cuno=first["cuno"], cucd=first["cucd"])
    books.shop_order("variations")["total"] = second["total"] = first["total"]

    assert found(books) == {}
