"""A till that sells, changes orders and gives money back in several currencies, and compares both books at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import yaml

from connector.flows.polling import ask_for
from tests.harness import STORE, Connector
from tests.integration.flows.story import Story, quick_store

WHOLE = ("JPY",)
"""Currencies without a smaller unit: the shop's amounts have no cents."""
CENT = Decimal("0.01")
ZERO = Decimal(0)
RATE_OF_CODE = {1: Decimal(25), 2: Decimal(5), 0: ZERO}
"""VAT codes of M3, in percent."""
GOODS = ("MUG-001", "MUG-002", "PAN-28", "SKU-0010", "SKU-0037", "SKU-0040", "SKU-0061")
"""SKU-0010 and SKU-0040 at 5 %, the others at 25 %."""
JPY_CHARGES = [
    {"kind": kind, "rate": rate, "currency": "JPY", "id": f"{letters}J{rate.zfill(2)}"}
    for kind, letters in (("shipping", "SH"), ("fee", "FE"))
    for rate in ("25", "5", "0")
] + [{"kind": "rounding", "rate": "0", "currency": "JPY", "id": "RNJ00"}]


def many_currencies(content: str) -> str:
    """Returns a store file that sells in JPY too."""
    store = yaml.safe_load(content)
    store["money"]["charges"] += JPY_CHARGES
    store["customers"]["common"].append({"countries": ["*"], "currency": "JPY", "number": "GUESTHRJPY"})
    return yaml.safe_dump(store)


class Till(Story):
    """One connector; one order at a time."""

    def __init__(self, connector: Connector) -> None:
        """Gives the store its file."""
        super().__init__(connector, guests="common")
        connector.configure(many_currencies(quick_store(guests="common")))

    def begin_anew(self) -> None:
        """Empties both systems and the ledger, and remembers nothing."""
        self.start_anew()
        self.end_faults()
        self.connector.forget()
        self.connector.set_clock_back()

    def sell(self, *, currency: str, goods: Mapping[str, int], **more: Any) -> dict[str, Any]:
        """Places an order; where the currency has no cents, with amounts that have none."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in goods.items()]
        order = self.place(lines=lines, currency=currency, **more)
        return self.rounded_off(order) if currency in WHOLE else order

    def rounded_off(self, order: dict[str, Any]) -> dict[str, Any]:
        """Gives every amount of an order so many whole units that its tax has no cents either."""
        url = f"{self.sandbox.shop_url}/_control/orders/{order['id']}"
        changed: dict[str, Any] = self.sandbox.post(
            url,
            {
                "deliver": "never",
                "line_items": [
                    {"id": line["id"], "total": str(whole(line["total"])), "subtotal": str(whole(line["total"]))}
                    for line in order["line_items"]
                ],
                "shipping_lines": [
                    {"id": one["id"], "total": str(whole(one["total"]))} for one in order["shipping_lines"]
                ],
                "fee_lines": [
                    {"id": one["id"], "name": one["name"], "total": str(whole(one["total"]))}
                    for one in order["fee_lines"]
                ],
            },
        )
        return changed

    def give_back(self, order: dict[str, Any], **refund: Any) -> dict[str, Any]:
        """Refunds in the shop and has the order looked at; returns the order."""
        url = f"{self.sandbox.shop_url}/_control/orders/{order['id']}"
        changed: dict[str, Any] = self.sandbox.post(url, {"deliver": "never", "refund": refund})
        ask_for(self.connector.engine, STORE, order_ids=[order["id"]])
        return changed

    def refunds_of(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Returns the refunds of an order as the shop lists them."""
        return self.connector.process.runtime.store(STORE).shop.refunds.of_order(order["id"])

    def invoice(self, order: dict[str, Any]) -> None:
        """Lets the warehouse deliver everything and M3 invoice it, and a quarter of an hour pass."""
        self.advance(order, "77")
        self.connector.pass_time(901)

    def sales_of(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Returns the customer orders M3 holds of an order."""
        return [one for one in self.orders() if one["yref"].startswith(f"{STORE}-{order['id']}-")]

    def returns(self) -> list[dict[str, Any]]:
        """Returns the return and credit orders M3 holds."""
        held: list[dict[str, Any]] = self.sandbox.m3_book()["returns"]
        return held

    def unsettled(self) -> dict[str, str]:
        """Returns what waits, by its key, with the reason."""
        rows = self.connector.rows("SELECT flow, business_key, state, reason, resolution FROM exchange")
        waiting = [one for one in rows if one["state"] != "done"]
        assert all(one["reason"] and one["resolution"] for one in waiting if one["state"] == "dead_letter"), waiting
        return {f"{one['flow']} {one['business_key']}": one["reason"] for one in waiting}


def whole(amount: object) -> Decimal:
    """Returns the amount as a multiple of 20 of its hundredfold: 5 % and 25 % of it are whole."""
    return (Decimal(str(amount)) * 5).quantize(Decimal(1), ROUND_HALF_UP) * 20


def part_of(line: Mapping[str, Any], pieces: int, *, currency: str) -> dict[str, Any] | None:
    """Returns what a refund of some pieces of an order line sends to the shop, rounded as its currency is.

    None where that comes to nothing, or to a tax M3 would not compute of it in a currency without cents.
    """
    share = Decimal(pieces) / Decimal(line["quantity"])
    step = Decimal(1) if currency in WHOLE else CENT
    net, taxes = (Decimal(line["total"]) * share).quantize(step, ROUND_HALF_UP), []
    for tax in line["taxes"]:
        given = (Decimal(tax["total"]) * share).quantize(step, ROUND_HALF_UP)
        taxes.append({"id": tax["id"], "refund_total": str(given)})
    sent = {"id": line["id"], "quantity": pieces, "refund_total": str(net), "refund_tax": taxes}
    return sent if net else None


def tax_in_shop(order: Mapping[str, Any], refunds: Iterable[Mapping[str, Any]]) -> dict[Decimal, Decimal]:
    """Returns the tax of each rate, in percent, that the shop states of an order less its refunds."""
    rates = {line["rate_id"]: Decimal(str(line["rate_percent"])) for line in order["tax_lines"]}
    sums = {
        rates[line["rate_id"]]: Decimal(line["tax_total"]) + Decimal(line["shipping_tax_total"])
        for line in order["tax_lines"]
    }
    for rate_id, tax in (one for refund in refunds for one in taxes_of(refund)):
        sums[rates[rate_id]] += tax
    return sums


def taxes_of(refund: Mapping[str, Any]) -> Iterator[tuple[int, Decimal]]:
    """Yields the taxes a refund states, negative."""
    for part in ("line_items", "shipping_lines", "fee_lines"):
        for row in refund.get(part, ()):
            for tax in row["taxes"]:
                yield tax["id"], Decimal(tax["total"] or "0")


def tax_in_m3(orders: Iterable[Mapping[str, Any]]) -> dict[Decimal, Decimal]:
    """Returns the VAT of each rate that M3 computes of some orders, from what its book shows of lines and charges."""
    sums: dict[Decimal, Decimal] = {}
    for order in orders:
        step = Decimal(1) if order["cucd"] in WHOLE else CENT
        bases: dict[Decimal, Decimal] = {}
        rows = [(one["vat_code"], one["line_amount"]) for one in order["lines"]]
        for code, amount in [*rows, *((one["vat_code"], one["amount"]) for one in order["charges"])]:
            bases[RATE_OF_CODE[code]] = bases.get(RATE_OF_CODE[code], ZERO) + Decimal(amount)
        for rate, base in bases.items():
            sums[rate] = sums.get(rate, ZERO) + (base * rate / 100).quantize(step, ROUND_HALF_UP)
    return sums
