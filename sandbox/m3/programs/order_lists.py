"""OIS100MI and OIS175MI: finding customer orders; listed in `registry`.

A list positions on its key and goes on past it: the caller has to compare every row.
"""

from bisect import bisect_left
from collections.abc import Iterable

from sandbox.m3.entities import Order
from sandbox.m3.programs.orders import head_row, value_row
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.programs.search import parse_query


def lst_head(run: Run) -> Iterable[Row]:
    """List a customer's orders in number order."""
    for order in _orders_of(run):
        if _is_wanted(run, order):
            yield head_row(order)


def lst_head_by_ref(run: Run) -> Iterable[Row]:
    """List a customer's orders in YREF order, from the one asked for on."""
    listed = run.state.orders_by_reference.get(run.text("CUNO"), [])
    for _, orno in listed[bisect_left(listed, (run.text("YREF"), "")) :]:
        if _is_wanted(run, run.state.orders[orno]):
            yield head_row(run.state.orders[orno])


def lst_head_by_date(run: Run) -> Iterable[Row]:
    """List a customer's orders in order date order, from the one asked for on."""
    wanted = (order for order in _orders_of(run) if order.body.head["ORDT"] >= run.text("ORDT"))
    for order in sorted(wanted, key=lambda order: (order.body.head["ORDT"], order.orno)):
        if _is_wanted(run, order):
            yield head_row(order)


def lst_head_by_cust(run: Run) -> Iterable[Row]:
    """List a customer's orders in CUOR order."""
    for order in sorted(_orders_of(run), key=lambda order: (order.body.head.get("CUOR", ""), order.orno)):
        if _is_wanted(run, order):
            yield head_row(order)


def search_head(run: Run) -> Iterable[Row]:
    """Search heads in an index that may lag behind: a miss proves nothing. CUOR is not in the answer."""
    matches = parse_query(run.text("SQRY"))
    newest = run.state.now_ms() - int(run.settings.search_lag_s * 1000)
    for order in run.state.orders.values():
        row = head_row(order)
        if order.created_ms <= newest and matches(row):
            yield row | {"NTAM": value_row(run, order)["NTAM"]}


def _orders_of(run: Run) -> Iterable[Order]:
    return run.state.orders_by_customer.get(run.text("CUNO"), {}).values()


def _is_wanted(run: Run, order: Order) -> bool:
    return order.lowest_status >= run.text("ORSL") and order.highest_status <= run.text("ORST", "99")
