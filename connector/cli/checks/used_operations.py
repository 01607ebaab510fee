"""Which operations of M3 a store uses, and what for: no more has to be there, and no more be allowed.

Used by connector/cli/check.py, for the transactions looked at and for the list of permissions. Every operation of
config/m3/operations.yaml stands here; tests compare the table with the calls the flows make in the sandbox, both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connector.flows.catalogue.rules import ItemRules
from connector.m3.operations import Operation
from connector.publishing.stock import ByHand
from connector.stores.config import StoreConfig
from connector.stores.customers import GuestPolicy
from connector.stores.money import TaxMode
from connector.stores.orders import CancelPolicy, CarriedAs, ChangePolicy, HoldBy
from connector.stores.progress import DeliveriesBy


@dataclass(frozen=True)
class Site:
    """What a store has switched on. `rules` are those of its catalogue, None if it shows none of M3's."""

    config: StoreConfig
    rules: ItemRules | None = None

    @property
    def orders(self) -> bool:
        """Orders become orders of M3."""
        return self.config.orders.carried_as is CarriedAs.ORDER

    @property
    def refunds(self) -> bool:
        """Refunds become returns and credit orders of M3."""
        return self.orders and self.config.refunds is not None

    @property
    def follows(self) -> bool:
        """M3's orders follow changes in the shop."""
        return self.orders and self.config.orders.changes is not ChangePolicy.PERSON

    @property
    def taxed_by_m3(self) -> bool:
        """M3 computes the VAT, not the shop."""
        return self.config.money.tax_mode is TaxMode.M3_COMPUTES

    @property
    def customers_named(self) -> bool:
        """The store file names customers of M3: common ones, or a template."""
        return bool(self.config.customers.common or self.config.customers.template)

    @property
    def own_customers(self) -> bool:
        """Some shoppers are customers of their own."""
        return GuestPolicy.PER_EMAIL in (self.config.customers.guests, self.config.customers.registered)

    @property
    def deliveries(self) -> DeliveriesBy:
        """How deliveries are asked for."""
        progress = self.config.orders.progress
        return progress.deliveries if self.orders and progress.carry else DeliveriesBy.NONE

    @property
    def issues_stock(self) -> bool:
        """M3 books the units of direct invoices out of stock."""
        return self.config.invoices is not None and self.config.invoices.issue is not None

    @property
    def corrections(self) -> ByHand | None:
        """What becomes of stock corrected by hand in the shop."""
        return self.config.publish.stock.corrections.by_hand if self.config.publish.stock else None

    @property
    def names(self) -> frozenset[str]:
        """Fields of items that are shown by their names."""
        return self.rules.named_fields if self.rules is not None else frozenset()


@dataclass(frozen=True)
class Use:
    """What some operations are for, and whether a store needs them."""

    what: str
    keys: tuple[str, ...]
    is_on: Callable[[Site], bool]


def _always(_: Site) -> bool:
    return True


USES = (
    Use("time and currencies", ("site.server_time", "currency.basic"), _always),
    Use(
        "connector check",
        ("site.fields", "charge.list", "order_type.list", "order_type.charges", "warehouse.basic"),
        _always,
    ),
    Use(
        "connector check of customers",
        ("customer.basic",),
        lambda site: site.customers_named,
    ),
    Use(
        "connector check of customers",
        ("customer.order_info", "customer.financial", "customer.charges"),
        lambda site: site.customers_named and site.orders,
    ),
    Use(
        "which installation writes", ("tenure.read", "tenure.add", "tenure.change"), lambda site: site.config.m3.tenure
    ),
    Use(
        "orders: building and confirming",
        (
            *("order.add_head", "order.add_line", "order.add_address", "order.add_head_charge", "order.add_text"),
            *("order.confirm", "order.delete_batch"),
        ),
        lambda site: site.orders,
    ),
    Use(
        "orders: what became of them",
        (
            *("order.temporary_status", "order.error_messages", "order.batch_head", "order.batch_lines"),
            *("order.batch_heads", "order.head", "order.value", "order.lines"),
            *("order.by_reference", "order.by_date", "order.charges"),
        ),
        lambda site: site.orders,
    ),
    Use("orders: lines that cost nothing", ("order.change_price", "order.line_price"), lambda site: site.orders),
    Use(
        "orders: holding one that differs",
        ("order.lock", "order.release"),
        lambda site: site.orders and site.config.orders.hold_by is HoldBy.LOCK,
    ),
    Use(
        "orders: holding one that differs",
        ("order.stop",),
        lambda site: site.orders and site.config.orders.hold_by is HoldBy.STOP,
    ),
    Use(
        "orders: the shop's tax as charges",
        ("order.add_line_charge", "order.line_charges"),
        lambda site: site.orders and not site.taxed_by_m3,
    ),
    Use(
        "orders: changes after posting",
        (
            *("order.change_line", "order.change_price", "order.add_confirmed_line", "order.close_line"),
            *("order.connect_charge", "order.change_charge", "order.remove_charge"),
            *("order.change_references", "order.write_text", "order.text", "order.address"),
        ),
        lambda site: site.follows,
    ),
    Use(
        "orders: changes of taxes",
        ("order.connect_line_charge", "order.change_line_charge", "order.remove_line_charge"),
        lambda site: site.follows and not site.taxed_by_m3,
    ),
    Use(
        "orders: deleting cancelled ones",
        ("order.delete",),
        lambda site: site.follows and site.config.orders.cancel is CancelPolicy.DELETE,
    ),
    Use("refunds of what has several invoices", ("delivery.by_line",), lambda site: site.refunds),
    Use(
        "credit memos",
        (
            *("credit_memo.add_head", "credit_memo.add_line", "credit_memo.add_address", "credit_memo.add_head_charge"),
            *(
                "credit_memo.add_text",
                "credit_memo.confirm",
                "credit_memo.delete_batch",
                "credit_memo.temporary_status",
            ),
            *("credit_memo.error_messages", "credit_memo.batch_head", "credit_memo.batch_lines"),
            *("credit_memo.batch_heads", "credit_memo.head", "credit_memo.value", "credit_memo.lines"),
            *("credit_memo.by_reference", "credit_memo.by_date"),
        ),
        lambda site: site.refunds,
    ),
    Use(
        "credit memos: the shop's tax as charges",
        ("credit_memo.add_line_charge",),
        lambda site: site.refunds and not site.taxed_by_m3,
    ),
    Use(
        "credit memos: holding one that differs",
        ("credit_memo.lock", "credit_memo.release"),
        lambda site: site.refunds and site.config.orders.hold_by is HoldBy.LOCK,
    ),
    Use("connector reconcile", ("customer.by_number", "customer.by_search_key", "order.by_date"), _always),
    Use("items of orders", ("item.basic",), lambda site: site.orders),
    Use("connector check of items", ("item.basic", "balance.item"), lambda site: site.orders),
    Use("items of orders, by alias", ("item.by_alias",), lambda site: site.orders and bool(site.config.items.aliases)),
    Use("deliveries", ("delivery.by_order",), lambda site: site.deliveries is DeliveriesBy.ORDER),
    Use("deliveries", ("delivery.by_line",), lambda site: site.deliveries is DeliveriesBy.LINE),
    Use(
        "deliveries and tracking",
        ("delivery.head", "delivery.packages"),
        lambda site: site.deliveries is not DeliveriesBy.NONE,
    ),
    Use(
        "invoices of orders",
        ("invoice.by_order",),
        lambda site: (
            site.orders
            and (
                site.config.refunds is not None
                or (site.config.orders.progress.carry and site.config.orders.progress.invoices)
            )
        ),
    ),
    Use("refunds of invoiced orders", ("invoice.amounts",), lambda site: site.refunds),
    Use(
        "customers of their own",
        (
            *("customer.add", "customer.basic", "customer.by_search_key"),
            *("customer.financial", "customer.change_financial"),
        ),
        lambda site: site.own_customers,
    ),
    Use(
        "accounts of the shop",
        ("customer.basic", "customer.change", "customer.financial", "customer.change_financial"),
        lambda site: site.own_customers and site.config.customers.accounts is not None,
    ),
    Use(
        "accounts: delivery addresses",
        ("customer.address", "customer.add_address", "customer.change_address", "customer.delete_address"),
        lambda site: (
            site.own_customers
            and site.config.customers.accounts is not None
            and bool(site.config.customers.accounts.delivery_address)
        ),
    ),
    Use(
        "accounts: e-mail addresses",
        ("customer.email", "customer.add_email", "customer.change_email"),
        lambda site: (
            site.own_customers
            and site.config.customers.accounts is not None
            and bool(site.config.customers.accounts.email_type)
        ),
    ),
    Use(
        "customers in the shop",
        ("customer.changed", "customer.basic", "customer.order_info", "customer.financial"),
        lambda site: site.config.publish.customers is not None,
    ),
    Use("catalogue", ("item.basic", "item.list", "item.changed"), lambda site: site.config.publish.items is not None),
    Use("catalogue: units", ("item.units",), lambda site: site.rules is not None and site.rules.reads_units),
    Use("catalogue: styles", ("item.style",), lambda site: site.rules is not None and bool(site.rules.style_columns)),
    Use(
        "catalogue: the SKU",
        ("item.aliases",),
        lambda site: site.rules is not None and site.rules.config.sku is not None,
    ),
    Use("catalogue: item groups", ("item_group.list",), lambda site: "ITGR" in site.names),
    Use("catalogue: product groups", ("product_group.list",), lambda site: "ITCL" in site.names),
    Use("catalogue: hierarchy", ("hierarchy.list",), lambda site: any(one.startswith("HIE") for one in site.names)),
    Use(
        "prices",
        ("price.heads", "price.base", "price.rows", "price.changed", "item.basic", "item.unit"),
        lambda site: site.config.publish.prices is not None,
    ),
    Use(
        "stock", ("balance.item", "balance.changed", "order.lines"), lambda site: site.config.publish.stock is not None
    ),
    Use(
        "unit the shop sells in",
        ("item.unit",),
        lambda site: bool(site.config.publish.stock and site.config.publish.stock.unit),
    ),
    Use(
        "stock: status of items",
        ("item.basic",),
        lambda site: bool(site.config.publish.stock and site.config.publish.stock.status.asks_for_items),
    ),
    Use("stock corrections", ("count.location",), lambda site: site.corrections in (ByHand.COUNT, ByHand.ADJUST)),
    Use("stock corrections", ("count.update",), lambda site: site.corrections is ByHand.COUNT),
    Use("stock corrections", ("count.adjust",), lambda site: site.corrections is ByHand.ADJUST),
    Use("changes of products", ("item.basic", "item.update"), lambda site: site.config.publish.products is not None),
    Use("exchange rates", ("currency.rate",), lambda site: site.config.rates is not None),
    Use(
        "payments",
        ("journal.add_head", "journal.add_line", "journal.control", "journal.update", "ledger.vouchers"),
        lambda site: site.config.payments is not None,
    ),
    Use(
        "books: whether M3's lists are cut",
        ("item.list",),
        lambda site: site.config.payments is not None or site.config.invoices is not None,
    ),
    Use(
        "payments: settling invoices",
        ("receipt.add_head", "receipt.add_line", "receipt.control", "receivable.totals"),
        lambda site: site.config.payments is not None and site.config.payments.settle is not None,
    ),
    Use(
        "comparing payments with invoices",
        ("receivable.list",),
        lambda site: bool(site.config.payments and site.config.payments.settle),
    ),
    Use(
        "invoices",
        ("invoice.add_head", "invoice.add_line", "invoice.control", "invoice.update", "ledger.vouchers"),
        lambda site: site.config.invoices is not None,
    ),
    Use(
        "invoices: stock issues",
        ("stock_issue.add", "stock_issue.identity", "stock_issue.instruction", "stock_issue.list"),
        lambda site: site.issues_stock,
    ),
    Use(
        "invoices: items of stock issues",
        ("item.basic",),
        lambda site: site.issues_stock,
    ),
    Use(
        "invoices: units of stock issues",
        ("item.unit",),
        lambda site: site.issues_stock and bool(site.config.unit_sold),
    ),
    Use(
        "invoices: items of stock issues, by alias",
        ("item.by_alias",),
        lambda site: site.issues_stock and bool(site.config.items.aliases),
    ),
)


@dataclass(frozen=True)
class UsedOperation:
    """An operation a store uses, as its site has it, and what for."""

    operation: Operation
    what: tuple[str, ...]


def used_for(operations: Iterable[Operation], site: Site) -> list[UsedOperation]:
    """Returns the operations a store uses with what for, in their order."""
    uses = [use for use in USES if use.is_on(site)]
    found = [(one, tuple(dict.fromkeys(use.what for use in uses if one.key in use.keys))) for one in operations]
    return [UsedOperation(one, what) for one, what in found if what]


def used_operations(operations: Iterable[Operation], site: Site) -> list[Operation]:
    """Returns the operations without those of parts the store file leaves out."""
    return [one.operation for one in used_for(operations, site)]
