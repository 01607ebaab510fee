"""Checks the order types of a store in M3: that of its orders, and what those of refunds share. Called by connector/cli/check.py.

Source: money-and-stock.md section 5: order types for sale, return and credit exist, and M3 adds no charges by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.ois010mi import (
    list_order_type_charges,
    list_order_types,
    read_order_type,
    read_order_type_charges,
)
from connector.m3.rejections import is_not_found
from connector.stores.config import StoreConfig

MOST_ROWS = 1000
NEGATIVE_ONLY = "1"  # OT11
BLOCKS_DUPLICATES = "2"  # OT66


def check_order_type(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about the type of the store's orders."""
    code = config.m3.order_type
    try:
        types, charges = m3.read([list_order_types(first=code), list_order_type_charges(code)], max_records=MOST_ROWS)
        found = read_order_type(types, code=code)
    except ConnectorError as error:
        yield area.error("order type", error)
        return
    if found is None:
        yield area.fail(
            "order type",
            f"M3 has no customer order type {code}.",
            remedy="Correct m3.order_type in the store file, or make the type in OIS010.",
        )
        return
    try:
        added = list_added(charges, code=code)
    except ConnectorError as error:
        yield untold_charges(area, code, error)
        added = ""
    wrong = [added] if added else []
    if found.quantity_sign == NEGATIVE_ONLY:
        wrong.append("takes negative quantities only (OT11)")
    if wrong:
        yield area.fail(
            "order type",
            f"Orders of type {code} would not add up, or be refused: it {'; it '.join(wrong)}.",
            remedy="Change the order type in OIS010, or name another under m3.order_type.",
        )
        return
    if found.checks_duplicates == BLOCKS_DUPLICATES and not config.orders.merge_equal_lines:
        yield area.warn(
            "order type",
            f"{code} refuses the same item twice in an order (OT66), and orders.merge_equal_lines is not set: some orders will be "
            "refused.",
            remedy="Set orders.merge_equal_lines in the store file, or change the order type in OIS010.",
        )
        return
    yield area.ok("order type", f"{code} {found.name}".strip())


def list_added(answer: Answer, *, code: str) -> str:
    """Returns in words which charges M3 adds to orders of a type by itself; empty if none.

    Raises:
        ConnectorError: M3 refused to tell; a type without charges is no refusal.
    """
    rows = [] if is_not_found(answer.error) else read_order_type_charges(answer, order_type=code)
    return f"adds {', '.join(one.id for one in rows)} to each order (charges of the type)" if rows else ""


def untold_charges(area: Area, code: str, error: ConnectorError) -> Finding:
    """Makes the finding that M3 did not tell which charges an order type adds."""
    return area.warn(
        f"charges of order type {code}",
        f"M3 does not tell which charges it adds to orders of type {code}: {error.message}",
        remedy="Look in OIS010 yourself that the type has no charges.",
    )
