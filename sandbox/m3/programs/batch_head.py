"""OIS100MI and OIS275MI: the head of a batch order; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.entities import BatchOrder, OrderBody
from sandbox.m3.money import CURRENCY_DECIMALS
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import FACILITIES, ORDER_TYPES, WAREHOUSES

DEFAULTS_FROM_CUSTOMER = (
    "ORTP",
    "FACI",
    "WHLO",
    "CUCD",
    "TEPY",
    "PYCD",
    "TEDL",
    "MODL",
    "PYNO",
    "INRC",
    "LNCD",
    "CRTP",
)
HEAD_OK = "20"
OPEN_FOR_CHANGE = ("15", "20", "25", "30")


def check_head_values(run: Run) -> None:
    """Refuse what the head tables do not hold and dates that are none or past."""
    for field, known, code in (
        ("ORTP", ORDER_TYPES, "XRE0103"),
        ("FACI", FACILITIES, "WFAC303"),
        ("WHLO", WAREHOUSES, "WWH0103"),
        ("CUCD", CURRENCY_DECIMALS, "XRE0103"),
    ):
        value = run.text(field)
        if value and value not in known:
            raise Refusal(code, field, value=value)
    _check_original_invoice(run)
    run.date_from_today("RLDT")
    run.date_from_today("RLDZ")
    run.date("ORDT", "CPF9898")
    run.date("CUDT", "CPF9898")


def _check_original_invoice(run: Run) -> None:
    """Refuse a return of an invoice that does not exist in the year named."""
    number, year = run.text("OIVR"), run.text("OYEA")
    invoices = run.state.dispatch.invoices.values()
    if number and not any(number in (one.exin, str(one.ivno)) and one.year == year for one in invoices):
        raise Refusal("XRE0103", "OIVR", value=number)


def add_batch_head(run: Run) -> Iterable[Row]:
    """Begin a batch order under the next temporary number."""
    state = run.state
    customer = state.customer(run.text("CUNO"))
    if customer.status != "20":
        raise Refusal("WST0301", "CUNO", value=customer.status)
    check_head_values(run)
    head = {field: customer.fields[field] for field in DEFAULTS_FROM_CUSTOMER if customer.fields.get(field)}
    head |= {"ORDT": state.today(), "RLDT": state.today()}
    head |= {field: value for field, value in run.record.items() if field not in ("CONO", "CUNO")}
    batch = BatchOrder(state.take_temporary_orno(), OrderBody(customer.cuno, head), stat=HEAD_OK)
    state.add_batch_order(batch)
    return [{"ORNO": batch.temporary_orno}]


def open_batch_order(run: Run) -> BatchOrder:
    """Find the batch order of a change; a confirmed or interrupted one takes none."""
    batch = run.state.batch_order(run.text("ORNO"))
    if batch.stat not in OPEN_FOR_CHANGE:
        raise Refusal("WST0301", "ORNO", value=batch.stat)
    return batch


def chg_batch_head(run: Run) -> Iterable[Row]:
    """Change head fields; the currency is fixed once a line is there."""
    batch = open_batch_order(run)
    check_head_values(run)
    if batch.body.lines and run.text("CUCD", batch.body.head["CUCD"]) != batch.body.head["CUCD"]:
        raise Refusal("CPF9898", "CUCD", message="The currency cannot be changed once the order has lines")
    batch.body.head |= {field: value for field, value in run.record.items() if field not in ("CONO", "ORNO")}
    return ()


def del_batch_head(run: Run) -> Iterable[Row]:
    """Delete a batch order that has not become a customer order."""
    run.state.delete_batch_order(open_batch_order(run))
    return ()


def get_batch_head(run: Run) -> Iterable[Row]:
    """Read the head."""
    return [_head_row(run.state.batch_order(run.text("ORNO")))]


def lst_batch_head(run: Run) -> Iterable[Row]:
    """List the batch orders of a customer in number order, confirmed ones too."""
    lowest, highest = run.text("ORSL"), run.text("ORST", "99")
    for batch in run.state.batch_by_customer.get(run.text("CUNO"), {}).values():
        if lowest <= batch.stat <= highest:
            yield _head_row(batch)


def _head_row(batch: BatchOrder) -> dict[str, str]:
    return batch.body.head | {
        "ORNO": batch.temporary_orno,
        "ORNR": batch.orno,
        "CUNO": batch.body.cuno,
        "STAT": batch.stat,
        "ORSL": batch.stat,
        "ORST": batch.stat,
    }
