"""What becomes of an address nothing can be sent to: `addresses` of a store file. Read by config.py."""

from __future__ import annotations

from enum import StrEnum

from connector.publishing.strict import Strict


class AddressCheck(StrEnum):
    """Whether it is carried to M3."""

    HOLD = "hold"  # what needs it waits for a person, before anything is written
    LET_THROUGH = "pass"  # it goes to M3 as it is


POINT_OF_SALE = "pos-rest-api"
"""WooCommerce's own till. Source: its PointOfSaleOrderUtil::is_pos_order."""


class AddressesConfig(Strict):
    """How addresses are looked at; that they are written one way does not depend on it."""

    check: AddressCheck = AddressCheck.HOLD
    handed_over: frozenset[str] = frozenset(
        {POINT_OF_SALE}
    )  # `created_via` of orders whose goods the buyer takes along
