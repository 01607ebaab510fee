"""Checks where in M3 the orders of a store go: access, time, warehouse, order type. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.mms005mi import get_warehouse, read_warehouse
from connector.m3.programs.mms200mi import ServerTime, get_server_time, read_server_time
from connector.m3.programs.ois010mi import (
    list_order_type_charges,
    list_order_types,
    read_order_type,
    read_order_type_charges,
)
from connector.stores.config import StoreConfig

MOST_ROWS = 1000
NEGATIVE_ONLY = "1"  # OT11
BLOCKS_DUPLICATES = "2"  # OT66
CLOCK_LIMIT_S = 120
QUARTER = timedelta(minutes=15)


def check_access(area: Area, m3: M3Client) -> tuple[list[Finding], bool]:
    """Returns what was found about address, token and clock, and whether M3 can be asked further."""
    now = datetime.now(UTC)
    try:
        moment = read_server_time(m3.read([get_server_time()])[0])
    except ConnectorError as error:
        return [area.error("M3", error)], False
    return [area.ok("M3", "It answers with this .ionapi file"), _clock(area, moment, now=now)], True


def check_site(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about warehouse, facility, division, company and order type."""
    try:
        warehouse, types, charges = m3.read(
            [
                get_warehouse(config.m3.warehouse),
                list_order_types(first=config.m3.order_type),
                list_order_type_charges(config.m3.order_type),
            ],
            max_records=MOST_ROWS,
        )
    except ConnectorError as error:
        yield area.error("M3 site", error)
        return
    yield _warehouse(area, warehouse, config)
    yield _order_type(area, types, charges, config)


def _warehouse(area: Area, answer: Answer, config: StoreConfig) -> Finding:
    wanted = config.m3
    if answer.error is not None:
        return area.fail(
            "warehouse",
            f"Warehouse {wanted.warehouse}: {answer.error.message}",
            remedy="Correct m3.warehouse in the store file, or make the warehouse in MMS005.",
        )
    found = read_warehouse(answer)
    pairs = (("division", wanted.division, found.division), ("facility", wanted.facility, found.facility))
    wrong = [f"{name} {given}, not {ours}" for name, ours, given in pairs if given and given != ours]
    if wrong:
        return area.fail(
            "warehouse",
            f"In M3, warehouse {wanted.warehouse} of company {wanted.company} belongs to {' and to '.join(wrong)} as in the "
            "store file.",
            remedy="Correct m3.company, m3.division, m3.facility or m3.warehouse in the store file; M3 takes an order's "
            "division from its facility.",
        )
    return area.ok(
        "warehouse", f"{wanted.warehouse} in facility {wanted.facility}, division {wanted.division}, as configured"
    )


def _order_type(area: Area, types: Answer, charges: Answer, config: StoreConfig) -> Finding:
    code = config.m3.order_type
    if types.error is not None:
        return area.error("order type", types.error)
    found = read_order_type(types, code=code)
    if found is None:
        return area.fail(
            "order type",
            f"M3 has no customer order type {code}.",
            remedy="Correct m3.order_type in the store file, or make the type in OIS010.",
        )
    odd = (
        [] if charges.error else [f"adds charge {one.id}" for one in read_order_type_charges(charges, order_type=code)]
    )
    if found.quantity_sign == NEGATIVE_ONLY:
        odd.append("takes negative quantities only (OT11)")
    if found.checks_duplicates == BLOCKS_DUPLICATES and not config.orders.merge_equal_lines:
        odd.append("refuses the same item twice in an order (OT66), and orders.merge_equal_lines is not set")
    if odd:
        return area.warn(
            "order type",
            f"{code} is set so that some orders may be refused or not add up: it {'; it '.join(odd)}.",
            remedy="Change the order type in OIS010, or name another under m3.order_type.",
        )
    return area.ok("order type", f"{code} {found.name}".strip())


def _clock(area: Area, moment: ServerTime, *, now: datetime) -> Finding:
    seconds = round(clock_difference(moment, now=now).total_seconds())
    if abs(seconds) > CLOCK_LIMIT_S:
        return area.warn(
            "clock",
            f"M3's clock and ours differ by {seconds} s.",
            remedy="Set the clock of this machine (NTP); if it is right, tell the administrator of M3.",
        )
    return area.ok("clock", f"differs from M3's by {seconds} s")


def clock_difference(moment: ServerTime, *, now: datetime) -> timedelta:
    """Returns M3's time minus ours.

    LMTS counts milliseconds since 1970 where it is a time at all. Else the wall clock is compared, whose zone nobody
    tells us: whole quarters of an hour are left out.
    """
    by_stamp = timedelta(milliseconds=moment.milliseconds - int(now.timestamp() * 1000))
    if abs(by_stamp) < timedelta(days=1):
        return by_stamp
    clock = datetime.strptime(moment.time[:6], "%H%M%S").time()  # noqa: DTZ007 - the zone is put on below
    apart = datetime.combine(moment.date, clock, tzinfo=UTC) - now
    return apart - round(apart / QUARTER) * QUARTER
