"""The tables of what is known of customers: which company each of M3 stands for, whose exchanges are whose, what accounts are.

People are told apart by digests of their e-mail addresses (flows/customers/keys.py): no name, no address, no number of a person.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class CustomerIdentity(Base):
    """Which company a customer of M3 stands for, as digests; empty where it named none."""

    __tablename__ = "customer_identity"

    m3_scope: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    company: Mapped[str] = mapped_column(server_default=text("''"))
    vat_number: Mapped[str] = mapped_column(server_default=text("''"))
    learnt_at: Mapped[datetime] = mapped_column(server_default=NOW)


class NamedPerson(Base):
    """Whose e-mail address an exchange named: an order's bill, a shopper, an account. So all of a person can be found."""

    __tablename__ = "named_person"

    email: Mapped[str] = mapped_column(String(32), primary_key=True)
    exchange_id: Mapped[int] = mapped_column(
        ForeignKey("exchange.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ShopAccount(Base):
    """An account of a shop that was seen with an address: digests of what it logs in with, and of the VAT number it showed last."""

    __tablename__ = "shop_account"
    __table_args__ = (Index("ix_shop_account_login", "store", "login"),)

    store: Mapped[str] = mapped_column(String(8), ForeignKey("store.name"), primary_key=True)
    account: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(32), server_default=text("''"))
    erased_at: Mapped[datetime | None]  # since then nobody but the shop is believed about it
    undecided: Mapped[str | None] = mapped_column(String(10))  # M3's customer of which a person is to decide what stays
    # Until M3 has it no more, or a person says that it keeps it; NULL: it was seen before this was kept.
    vat_number: Mapped[str | None] = mapped_column(String(32), server_default=text("''"))
    is_number_asked: Mapped[bool] = mapped_column(server_default=text("false"))  # told to a person


class UnboundAccount(Base):
    """A person said that an account is not this customer of M3; no machine binds the two again."""

    __tablename__ = "unbound_account"

    store: Mapped[str] = mapped_column(String(8), ForeignKey("store.name"), primary_key=True)
    account: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    unbound_at: Mapped[datetime] = mapped_column(server_default=NOW)
    who: Mapped[str] = mapped_column(server_default=text("''"))
    why: Mapped[str] = mapped_column(server_default=text("''"))


class UnboundShopper(Base):
    """A person said that a shopper, by the digest that is its key, is not this customer; no machine binds the two again."""

    __tablename__ = "unbound_shopper"

    m3_scope: Mapped[str] = mapped_column(primary_key=True)
    shop_key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    unbound_at: Mapped[datetime] = mapped_column(server_default=NOW)
    who: Mapped[str] = mapped_column(server_default=text("''"))
    why: Mapped[str] = mapped_column(server_default=text("''"))
