"""Shows what a run would send to M3, order by order, and writes nothing; behind `connector sync --dry-run`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine

from connector.cli.output import err, print_json, print_table, say
from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.flows.preview import Preview, preview_order


@dataclass(frozen=True)
class _Shown:
    """The preview of one order, or why a run would not get through."""

    order_id: int
    preview: Preview | None
    error: ConnectorError | None


def print_previews(
    engine: Engine, store: StoreContext, order_ids: list[int], *, as_json: bool, is_replay: bool = False
) -> int:
    """Prints every M3 transaction with its fields, for each order.

    Returns:
        The exit status: 1 if one of them would end as a dead letter or could not be read.
    """
    shown = []
    with err().status("Asking the shop and M3 ...") as status:
        for place, order_id in enumerate(order_ids, start=1):
            status.update(f"Order {order_id} ({place} of {len(order_ids)})")
            shown.append(_look(engine, store, order_id, is_replay=is_replay))
    if as_json:
        print_json([_as_data(one) for one in shown])
    else:
        for one in shown:
            _print(one)
        say("Dry run: nothing was written." if shown else "Nothing to do: no order changed in that time.")
    return 1 if any(one.error for one in shown) else 0


def _look(engine: Engine, store: StoreContext, order_id: int, *, is_replay: bool) -> _Shown:
    try:
        return _Shown(order_id, preview_order(engine, store, order_id=order_id, is_replay=is_replay), None)
    except ConnectorError as error:
        return _Shown(order_id, None, error)


def _as_data(one: _Shown) -> dict[str, Any]:
    error = None
    if one.error is not None:
        error = {"code": one.error.code, "message": one.error.message, "resolution": one.error.resolution}
    data: dict[str, Any] = asdict(one.preview) if one.preview is not None else {}
    if one.preview is not None:
        data["transactions"] = [{"transaction": name, "fields": fields} for name, fields in one.preview.transactions]
    return {"order_id": one.order_id, "error": error, **data}


def _print(one: _Shown) -> None:
    if one.error is not None:
        say(f"Order {one.order_id} would not get through: {one.error.message}")
        say(f"  What to do: {one.error.resolution}\n" if one.error.resolution else "")
        return
    preview = one.preview
    assert preview is not None, "without an error there is a preview"
    if preview.reason:
        say(f"Order {one.order_id}: nothing to do, {preview.reason}.\n")
        return
    say(f"Order {one.order_id}: {preview.customer}")
    for number, (name, fields) in enumerate(preview.transactions, start=1):
        say(f"{number}. {name}")  # not as the table's title, which is broken to the table's width
        print_table(("Field", "Value"), ((field, value) for field, value in fields.items() if value != ""))
        say("")
    for line in (*preview.sums, *preview.notes):
        say(f"  {line}")
    say("")
