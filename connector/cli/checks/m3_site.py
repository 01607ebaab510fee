"""Checks where in M3 the orders of a store go: access, time, warehouses. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.mms005mi import get_warehouse, read_warehouse
from connector.m3.programs.mms200mi import ServerTime, get_server_time, read_server_time
from connector.stores.config import StoreConfig

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
    """Yields what was found about warehouses, their facility and division."""
    others = _other_warehouses(config)
    try:
        warehouse, *rest = m3.read(
            [
                get_warehouse(config.m3.warehouse),
                *(get_warehouse(one) for one in others),
            ],
        )
    except ConnectorError as error:
        yield area.error("M3 site", error)
        return
    yield _warehouse(area, warehouse, config)
    for (code, entry), answer in zip(others.items(), rest, strict=True):
        yield _other_warehouse(area, code, answer, entry=entry, division=config.m3.division)


def _other_warehouses(config: StoreConfig) -> dict[str, str]:
    """Returns the warehouses besides that of orders, with the entry of the store file that names each."""
    named = {one: "publish.stock.warehouses" for one in sorted(config.warehouses)}
    if config.refunds is not None and config.refunds.warehouse:
        named[config.refunds.warehouse] = "refunds.warehouse"
    return {code: entry for code, entry in named.items() if code != config.m3.warehouse}


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
    wrong = [f"{name} {given or '(none)'}, not {ours}" for name, ours, given in pairs if given != ours]
    if wrong:
        return area.fail(
            "warehouse",
            f"In M3, warehouse {wanted.warehouse} of company {wanted.company} belongs to {', and to '.join(wrong)}, as in the "
            "store file.",
            remedy="Correct m3.company, m3.division, m3.facility or m3.warehouse in the store file; M3 takes an order's "
            "division from its facility.",
        )
    return area.ok(
        "warehouse", f"{wanted.warehouse} in facility {wanted.facility}, division {wanted.division}, as configured"
    )


def _other_warehouse(area: Area, code: str, answer: Answer, *, entry: str, division: str) -> Finding:
    what = f"warehouse {code}"
    if answer.error is not None:
        return area.fail(
            what,
            f"Warehouse {code}: {answer.error.message}",
            remedy=f"Correct {entry} in the store file, or make the warehouse in MMS005.",
        )
    found = read_warehouse(answer)
    if found.division != division:
        return area.fail(
            what,
            f"In M3 it belongs to division {found.division or '(none)'}, not to {division} of this store.",
            remedy=f"Name a warehouse of division {division} in {entry} of the store file.",
        )
    return area.ok(what, f"in division {division}, as configured ({entry})")


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
