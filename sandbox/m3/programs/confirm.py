"""OIS100MI and OIS275MI: Confirm and what became of it; control uses `release` for a person in OIS275."""

from collections.abc import Iterable
from dataclasses import replace

from sandbox.m3.entities import BatchError, BatchOrder, Order
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal, text_of
from sandbox.m3.state import State

HEAD, LINE = "10", "30"
REPAIRABLE = ("15", "25", "30")
FORCED_TEXTS = {
    "15": BatchError(HEAD, "WAD1003", "", text_of("WAD1003")),
    "20": BatchError(HEAD, "CPF9898", "", "Order lines are missing"),
    "25": BatchError(LINE, "WST0301", "", text_of("WST0301")),
    "30": BatchError(HEAD, "CPF9898", "", "Credit limit exceeded"),
    "55": BatchError(HEAD, "CPF9898", "", "Transfer was interrupted"),
}


def confirm(run: Run) -> Iterable[Row]:
    """Release a batch order.

    An accepted Confirm is no proof of an order: one that hangs answers OK with its own number and a status below 90.
    Confirmed once, the number is refused (WST0301): nothing is created twice.
    """
    batch = run.state.batch_order(run.text("ORNO"))
    if batch.stat in ("55", "90"):
        raise Refusal("WST0301", "ORNO", value=batch.stat)
    if run.confirm_status:
        error = FORCED_TEXTS[run.confirm_status]
        batch.stat, batch.errors = run.confirm_status, [replace(error, text=run.confirm_text or error.text)]
        return [{"ORNO": batch.temporary_orno, "STAT": batch.stat}]
    batch.stat, batch.errors = examine(run.state, batch)
    if batch.stat == "90":
        create_order(run.state, batch)
    return [{"ORNO": batch.orno or batch.temporary_orno, "STAT": batch.stat}]


def examine(state: State, batch: BatchOrder) -> tuple[str, list[BatchError]]:
    """Check a batch order as release does; give the status it comes to and why."""
    head_errors = list(_head_errors(state, batch))
    if head_errors:
        return "15", head_errors
    if not batch.body.lines:
        return "20", [FORCED_TEXTS["20"]]
    line_errors = list(_line_errors(state, batch))
    if line_errors:
        return "25", line_errors
    customer = state.customers[batch.body.cuno]
    value = sum(line.amount for line in batch.body.lines.values())
    over_limit = 0 < customer.credit_limit < state.open_value(customer.cuno) + value
    if over_limit or customer.fields.get("BLCD", "0") != "0":
        return "30", [FORCED_TEXTS["30"]]
    return "90", []


def create_order(state: State, batch: BatchOrder) -> Order:
    """Make the customer order of a batch order under the next final number."""
    order = Order(state.take_orno(), batch.temporary_orno, batch.body.copy(), created_ms=state.now_ms())
    batch.stat, batch.orno, batch.errors = "90", order.orno, []
    state.add_order(order)
    return order


def release(state: State, temporary_orno: str) -> Order:
    """Do what a person does in OIS275 with a batch order that hangs: repair and release it."""
    batch = state.batch_order(temporary_orno)
    if batch.orno or not batch.body.lines:
        raise Refusal("WST0301", "ORNO", value=batch.stat)
    return create_order(state, batch)


def release_waiting(state: State) -> list[Order]:
    """Do the same with every batch order that a Confirm left at a status a person can repair."""
    waiting = [one for one in state.batch_orders.values() if one.stat in REPAIRABLE and one.errors and one.body.lines]
    return [create_order(state, batch) for batch in waiting]


def get_tmp_order_stat(run: Run) -> Iterable[Row]:
    """Read the status of a batch order; the final number finds it too."""
    number = run.text("ORNO")
    order = run.state.orders.get(number)
    batch = run.state.batch_order(order.temporary_orno if order else number)
    return [{"ORNO": batch.temporary_orno, "ORNR": batch.orno, "STAT": batch.stat}]


def get_order_no(run: Run) -> Iterable[Row]:
    """Read the final number of a temporary one; blank while there is none."""
    return [{"ORNR": run.state.batch_order(run.text("ORNO")).orno}]


def lst_err_msg_order(run: Run) -> Iterable[Row]:
    """List why a batch order hangs."""
    for error in run.state.batch_order(run.text("ORNO")).errors:
        yield {"LEVL": error.level, "MSID": error.code, "MDTA": error.value, "TX60": error.text[:60]}


def _head_errors(state: State, batch: BatchOrder) -> Iterable[BatchError]:
    customer = state.customers.get(batch.body.cuno)
    if customer is None:
        yield _error(HEAD, "WCU0203", batch.body.cuno)
        return
    if customer.status != "20":
        yield _error(HEAD, "WST0301", customer.status)
    adid = batch.body.head.get("ADID", "")
    if adid and (1, adid) not in customer.addresses:
        yield _error(HEAD, "WAD1003", adid)
    if batch.body.head["RLDT"] < state.today():
        yield _error(HEAD, "WDL0701", batch.body.head["RLDT"])


def _line_errors(state: State, batch: BatchOrder) -> Iterable[BatchError]:
    for line in batch.body.lines.values():
        item = state.items.get(line.itno)
        if item is None:
            yield _error(LINE, "WIT0103", line.itno)
        elif not "20" <= item.status < "80":
            yield _error(LINE, "WST0301", item.status)
        if line.dwdt < state.today():
            yield _error(LINE, "WDL0701", line.dwdt)


def _error(level: str, code: str, value: str) -> BatchError:
    return BatchError(level, code, value, text_of(code, value))
