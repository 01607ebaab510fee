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
class Shown:
    """The preview of one thing, or why a run would not get through. `what` names it for people, `keys` in JSON."""

    what: str
    keys: dict[str, Any]
    preview: Preview | None
    error: ConnectorError | None = None


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
    return print_shown(shown, as_json=as_json, nothing="Nothing to do: no order changed in that time.")


def print_shown(shown: list[Shown], *, as_json: bool, nothing: str) -> int:
    """Prints previews; returns the exit status: 1 if one of them has an error."""
    if as_json:
        print_json([_as_data(one) for one in shown])
    else:
        for one in shown:
            _print(one)
        say("Dry run: nothing was written." if shown else nothing)
    return 1 if any(one.error for one in shown) else 0


def _look(engine: Engine, store: StoreContext, order_id: int, *, is_replay: bool) -> Shown:
    what, keys = f"Order {order_id}", {"order_id": order_id}
    try:
        return Shown(what, keys, preview_order(engine, store, order_id=order_id, is_replay=is_replay))
    except ConnectorError as error:
        return Shown(what, keys, None, error)


def _as_data(one: Shown) -> dict[str, Any]:
    error = None
    if one.error is not None:
        error = {"code": one.error.code, "message": one.error.message, "resolution": one.error.resolution}
    data: dict[str, Any] = asdict(one.preview) if one.preview is not None else {}
    if one.preview is not None:
        data["transactions"] = [{"transaction": name, "fields": fields} for name, fields in one.preview.transactions]
    return {**one.keys, "error": error, **data}


def _print(one: Shown) -> None:
    if one.error is not None:
        say(f"{one.what} would not get through: {one.error.message}")
        say(f"  What to do: {one.error.resolution}\n" if one.error.resolution else "")
        return
    preview = one.preview
    assert preview is not None, "without an error there is a preview"
    if preview.reason:
        say(f"{one.what}: nothing to do, {preview.reason}.\n")
        return
    say(f"{one.what}: {preview.customer}")
    for number, (name, fields) in enumerate(preview.transactions, start=1):
        say(f"{number}. {name}")  # not as the table's title, which is broken to the table's width
        print_table(("Field", "Value"), ((field, value) for field, value in fields.items() if value != ""))
        say("")
    for line in (*preview.sums, *preview.notes):
        say(f"  {line}")
    say("")
