"""The demo believes an act only when both books show it, and its look at M3's ledger finds what is wrong there."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from demo import ledger, sights, units
from demo.acts import Deed, Sight, Watched
from demo.agreeing import reconcile_books
from demo.books import Books
from demo.errors import DemoError
from demo.stores import DIRECT, STORE

HOME = {"address_1": "Vlaška 7", "postcode": "10000", "city": "Zagreb", "phone": "01 777 000"}


def order(**fields: Any) -> dict[str, Any]:
    lines = [{"id": 1, "sku": "MUG-001", "quantity": 2, "total": "8.00"}]
    shown = {"id": 7, "status": "processing", "currency": "EUR", "total": "10.00", "total_tax": "2.00", "lines": lines}
    return {**shown, "meta": {}, "notes": [], "date_paid_gmt": None, **fields}


def sale(**fields: Any) -> dict[str, Any]:
    lines = [{"ponr": 1, "itno": "MUG-001", "quantity": "2", "line_amount": "8.00"}]
    held = {"orno": "0000045001", "yref": f"{STORE}-7-1795311984", "total": "10.00", "cucd": "EUR", "lines": lines}
    return {**held, "held": False, "closed_lines": [], "text_blocks": {}, "stat": "22", "lowest_stat": "22", **fields}


def books(
    of_shop: dict[str, Any],
    *sales: dict[str, Any],
    refunds: list[dict[str, Any]] | None = None,
    account: dict[str, Any] | None = None,
    direct: dict[str, Any] | None = None,
    **m3: Any,
) -> Books:
    empty: dict[str, Any] = {"returns": [], "deliveries": [], "order_invoices": [], "journals": []}
    shop = {"orders": [of_shop], "refunds": refunds or [], "customers": [account] if account else []}
    return Books(shop, {"orders": list(sales), **empty, **m3}, direct=direct)


@pytest.mark.parametrize(
    "held",
    [
        sale(total="9.99"),
        sale(held=True),
        sale(lines=[{"ponr": 1, "itno": "MUG-001", "quantity": "1", "line_amount": "8.00"}]),
    ],
)
def test_an_order_that_differs_anywhere_is_not_equal(held: dict[str, Any]) -> None:
    assert sights.equal(books(order(), sale()), 7).is_there
    assert not sights.equal(books(order(), held), 7).is_there
    assert not sights.equal(books(order()), 7).is_there


def test_a_cancelled_order_is_closed_only_when_m3_holds_nothing_of_it() -> None:
    cancelled = order(status="cancelled")

    assert not sights.closed(books(cancelled, sale()), 7).is_there
    assert sights.closed(books(cancelled, sale(lines=[], total="0.00")), 7).is_there


@pytest.mark.parametrize(("amount", "is_there"), [("-3.00", True), ("-2.99", False)])
def test_a_refund_is_credited_when_m3_gives_back_its_amount(amount: str, is_there: bool) -> None:
    refund = {"id": 9, "order_id": 7, "amount": "3.00"}
    credit = {"orno": "1", "yref": f"{STORE}-R9-1", "total": amount, "lines": [{"itno": "CREDIT25"}]}

    assert sights.credited(books(order(), sale(), refunds=[refund], returns=[credit]), 7).is_there is is_there
    assert not sights.credited(books(order(), sale(), refunds=[refund]), 7).is_there


LESS = sale(total="5.00", lines=[{"ponr": 1, "itno": "MUG-001", "quantity": "1", "line_amount": "4.00"}])


@pytest.mark.parametrize(
    ("held", "is_there"),
    [(LESS, True), (sale(), False), ({**LESS, "total": "4.99"}, False), ({**LESS, "held": True}, False)],
)
def test_what_is_given_back_before_picking_is_missing_in_m3s_order(held: dict[str, Any], is_there: bool) -> None:
    refund = {"id": 9, "order_id": 7, "amount": "5.00", "lines": [{"line_id": 1, "quantity": 1}]}

    assert sights.smaller(books(order(), held, refunds=[refund]), 7).is_there is is_there
    assert not sights.smaller(books(order(), held), 7).is_there


def test_what_m3_took_off_an_order_is_not_returned_besides() -> None:
    refund = {"id": 9, "order_id": 7, "amount": "5.00", "lines": [{"line_id": 1, "quantity": 1}]}
    credit = {"orno": "1", "yref": f"{STORE}-R9-1", "total": "-5.00", "lines": []}

    assert not sights.smaller(books(order(), LESS, refunds=[refund], returns=[credit]), 7).is_there


def known(*, phone: str = "01 777 000", terms: str = "030") -> dict[str, Any]:
    return {"id": 3, "billing": {**HOME, "phone": phone}, "meta": {"_m3_payment_terms": terms}}


def customer(**fields: str) -> dict[str, Any]:
    held = {"CUA1": "Vlaška 7", "PONO": "10000", "TOWN": "Zagreb", "PHNO": "01 777 000", "TEPY": "030", **fields}
    return {"cuno": "W1", "fields": held, "addresses": []}


@pytest.mark.parametrize(("town", "is_there"), [("Zagreb", True), ("Split", False)])
def test_an_account_is_followed_when_m3s_customer_lives_there(town: str, is_there: bool) -> None:
    placed = order(customer_id=3)
    found = books(placed, sale(cuno="W1"), account=known(), customers=[customer(TOWN=town)])

    assert sights.followed(found, placed).is_there is is_there
    assert not sights.followed(books(placed, account=known()), placed).is_there


@pytest.mark.parametrize(
    ("shown", "is_there"), [(known(), True), (known(phone="091 1"), False), (known(terms="000"), False)]
)
def test_an_account_shows_what_m3_is_the_master_of(shown: dict[str, Any], is_there: bool) -> None:
    placed = order(customer_id=3)

    found = books(placed, sale(cuno="W1"), account=shown, customers=[customer()])

    assert sights.told_to_the_account(found, placed).is_there is is_there


def test_a_delivery_address_is_there_when_m3s_customer_has_that_one_alone() -> None:
    placed, place = order(customer_id=3), {"CUA1": "Obala 8", "PONO": "21220", "TOWN": "Trogir"}

    for places, is_there in (([place], True), ([], False), ([place, place], False)):
        held = {**customer(), "addresses": places}
        found = books(placed, sale(cuno="W1"), account=known(), customers=[held])
        assert sights.sent_elsewhere(found, placed).is_there is is_there


def test_a_delivery_is_told_when_the_buyer_has_a_note_for_each() -> None:
    left = [{"orno": "0000045001", "dlix": 1, "stat": "60", "lines": {"1": "2"}, "tracking": "T", "packages": []}]
    told = order(status="completed", meta={"_m3_delivery": "all"}, notes=["Delivery 1 is on its way. Tracking: T"])

    assert sights.left_whole(books(told, sale(), deliveries=left), 7).is_there
    assert not sights.left_whole(books({**told, "notes": []}, sale(), deliveries=left), 7).is_there
    assert not sights.left_whole(books({**told, "status": "processing"}, sale(), deliveries=left), 7).is_there


def test_a_look_from_before_a_deed_does_not_count() -> None:
    deed = Deed("7", "nothing", lambda: None, lambda _: Sight("", "", is_there=True))
    watched = Watched([deed])
    watched.did(deed, at=10.0)

    watched.look(books(order()), taken_at=9.0)
    early = watched.is_all_there
    watched.look(books(order()), taken_at=11.0)

    assert (early, watched.is_all_there) == (False, True)


def test_an_act_that_ends_before_a_newer_look_was_not_seen() -> None:
    deed = Deed("7", "nothing", lambda: None, lambda _: Sight("", "", is_there=True))
    watched = Watched([deed])
    watched.did(deed, at=10.0)

    watched.look(books(order()), taken_at=9.0, is_over=True)

    assert [sight.is_there for _, sight, _ in watched.told()] == [False]


def test_what_never_arrives_is_told_so() -> None:
    deed = Deed("7", "nothing", lambda: None, lambda _: Sight("", "not there", is_there=False))
    watched = Watched([deed])
    watched.did(deed, at=10.0)

    watched.look(books(order()), taken_at=70.0, is_over=True)

    assert [sight.is_there for _, sight, _ in watched.told()] == [False]


def voucher(key: str, *sides: tuple[str, str, str]) -> dict[str, Any]:
    lines = [{"account": account, "side": side, "amount": amount} for account, side, amount in sides]
    return {"key1": key, "lines": [{**line, "cucd": "EUR", "vtxt": f"{key} 1795311984 7"} for line in lines]}


PAID = (("1580", "debit", "10.00"), ("2420", "credit", "10.00"))


@pytest.mark.parametrize(
    ("journals", "finding"),
    [
        ([], "has 0 times its payment"),
        ([voucher("W1P1", *PAID), voucher("W1P2", *PAID)], "has 2 times its payment"),
        ([voucher("W1P1", ("1580", "debit", "9.00"), ("2420", "credit", "9.00"))], "is 9.00, the shop says 10.00"),
        ([voucher("W1P1", ("1580", "debit", "9.99"), ("2420", "credit", "10.00"))], "does not balance"),
    ],
)
def test_a_payment_that_is_missing_doubled_or_wrong_is_found(journals: list[dict[str, Any]], finding: str) -> None:
    orders = {(STORE, 7): order(date_paid_gmt="2026-11-29T10:00:00")}

    right = list(ledger.findings_of(orders, ledger.vouchers_of({"journals": [voucher("W1P1", *PAID)]})))
    wrong = list(ledger.findings_of(orders, ledger.vouchers_of({"journals": journals})))

    assert right == []
    assert len(wrong) == 1 and finding in wrong[0]


CREDITED = (("3010", "debit", "3.00"), ("1510", "credit", "3.00"))
GIVEN = [{"id": 9, "order_id": 7, "amount": "3.00"}]


@pytest.mark.parametrize(
    ("journals", "finding"),
    [
        ([], "3.00 was given back, M3's ledger credits nothing"),
        ([voucher("W2C1", *CREDITED), voucher("W2C2", *CREDITED)], "M3's ledger credits 3.00, 3.00"),
        ([voucher("W2C1", ("1510", "credit", "2.99"))], "M3's ledger credits 2.99"),
    ],
)
def test_a_credit_that_is_missing_doubled_or_wrong_is_found(journals: list[dict[str, Any]], finding: str) -> None:
    right = {"journals": [voucher("W2C1", *CREDITED)]}

    assert list(ledger.credit_findings_of(GIVEN, ledger.vouchers_of(right))) == []
    assert finding in "".join(ledger.credit_findings_of(GIVEN, ledger.vouchers_of({"journals": journals})))


def test_a_refund_of_the_second_shop_is_seen_in_the_ledger() -> None:
    direct: dict[str, Any] = {"refunds": GIVEN, "orders": []}
    credited = books(order(), direct=direct, journals=[voucher("W2C1", *CREDITED)])

    assert sights.credited_in_ledger(credited, 7).is_there
    assert not sights.credited_in_ledger(books(order(), direct=direct), 7).is_there


def message(quantity: str, *, stat: str = "90", brem: str = f"{DIRECT}-7") -> dict[str, str]:
    return {"itno": "MUG-001", "quantity": quantity, "stat": stat, "brem": brem}


@pytest.mark.parametrize(
    ("messages", "is_there"),
    [
        ([message("-2"), message("1")], True),
        ([message("-2")], False),
        ([message("-1")], False),
        ([message("-2"), message("1", stat="10")], False),
        ([message("-2"), message("1", brem=f"{DIRECT}-70")], False),
    ],
)
def test_units_are_in_stock_again_when_m3_has_executed_just_that(
    messages: list[dict[str, str]], is_there: bool
) -> None:
    sold = {"id": 7, "status": "processing", "lines": [{"id": 1, "sku": "MUG-001", "reduced_stock": 1}]}
    seen = books(order(), direct={"refunds": [], "orders": [sold]}, stock_messages=messages)

    assert sights.booked_in(seen, 7).is_there is is_there


def test_units_that_m3_has_out_of_stock_beyond_what_orders_hold_are_a_finding() -> None:
    moved = units.moved_by({"stock_messages": [message("-2"), message("-1", brem=f"{DIRECT}-8")]}, remark=f"{DIRECT}-")
    equal = units.Units(held={"MUG-001": Decimal(3)}, moved=moved, on_hand={})
    other = units.Units(held={"MUG-001": Decimal(2)}, moved=moved, on_hand={})

    assert equal.is_well
    assert other.findings == [f"of MUG-001 the orders of {DIRECT} hold 2, M3 has booked out 3"]


class Said:
    """Stands for the stage and its `connector`: ends each command as it was told to, in turn."""

    def __init__(self, *endings: tuple[int, str]) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._endings = list(endings)

    @property
    def commands(self) -> Said:
        return self

    def end(self, *arguments: str) -> tuple[int, str, str]:
        self.asked.append(arguments)
        status, said = self._endings.pop(0)
        return status, said, "why not"


def reconciled(*endings: tuple[int, str]) -> tuple[bool, Said]:
    said = Said(*endings)
    is_well = reconcile_books(Console(file=StringIO()), said)  # type: ignore[arg-type]  # all it needs of a stage
    return is_well, said


@pytest.mark.parametrize("statuses", [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)])
def test_the_demo_is_well_only_when_both_stores_are_explained(statuses: tuple[int, ...]) -> None:
    is_well, said = reconciled(*((status, "a table") for status in statuses))

    asked = [(kind, store) for store in (STORE, DIRECT) for kind in ("orders", "money")]
    assert is_well is not any(statuses)
    assert said.asked == [("reconcile", kind, "--store", store) for kind, store in asked]


@pytest.mark.parametrize("ending", [(2, "usage"), (1, "")])
def test_a_reconciliation_that_could_not_be_made_is_not_taken_for_one(ending: tuple[int, str]) -> None:
    with pytest.raises(DemoError, match="why not"):
        reconciled(ending)
