"""How a shop SKU becomes an M3 item: `items` of a store file. Read by config.py."""

from __future__ import annotations

from pydantic import Field

from connector.publishing.strict import Strict


class AliasType(Strict):
    """An alias category of MMS025 under which shop SKUs may be known."""

    category: int = Field(ge=1, le=99)
    qualifier: str = Field(default="", max_length=4)


class ItemsConfig(Strict):
    """How a shop SKU becomes an M3 item."""

    aliases: tuple[AliasType, ...] = ()
    recheck_hours: int = 24
