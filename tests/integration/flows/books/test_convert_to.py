"""Books kept in one currency: what is posted is converted by M3's rate of the day, and waits where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.flows.rates import read_rates
from connector.stores.reading import parse_store_config
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import BOOKS, PAYMENTS, SETTLE, CountingHouse, invoicing, paying

RATES = {"at": "00:00", "currencies": ["USD"]}
IN_EUROS = {"convert_to": "EUR"}


@pytest.fixture
def house(connector: Connector) -> CountingHouse:
    house = CountingHouse(connector)
    content = invoicing(payments=PAYMENTS, books={**BOOKS, **IN_EUROS}, rates=RATES)
    connector.configure(content)
    return house


def read_todays_rates(house: CountingHouse) -> Decimal:
    (rate,) = read_rates(house.connector.engine, house.connector.process.runtime.store(STORE)).rates
    return rate.value if rate.method == 1 else 1 / rate.value


def lines(house: CountingHouse, letter: str) -> list[dict[str, Any]]:
    (journal,) = [one for one in house.journals() if one["key1"].startswith(f"W1{letter}")]
    return list(journal["lines"])


def test_invoice_and_payment_of_a_day_come_to_the_same_amount_in_the_books(house: CountingHouse) -> None:
    rate = read_todays_rates(house)
    order = house.place(currency="USD", coupons=["TEN"])
    house.go_on()

    total = round(Decimal(order["total"]) * rate, 2)
    (invoice,), (payment,) = house.books_of("I"), house.books_of("P")
    assert (invoice["1510"], payment["1580"], payment["2420"]) == (total, total, -total)
    assert sum(invoice.values()) == 0
    assert {one["cucd"] for letter in "IP" for one in lines(house, letter)} == {"EUR"}
    assert len(house.connector.rows("SELECT 1 FROM audit WHERE action = 'converted'")) == 2


def test_without_a_rate_for_the_day_everything_waits_and_goes_on_by_itself(house: CountingHouse) -> None:
    order = house.place(currency="USD")
    house.connector.drain()

    waiting = house.exchange("invoices_to_m3")
    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")
    assert "no rate of type 1 for USD" in waiting["reason"]
    assert house.sandbox.m3_book()["calls"].get("GLS840MI/AddBatchHead", 0) == 0

    read_todays_rates(house)
    house.go_on()

    assert len(house.books_of("I")) == len(house.books_of("P")) == 1
    assert order["currency"] == "USD"


def test_before_the_rates_of_a_day_are_read_its_money_is_not_converted_by_those_of_the_day_before(
    house: CountingHouse,
) -> None:
    read_todays_rates(house)
    house.connector.rows(
        "UPDATE exchange_rate SET valid_from = valid_from - 1, read_at = read_at - interval '1 day', value = value * 1.05"
        " RETURNING 1"
    )
    house.connector.rows("UPDATE cursor SET moved_at = moved_at - interval '1 day' WHERE name = 'rates' RETURNING 1")
    order = house.place(currency="USD")
    house.connector.drain()
    waiting = [house.exchange(flow) for flow in ("invoices_to_m3", "payments_to_m3")]

    rate = read_todays_rates(house)
    house.go_on()

    assert {(one["state"], one["reason_code"]) for one in waiting} == {("waiting", "not_yet")}
    assert "at 00:00" in waiting[0]["reason"]
    total = round(Decimal(order["total"]) * rate, 2)
    (invoice,), (payment,) = house.books_of("I"), house.books_of("P")
    assert (invoice["1510"], payment["1580"]) == (total, total)


def test_rate_that_m3_gets_after_the_readings_of_later_days_is_asked_for(house: CountingHouse) -> None:
    house.connector.configure(paying(books=IN_EUROS, rates={**RATES, "oldest_days": 0}))
    state_rates(house, {"cutd": "20000101", "delete": True})
    order = house.place(currency="USD")
    zone = house.connector.process.runtime.store(STORE).config.m3.zone
    paid_on = datetime.fromisoformat(order["date_paid_gmt"]).replace(tzinfo=UTC).astimezone(zone)
    house.connector.drain()
    house.connector.pass_time(2 * 86_400)
    two_days_later = house.connector.rows("SELECT ledger_now() AS now")[0]["now"].astimezone(zone)
    state_rates(house, {"cutd": f"{two_days_later:%Y%m%d}", "arat": "0.9"})
    read_todays_rates(house)
    house.go_on()
    held = house.say()

    state_rates(house, {"cutd": f"{paid_on:%Y%m%d}", "arat": "0.8"})
    house.release(held["id"])
    house.go_on()

    total = round(Decimal(order["total"]) * Decimal("0.8"), 2)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "not_yet")
    assert house.books_of("P") == [{"1580": total, "2420": -total}]


def state_rates(house: CountingHouse, *rates: dict[str, Any]) -> None:
    """Does what a person does in CRS058."""
    house.sandbox.post(f"{house.sandbox.m3_url}/_control/rates", [{"cucd": "USD", **one} for one in rates])


def test_order_in_the_currency_of_the_books_needs_no_rate(house: CountingHouse) -> None:
    order = house.place()
    house.go_on()

    assert house.books_of("P") == [{"1580": Decimal(order["total"]), "2420": -Decimal(order["total"])}]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (paying(books=IN_EUROS), "rates"),
        (paying(books={**IN_EUROS, "rate_type": 2}, rates=RATES), "type 2"),
        (paying(books=IN_EUROS, rates=RATES, payments={"settle": SETTLE}), "settle"),
    ],
)
def test_store_file_that_cannot_be_converted_is_refused(content: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        parse_store_config(content, source="test")


def test_credit_is_converted_at_the_rate_of_its_invoice(house: CountingHouse) -> None:
    content = invoicing(invoices={"credit_prefix": "W1C-"}, books={**BOOKS, **IN_EUROS}, rates=RATES)
    house.connector.configure(content)
    read_todays_rates(house)
    order = house.place(currency="USD")
    house.go_on()
    house.connector.pass_time(86_400)
    house.connector.rows(
        "INSERT INTO exchange_rate SELECT (jsonb_populate_record(r, jsonb_build_object("
        "'valid_from', valid_from + 1, 'value', value * 1.05))).* FROM exchange_rate r WHERE currency = 'USD' RETURNING 1"
    )
    for amount in ("7.77", str(Decimal(order["total"]) - Decimal("7.77"))):
        house.change(order, refund={"amount": amount})
        house.go_on()

    sums: dict[str, Decimal] = {}
    for account, amount in (one for books in (*house.books_of("I"), *house.books_of("C")) for one in books.items()):
        sums[account] = sums.get(account, Decimal(0)) + amount
    assert len(house.books_of("C")) == 2
    assert set(sums.values()) == {Decimal(0)}
