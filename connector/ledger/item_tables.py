"""The tables of what is known of items: behind the shop's SKUs, due to be shown, shown, and sold."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class Item(Base):
    """What M3 said about the item behind a shop SKU, or the item a person mapped it to."""

    __tablename__ = "item"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    item_number: Mapped[str] = mapped_column(String(15))
    mapped_by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # empty = to be read from M3
    read_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Offer(Base):
    """What is to be carried to the shop of one M3 item by one batch flow, and what was written there last."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("problem_code IS NULL OR problem <> ''", name="problem_has_words"),
        Index("ix_offer_due", "store", "flow", "due_at", "item_number", postgresql_where=text("wanted_rev > done_rev")),
        Index("ix_offer_problem", "store", "flow", "item_number", postgresql_where=text("problem_code IS NOT NULL")),
    )

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    flow: Mapped[str] = mapped_column(primary_key=True)
    item_number: Mapped[str] = mapped_column(primary_key=True)
    wanted_rev: Mapped[int] = mapped_column(server_default=text("1"))
    done_rev: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=NOW)  # since when it is due
    marked_at: Mapped[datetime] = mapped_column(server_default=NOW)  # when something was last heard of it
    retry_at: Mapped[datetime | None]  # due, but not to be taken before
    unsure_until: Mapped[datetime | None]  # until then a write whose answer was lost may still arrive
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    source: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # what M3 said, where that is kept
    source_hash: Mapped[str | None]
    read_at: Mapped[datetime | None]  # when M3 was read for what was written
    written: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # the values last written to the shop
    written_at: Mapped[datetime | None]
    problem_code: Mapped[str | None]
    problem: Mapped[str | None]
    remedy: Mapped[str | None]
    problem_since: Mapped[datetime | None]


class Product(Base):
    """Which product of the shop an M3 item is."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("store", "product_id", name="uq_product_shop"),
        CheckConstraint("kind IN ('simple', 'variable', 'variation')", name="kind"),
        CheckConstraint("(kind = 'variation') = (parent_id IS NOT NULL)", name="variation_has_parent"),
        Index("ix_product_sku", "store", text("lower(sku)")),
        Index("ix_product_parent", "store", "parent_id"),
    )

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    item_number: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str]
    product_id: Mapped[int]
    parent_id: Mapped[int | None]  # of a variation
    kind: Mapped[str]
    bound_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Sale(Base):
    """What one order of the shop took from its stock, as its newest body says; open while M3 may not have allocated it."""

    __tablename__ = "sale"
    __table_args__ = (Index("ix_sale_open", "store", "order_id", postgresql_where=text("is_open")),)

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    delivery_id: Mapped[int]  # the newest delivery that was stored when the order was read; -1: not read yet
    holds: Mapped[bool]  # in its status M3 is to get it
    is_open: Mapped[bool]
    lines: Mapped[list[Any]]  # product_id, sku, units
    posted: Mapped[
        dict[str, Any] | None
    ]  # product_id to the units M3 holds of the order; none: not known, or not posted
    posted_at: Mapped[datetime | None]  # when that was last learnt
    seen_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Sold(Base):
    """How much of a product orders took from the shop's stock in all that is known."""

    __tablename__ = "sold"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    units: Mapped[Decimal] = mapped_column(Numeric)


class Withdrawal(Base):
    """An item that was taken out of the shop for M3 says so; those of a day are counted, for M3 may be wrong of many."""

    __tablename__ = "withdrawal"

    store: Mapped[str] = mapped_column(String(8), ForeignKey("store.name"), primary_key=True)
    item_number: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
