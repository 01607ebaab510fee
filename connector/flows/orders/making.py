"""Puts together everything that will be sent for an order, from ledger, shop and M3. Called by the order flows and previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.flows.context import Run
from connector.flows.orders.dates import currency_decimals, delivery_date
from connector.flows.orders.items import find_facts
from connector.flows.orders.plan import OrderPlan, plan_order
from connector.flows.orders.values import run_values
from connector.woocommerce.models import Order


def make_plan(run: Run, order: Order, customer: str, *, charges: Sequence[Mapping[str, Any]] = ()) -> OrderPlan:
    """Puts together everything that will be sent and proves the sums; writes nothing.

    `charges` are the names of the charges that M3's order has already, as its document keeps them.
    """
    items = find_facts(run, order)
    decimals = currency_decimals(run, order.currency)
    config = run.store.config
    values = run_values(
        run.store.name,
        order,
        customer_number=customer,
        delivery_date=delivery_date(run, lead_days=config.orders.lead_days, working_days=config.orders.working_days),
        m3=config.m3,
    )
    return plan_order(
        run.store,
        order,
        values=values,
        items=items,
        currency_decimals=decimals.amounts,
        price_decimals=decimals.prices,
        charges=charges,
    )
