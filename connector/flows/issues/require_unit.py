"""Whether the store file says the unit in which units are booked out of M3's stock. Called by wanted.py and the command line."""

from __future__ import annotations

from connector.errors import MappingError
from connector.stores.config import StoreConfig


def require_unit(config: StoreConfig) -> None:
    """Makes sure that a store whose units are booked out says which unit it sells in.

    Raises:
        MappingError: It does not.
    """
    if config.unit_sold is None:
        raise MappingError(
            "The store file does not say in which unit the shop sells; one box sold would leave M3's stock as one piece.",
            rule="invoices.issue.unit",
            field="ALUN",
            resolution='Add invoices.issue.unit to the store file: the unit (ALUN) the shop sells in, or "" for the basic one of '
            "each item. Give it to `connector store add`: what is held goes on by itself then.",
        )
