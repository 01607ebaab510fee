"""CMS100MI, EXPORTMI, OIS120MI and sorting options: what this site made for itself or has locked; listed in `registry`.

They have answers of their own because an empty generic one would be taken for "there is no such order".
"""

from collections.abc import Iterable, Mapping

from sandbox.m3.programs.orders import head_row, value_row
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal

PREFIX = "OA"
"""Fields of these lists carry the prefix of their table."""


def lst_batch_by_cuor(run: Run) -> Iterable[Row]:
    """List batch orders by CUOR, from the one asked for on."""
    start = (run.text("OACUOR"), run.text("OAORNO"))
    batches = run.state.batch_orders.values()
    keyed = sorted((batch.body.head.get("CUOR", ""), batch.temporary_orno) for batch in batches)
    for key in keyed:
        if key >= start:
            batch = run.state.batch_orders[key[1]]
            yield _prefixed(batch.body.head) | {
                "OAORNO": batch.temporary_orno,
                "OACUNO": batch.body.cuno,
                "OAORST": batch.stat,
            }


def lst_orders_by_pyre(run: Run) -> Iterable[Row]:
    """List customer orders by payment reference, from the one asked for on."""
    start = (run.text("OAPYRE"), run.text("OAORNO"))
    keyed = sorted((order.body.head.get("PYRE", ""), order.orno) for order in run.state.orders.values())
    for key in keyed:
        if key >= start:
            yield _prefixed(head_row(run.state.orders[key[1]]))


def refuse_export(_run: Run) -> Iterable[Row]:
    """Refuse EXPORTMI, as sites do that lock it."""
    raise Refusal("CPF9898", message="Not allowed")


def refuse_sort_option(_run: Run) -> Iterable[Row]:
    """Refuse a list by sorting option: this site has defined none."""
    raise Refusal("XRE0103", "SOPT")


def update_order_stop(run: Run) -> Iterable[Row]:
    """Set or lift the stop of a customer order (OIS120MI)."""
    run.state.order(run.text("ORNO")).stop = run.text("OBLC", "0")
    return ()


def get_order_stop(run: Run) -> Iterable[Row]:
    """Read the stop of a customer order (OIS120MI)."""
    order = run.state.order(run.text("ORNO"))
    return [head_row(order) | {"NTAM": value_row(run, order)["NTAM"]}]


def _prefixed(row: Mapping[str, str]) -> dict[str, str]:
    return {f"{PREFIX}{field}": value for field, value in row.items()}
